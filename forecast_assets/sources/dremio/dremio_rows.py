"""The rows of one source in Dremio with the contract's columns and types, as SQL in DuckDB's dialect.

The counterpart of ``sources/landing/rows.py``: each contract column comes typed. The text of a cell that cannot be cast
stays in ``_bad_<column>``. Only functions that both engines have are used. Dremio has no TRY_CAST, so no text reaches a
cast that would fail on it.
"""

from collections.abc import Iterable

from sqlglot import exp

from forecast_assets.sources.landing.contract import Column, Source
from forecast_assets.sources.landing.files import LandingFile
from forecast_assets.sources.landing.rows import CASTABLE_KINDS, attribute_columns
from forecast_assets.sources.sql.project import month_start

_MOST = "1E300"

# What a text must look like, so that the cast after it cannot fail. A day is checked against its month by the pattern.
_NUMBER = r"^[+-]?([0-9]{1,40}([.][0-9]{0,40})?|[.][0-9]{1,40})([eE][+-]?[0-9]{1,2})?$"
_FLAG = r"^(0?[.][0-9]{1,15}|0[.]?|1([.]0*)?)$"
_YEAR = "(19|[2-9][0-9])[0-9]{2}"
_MONTH = "(0[1-9]|1[0-2])"
_LEAP_YEAR = "((19|[2-9][0-9])(0[48]|[2468][048]|[13579][26])|([2468][048]|[3579][26])00)"


def _day_pattern(dash: str) -> str:
    """Days that exist, from 1900 to 9999, their parts joined by ``dash``."""
    any_month = f"{_MONTH}{dash}(0[1-9]|1[0-9]|2[0-8])"
    later = f"(0[13-9]|1[0-2]){dash}(29|30)|(0[13578]|1[02]){dash}31"
    return f"({_YEAR}{dash}({any_month}|{later})|{_LEAP_YEAR}{dash}02{dash}29)"


_DAY_TEXT = f"^({_day_pattern('-')}([ T].*)?|{_day_pattern('')})$"
_MONTH_TEXT = f"^({_day_pattern('-')}([ T].*)?|{_day_pattern('')}|{_YEAR}-?{_MONTH})$"


def typed_rows(source: Source, table: LandingFile) -> str:
    """A query for the rows of ``$market``, and those that name no country.

    Columns: the contract's, ``attributes`` (JSON of further columns, products only), ``_file`` (the table's name: all
    its rows are one delivery) and ``_bad_<column>`` for each column that is cast.
    """
    kinds = {name: kind for name, _, kind in table.columns}
    raws = [f"{_raw(table, column)} AS {column.name}" for column in source.columns]
    typed = [f"{_typed(column, kinds.get(column.name))} AS {column.name}" for column in source.columns]
    bad = [f"{_bad(each, kinds.get(each.name))} AS _bad_{each.name}" for each in source.columns if _is_cast(each)]
    packed = [f"{_attributes(source, table)} AS attributes"] if source.extra_columns_are_attributes else []
    passed = ["attributes"] if packed else []
    country = "country" if kinds.get("country", "text") == "text" else "CAST(country AS VARCHAR)"
    mine = f"{country} = $market OR {country} IS NULL OR TRIM({country}) = ''"
    inner = f"SELECT {', '.join([*raws, *packed])} FROM {table.path}"
    columns = [*typed, *passed, f"{_literal(table.relative)} AS _file", *bad]
    return f"SELECT {', '.join(columns)} FROM ({inner}) AS raw WHERE {mine}"


def period_of(table: LandingFile) -> str:
    """The date of a fact: its month, its day, or whichever of them a row has."""
    has = [name for name in ("date", "month") if name in table.column_names]
    return has[0] if len(has) == 1 else "COALESCE(date, month)"


def month_of_period(table: LandingFile) -> str:
    """The first day of that date's month."""
    return "month" if period_of(table) == "month" else month_start(period_of(table))


def no_rows(source: Source) -> str:
    """The same columns without a row, for a source that is not there."""
    columns = [f"CAST(NULL AS {column.sql_type}) AS {column.name}" for column in source.columns]
    columns += ["CAST(NULL AS VARCHAR) AS attributes"] if source.extra_columns_are_attributes else []
    columns += ["CAST(NULL AS VARCHAR) AS _file"]
    columns += [f"CAST(NULL AS VARCHAR) AS _bad_{each.name}" for each in source.columns if _is_cast(each)]
    return f"SELECT {', '.join(columns)} FROM (VALUES (0)) AS nothing(n) WHERE n = 1"


def quoted(names: Iterable[str]) -> str:
    """A path of identifiers in quotes."""
    return ".".join(exp.to_identifier(name, quoted=True).sql() for name in names)


def _raw(table: LandingFile, column: Column) -> str:
    written = next((written for name, written, _ in table.columns if name == column.name), None)
    return f"CAST(NULL AS {column.sql_type})" if written is None else quoted([written])


