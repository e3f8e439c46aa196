"""The rows of one source in Dremio with the contract's columns and types, as SQL in DuckDB's dialect.

The counterpart of landing/rows.py: each contract column comes typed; what a cell held that could not be cast stays in
``_bad_<column>``. Only functions that both engines have are used, and no cast is reached by a text it would fail on,
for Dremio has no TRY_CAST.
"""

from collections.abc import Iterable

from sqlglot import exp

from forecast_assets.landing.contract import Column, Source
from forecast_assets.landing.files import LandingFile
from forecast_assets.landing.rows import CASTABLE_KINDS, attribute_columns

_NUMBER = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$"
_DAY = r"^(19|[2-9][0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_MOST = "1E300"


def typed_rows(source: Source, table: LandingFile) -> str:
    """A query for the rows of ``$market``, and those that name no country.

    Columns: the contract's, ``attributes`` (JSON of further columns, products only), ``_file`` (the table's name: all
    its rows are one delivery) and ``_bad_<column>`` for each column that is cast.
    """
    kinds = {name: kind for name, _, kind in table.columns}
    cast = [column for column in source.columns if column.kind in CASTABLE_KINDS]
    raws = [f"{_raw(table, column)} AS {column.name}" for column in source.columns]
    texts = [f"{_text(column, kinds)} AS _text_{column.name}" for column in cast]
    typed = [f"{_typed(column, kinds.get(column.name))} AS {column.name}" for column in source.columns]
    bad = [f"{_bad(column, kinds.get(column.name))} AS _bad_{column.name}" for column in cast]
    packed = [f"{_attributes(source, table)} AS attributes"] if source.extra_columns_are_attributes else []
    passed = ["attributes"] if packed else []
    country = "country" if kinds.get("country", "text") == "text" else "CAST(country AS VARCHAR)"
    mine = f"{country} = $market OR {country} IS NULL OR TRIM({country}) = ''"
    inner = f"SELECT {', '.join([*raws, *packed])} FROM {table.path}"
    with_texts = f"SELECT raw.*{''.join(f', {text}' for text in texts)} FROM ({inner}) AS raw WHERE {mine}"
    columns = [*typed, *passed, f"{_literal(table.relative)} AS _file", *bad]
    return f"SELECT {', '.join(columns)} FROM ({with_texts}) AS with_texts"


def no_rows(source: Source) -> str:
    """The same columns without a row, for a source that is not there."""
    columns = [f"CAST(NULL AS {column.sql_type}) AS {column.name}" for column in source.columns]
    columns += ["CAST(NULL AS VARCHAR) AS attributes"] if source.extra_columns_are_attributes else []
    columns += ["CAST(NULL AS VARCHAR) AS _file"]
    columns += [f"CAST(NULL AS VARCHAR) AS _bad_{each.name}" for each in source.columns if each.kind in CASTABLE_KINDS]
    return f"SELECT {', '.join(columns)} FROM (VALUES (0)) AS nothing(n) WHERE n = 1"


def quoted(names: Iterable[str]) -> str:
    """A path of identifiers in quotes."""
    return ".".join(exp.to_identifier(name, quoted=True).sql() for name in names)


def _raw(table: LandingFile, column: Column) -> str:
    written = next((written for name, written, _ in table.columns if name == column.name), None)
    return f"CAST(NULL AS {column.sql_type})" if written is None else quoted([written])


def _text(column: Column, kinds: dict[str, str]) -> str:
    """The cell as text; months and days as YYYY-MM-DD where they are written in one of the contract's ways."""
    kind = kinds.get(column.name)
    if kind is None or kind == "date":
        return "CAST(NULL AS VARCHAR)"
    text = f"TRIM({column.name})" if kind == "text" else f"CAST({column.name} AS VARCHAR)"
    if column.kind not in ("month", "day"):
        return text
    ways = [
        f"WHEN REGEXP_MATCHES({text}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T].*)?$') THEN SUBSTRING({text}, 1, 10)",
        f"WHEN REGEXP_MATCHES({text}, '^[0-9]{{8}}$') THEN "
        f"SUBSTRING({text}, 1, 4) || '-' || SUBSTRING({text}, 5, 2) || '-' || SUBSTRING({text}, 7, 2)",
    ]
    if column.kind == "month":
        ways += [
            f"WHEN REGEXP_MATCHES({text}, '^[0-9]{{4}}-[0-9]{{2}}$') THEN {text} || '-01'",
            f"WHEN REGEXP_MATCHES({text}, '^[0-9]{{6}}$') THEN "
            f"SUBSTRING({text}, 1, 4) || '-' || SUBSTRING({text}, 5, 2) || '-01'",
        ]
    return f"CASE {' '.join(ways)} END"


def _typed(column: Column, kind: str | None) -> str:
    name = column.name
    if kind is None:
        return name
    if column.kind in ("key", "text"):
        return f"NULLIF({name}, '')" if kind == "text" else f"CAST({name} AS VARCHAR)"
    if column.kind in ("month", "day"):
        day = f"CAST({name} AS DATE)" if kind == "date" else _day_of_text(f"_text_{name}")
        return _first_of_month(day) if column.kind == "month" else _in_our_time(day)
    return _number(name, kind, is_flag=column.kind == "flag")


def _number(name: str, kind: str, *, is_flag: bool) -> str:
    if kind == "flag":
        return f"CASE WHEN {name} THEN 1 WHEN NOT {name} THEN 0 END"
    value = f"CAST({name} AS DOUBLE)"
    if kind == "text":
        value = f"CASE WHEN REGEXP_MATCHES(_text_{name}, '{_NUMBER}') THEN CAST(_text_{name} AS DOUBLE) END"
        if is_flag:
            value = f"CASE LOWER(_text_{name}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE {value} END"
    # A NaN is between no two numbers, whichever way an engine orders it.
    least, most = ("0", "1") if is_flag else (f"-{_MOST}", _MOST)
    return f"CASE WHEN {value} BETWEEN {least} AND {most} THEN {value} END"


def _day_of_text(text: str) -> str:
    """A day from text; the day of the month is compared first, for a cast of 2024-02-30 fails."""
    last = f"EXTRACT(DAY FROM LAST_DAY(CAST(SUBSTRING({text}, 1, 7) || '-01' AS DATE)))"
    exists = f"CASE WHEN CAST(SUBSTRING({text}, 9, 2) AS INTEGER) <= {last} THEN CAST({text} AS DATE) END"
    return f"CASE WHEN REGEXP_MATCHES({text}, '{_DAY}') THEN {exists} END"


def _in_our_time(day: str) -> str:
    return f"CASE WHEN EXTRACT(YEAR FROM {day}) BETWEEN 1900 AND 9999 THEN {day} END"


def _first_of_month(day: str) -> str:
    return f"CAST(SUBSTRING(CAST({_in_our_time(day)} AS VARCHAR), 1, 7) || '-01' AS DATE)"


def _bad(column: Column, kind: str | None) -> str:
    """What the cell held where it could not be cast. A float without a value is an empty cell, not a bad one."""
    can_be_bad = kind in ("text", "date") or (kind == "number" and column.kind in ("month", "day", "flag"))
    can_be_bad = can_be_bad or (kind == "float" and column.kind in ("month", "day", "flag"))
    if kind is None or not can_be_bad:
        return "CAST(NULL AS VARCHAR)"
    text = f"CAST({column.name} AS VARCHAR)"
    return f"CASE WHEN TRIM({text}) <> '' AND {_typed(column, kind)} IS NULL THEN {text} END"


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
