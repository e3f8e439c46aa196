"""Statements in DuckDB's dialect as another engine reads them.

Belongs here: values for parameters, and casts of texts for engines without TRY_CAST. Not here: the statements.
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

DIALECT = "duckdb"

_YEAR = "(19|[2-9][0-9])[0-9]{2}"
_LEAP_YEAR = "((19|[2-9][0-9])(0[48]|[2468][048]|[13579][26])|([2468][048]|[3579][26])00)"
_ANY_MONTH = "(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_LATE_DAY = "(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31"
# A text of this form is cast without error. The pattern checks a day against its month, in the years 1900 to 9999.
_DAY = f"^({_YEAR}-({_ANY_MONTH}|{_LATE_DAY})|{_LEAP_YEAR}-02-29)([ T].*)?$"
_NUMBER = "^[+-]?([0-9]{1,40}([.][0-9]{0,40})?|[.][0-9]{1,40})([eE][+-]?[0-9]{1,2})?$"


class SqlProjectError(ValueError):
    """SQL that cannot be used: an unknown name, a cycle, a comment or parameter that is missing or unknown."""


def translated(sql: str, dialect: str, parameters: Mapping[str, date | str] | None = None) -> str:
    """Return a statement in DuckDB's dialect in another one, with literals for its parameters where given.

    Raises:
        SqlProjectError: If a parameter has no value, or the other dialect cannot express something.
    """
    import sqlglot

    tree = sqlglot.parse_one(sql, read=DIALECT)
    if parameters is not None:
        tree = tree.transform(lambda node: _with_value(node, parameters))
    if dialect != DIALECT:
        tree = tree.transform(_without_try)
    try:
        return tree.sql(dialect=dialect, identify=dialect != DIALECT, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        raise SqlProjectError(f"{dialect} cannot express this: {error}") from error


def _with_value(node: "exp.Expression", parameters: Mapping[str, date | str]) -> "exp.Expression":
    from sqlglot import exp

    if not isinstance(node, exp.Parameter | exp.Placeholder):
        return node
    name = node.name
    if name not in parameters:
        raise SqlProjectError(f"no value for ${name}; given: {', '.join(sorted(parameters))}")
    value = parameters[name]
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.strftime("%Y-%m-%d")), "date")
    return exp.Literal.string(str(value))


def _without_try(node: "exp.Expression") -> "exp.Expression":
    """Return TRY_CAST of a text as a CAST of the texts that it cannot fail on, and other nodes as they are."""
    from sqlglot import exp

    if not isinstance(node, exp.TryCast):
        return node
    text, is_day = node.this, node.to.is_type("date")
    pattern, castable = (_DAY, exp.func("SUBSTRING", text.copy(), "1", "10")) if is_day else (_NUMBER, text.copy())
    condition = exp.RegexpLike(this=text.copy(), expression=exp.Literal.string(pattern))
    return exp.Case(ifs=[exp.If(this=condition, true=exp.cast(castable, node.to.copy()))])