def _is_cast(column: Column) -> bool:
    return column.kind in CASTABLE_KINDS


def _typed(column: Column, kind: str | None) -> str:
    name = column.name
    if kind is None:
        return name
    if column.kind in ("key", "text"):
        return f"NULLIF({name}, '')" if kind == "text" else f"CAST({name} AS VARCHAR)"
    if column.kind in ("month", "day"):
        return _day(name, kind, is_month=column.kind == "month")
    return _number(name, kind, is_flag=column.kind == "flag")


def _day(name: str, kind: str, *, is_month: bool) -> str:
    if kind == "date":
        day = f"CAST({name} AS DATE)"
        return f"CASE WHEN {_in_our_time(name)} THEN {month_start(day) if is_month else day} END"
    digits = f"REPLACE(SUBSTRING({_text(name, kind)}, 1, 10), '-', '')"
    end = "'01'" if is_month else f"SUBSTRING({digits}, 7, 2)"
    parts = f"SUBSTRING({digits}, 1, 4) || '-' || SUBSTRING({digits}, 5, 2) || '-' || {end}"
    return f"CASE WHEN {_looks_right(name, kind, 'month' if is_month else 'day')} THEN CAST({parts} AS DATE) END"


def _number(name: str, kind: str, *, is_flag: bool) -> str:
    if kind == "flag":
        return f"CASE WHEN {name} THEN 1 WHEN NOT {name} THEN 0 END"
    if kind != "text":
        value = f"CAST({name} AS DOUBLE)"
        return f"CASE WHEN {_within_limits(name, is_flag=is_flag)} THEN {value} END"
    text = _text(name, kind)
    value = f"CASE WHEN {_looks_right(name, kind, 'flag' if is_flag else 'number')} THEN CAST({text} AS DOUBLE) END"
    return f"CASE LOWER({text}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE {value} END" if is_flag else value


def _bad(column: Column, kind: str | None) -> str:
    """What the cell held where it could not be cast. A float without a value is an empty cell, not a bad one."""
    name, text = column.name, f"CAST({column.name} AS VARCHAR)"
    is_number = column.kind in ("number", "flag")
    if kind is None or kind == "flag" or (is_number and kind != "text" and column.kind == "number"):
        return "CAST(NULL AS VARCHAR)"
    if kind == "date":
        return (
            f"CASE WHEN NOT {name} IS NULL THEN {text} END"
            if is_number
            else (f"CASE WHEN NOT ({_in_our_time(name)}) THEN {text} END")
        )
    if is_number and kind != "text":
        return f"CASE WHEN NOT ({_within_limits(name, is_flag=True)}) THEN {text} END"
    wrong = f"{_text(name, kind)} <> '' AND NOT {_looks_right(name, kind, column.kind)}"
    if column.kind == "flag":
        wrong += f" AND NOT LOWER({_text(name, kind)}) IN ('true', 'false')"
    return f"CASE WHEN {wrong} THEN {text} END"


def _text(name: str, kind: str) -> str:
    return f"TRIM({name})" if kind == "text" else f"CAST({name} AS VARCHAR)"


def _looks_right(name: str, kind: str, meant: str) -> str:
    pattern = {"number": _NUMBER, "flag": _FLAG, "month": _MONTH_TEXT, "day": _DAY_TEXT}[meant]
    return f"REGEXP_MATCHES({_text(name, kind)}, '{pattern}')"


def _within_limits(name: str, *, is_flag: bool) -> str:
    """A NaN is between no two numbers, whichever way an engine orders it."""
    least, most = ("0", "1") if is_flag else (f"-{_MOST}", _MOST)
    return f"CAST({name} AS DOUBLE) BETWEEN {least} AND {most}"


def _in_our_time(name: str) -> str:
    return f"EXTRACT(YEAR FROM CAST({name} AS DATE)) BETWEEN 1900 AND 9999"


def _attributes(source: Source, table: LandingFile) -> str:
    """JSON of the further columns, put together from text: Dremio makes JSON of whole rows only, and as bytes."""
    pairs = []
    for name in attribute_columns(source, [table]):
        written, kind = next((written, kind) for each, written, kind in table.columns if each == name)
        text = quoted([written]) if kind == "text" else f"CAST({quoted([written])} AS VARCHAR)"
        escaped = f"REPLACE(REPLACE({text}, '\\', '\\\\'), '\"', '\\\"')"
        cell = f"CASE WHEN {text} <> '' THEN '\"' || {escaped} || '\"' ELSE 'null' END"
        pairs.append(f"{_literal(_json_key(name))} || {cell}")
    return f"'{{' || {_joined(pairs)} || '}}'" if pairs else "'{}'"


def _joined(pairs: list[str]) -> str:
    return " || ', ' || ".join(pairs)


def _json_key(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}": '


def _literal(text: str) -> str:
    return exp.Literal.string(text).sql()
