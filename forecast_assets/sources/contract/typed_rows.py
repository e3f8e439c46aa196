"""Delivered rows with the contract's columns and types, as one query for files and tables alike.

The query is in DuckDB's dialect; another engine gets it translated (sql/translation.py), which also guards TRY_CAST.
Not here: reading files (landing/rows.py), checks on the rows (row_checks.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from forecast_assets.sources.contract.column_types import INSTANT
from forecast_assets.sources.contract.columns import CASTABLE_KINDS, Column, Source
from forecast_assets.sources.contract.expressions import literal, month_start
from forecast_assets.sources.contract.notation import is_noted, noted
from forecast_assets.sources.contract.stated_notation import NOT_STATED, PERCENT, Notation

LARGEST = "1.7976931348623157E308"
_YEAR = "(19|[2-9][0-9])[0-9]{2}"
_MIDNIGHT = "[ T]00:00(:00([.]0*)?)?"
_ZONE = " ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)"


@dataclass(frozen=True)
class RawRows:
    """Rows as delivered, not cast.

    Attributes:
        relation: A table, a query in parentheses or a table function.
        cells: Expression by contract column, for the columns that were delivered.
        classes: Class of these columns, as in ``column_types.class_of``, or ``path``.
        file: Expression of the file's or table's name.
        row: Expression of the row's number; none for tables, which have no order.
        attributes: Expression by further column; None where only other files have the column.
        by_file: True if all rows of a file show if its shares are percentages; else the market's rows of the table do.
        notation: What the delivery states about its numbers.
    """

    relation: str
    cells: Mapping[str, str]
    classes: Mapping[str, str]
    file: str
    row: str = "CAST(NULL AS BIGINT)"
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    by_file: bool = False
    notation: Notation = NOT_STATED


def typed_rows(source: Source, delivered: RawRows) -> str:
    """Return a query for the rows of ``$market`` and the rows without a country.

    Columns: the contract's, ``attributes`` (JSON of further columns, products only), ``_file`` and ``_row``. Each
    column that is cast also has ``_bad_<column>``: the text of a cell that cannot be cast. Each number also has
    ``_noted_<column>`` (notation.py), and each share ``_largest_<column>``, the largest value beside it.
    """
    has_attributes = source.extra_columns_are_attributes
    cells = {each.name: delivered.cells.get(each.name, f"CAST(NULL AS {each.sql_type})") for each in source.columns}
    raw = [f"{cell} AS {name}" for name, cell in cells.items()]
    raw += [f"{_attributes(delivered.attributes)} AS attributes"] if has_attributes else []
    raw += [f"{delivered.file} AS _file", f"{delivered.row} AS _row"]
    shares = [each for each in source.columns if each.share]
    raw += [f"{_largest_of_file(each, delivered)} AS _largest_{each.name}" for each in shares]
    passed = [*(["attributes"] if has_attributes else []), "_file", "_row"]
    largest = [f"_largest_{each.name}" for each in shares]
    stated = delivered.notation
    typed = [f"{_typed(each, delivered.classes.get(each.name), stated)} AS {each.name}" for each in source.columns]
    texts = [f"CAST({each.name} AS VARCHAR) AS _text_{each.name}" for each in _cast_columns(source)]
    bad = [f"{_bad(each, delivered.classes.get(each.name))} AS _bad_{each.name}" for each in _cast_columns(source)]
    noted_as = [
        f"{noted(each.name, None if stated.decimal else delivered.classes.get(each.name))} AS _noted_{each.name}"
        for each in source.columns
        if is_noted(each)
    ]
    beside = largest if delivered.by_file else [f"MAX({each.name}) OVER () AS _largest_{each.name}" for each in shares]
    is_text = delivered.classes.get("country", "text") in ("text", "path")
    country = "country" if is_text else "CAST(country AS VARCHAR)"
    return (
        f"SELECT {', '.join([*source.column_names, *passed, *bad, *noted_as, *beside])} FROM ("
        f"SELECT {', '.join([*typed, *passed, *largest, *texts])} FROM ("
        f"SELECT {', '.join(raw)} FROM {delivered.relation}) AS raw "
        f"WHERE TRIM({country}) = $market OR {country} IS NULL OR TRIM({country}) = '') AS typed"
    )


def no_rows(source: Source) -> str:
    """Return a query with the same columns and no row, for a source that was not delivered."""
    columns = [f"CAST(NULL AS {column.sql_type}) AS {column.name}" for column in source.columns]
    columns += ["CAST(NULL AS VARCHAR) AS attributes"] if source.extra_columns_are_attributes else []
    columns += ["CAST(NULL AS VARCHAR) AS _file", "CAST(NULL AS BIGINT) AS _row"]
    columns += [f"CAST(NULL AS VARCHAR) AS _bad_{each.name}" for each in _cast_columns(source)]
    columns += [f"CAST(NULL AS VARCHAR) AS _noted_{each.name}" for each in source.columns if is_noted(each)]
    columns += [f"CAST(NULL AS DOUBLE) AS _largest_{each.name}" for each in source.columns if each.share]
    return f"SELECT {', '.join(columns)} FROM (VALUES (0)) AS nothing(n) WHERE n = 1"


def _cast_columns(source: Source) -> list[Column]:
    return [column for column in source.columns if column.kind in CASTABLE_KINDS]


def _largest_of_file(column: Column, delivered: RawRows) -> str:
    cell_class = delivered.classes.get(column.name)
    if not delivered.by_file or cell_class is None or cell_class == "empty" or delivered.notation.share:
        return "CAST(NULL AS DOUBLE)"
    number = _number(delivered.cells[column.name], cell_class, delivered.notation)
    return f"MAX({number}) OVER (PARTITION BY {delivered.file})"


def _typed(column: Column, cell_class: str | None, notation: Notation) -> str:
    name = column.name
    if cell_class is None:
        return name
    if cell_class == "empty":
        return f"CAST(NULL AS {column.sql_type})"
    if column.kind in ("key", "text"):
        return f"NULLIF(TRIM({name}), '')" if cell_class in ("text", "path") else f"CAST({name} AS VARCHAR)"
    if column.kind in ("month", "day"):
        return _day(name, cell_class, is_month=column.kind == "month")
    if column.kind == "flag":
        return _flag(name, cell_class)
    number = _number(name, cell_class, notation)
    return _stated_share(number, notation) if column.share and notation.share else number


def _flag(name: str, cell_class: str) -> str:
    if cell_class == "flag":
        return f"CASE WHEN {name} THEN 1 WHEN NOT {name} THEN 0 END"
    text, number = f"TRIM(CAST({name} AS VARCHAR))", _value(name, cell_class, NOT_STATED)
    value = f"CASE LOWER({text}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE {number} END"
    return f"CASE WHEN {value} IN (0, 1) THEN {value} END"


def _number(name: str, cell_class: str, notation: Notation) -> str:
    if cell_class in ("flag", "date"):
        return "CAST(NULL AS DOUBLE)"
    value = _value(name, cell_class, notation)
    # A NaN is between no two numbers, in every order that engines give it.
    return f"CASE WHEN {value} BETWEEN -{LARGEST} AND {LARGEST} THEN {value} END"


def _stated_share(number: str, notation: Notation) -> str:
    """Return a share as a fraction; NULL above 1, which the stated scale does not have."""
    fraction = f"({number}) / 100" if notation.share == PERCENT else number
    return f"CASE WHEN {fraction} <= 1 THEN {fraction} END"


def _value(name: str, cell_class: str, notation: Notation) -> str:
    text = f"TRIM(CAST({name} AS VARCHAR))"
    if cell_class == "single":
        # The shortest decimal that gives the 32 bits: 12.3, not 12.300000190734863.
        return f"CAST(CAST({name} AS VARCHAR) AS DOUBLE)"
    if cell_class in ("number", "float"):
        return f"CAST({name} AS DOUBLE)"
    if notation.decimal:
        return notation.value(text)
    # DuckDB reads 1_000 as a number.
    return f"CASE WHEN REPLACE({text}, '_', '') = {text} THEN TRY_CAST({text} AS DOUBLE) END"


def _day(name: str, cell_class: str, *, is_month: bool) -> str:
    if cell_class == "date":
        day = f"CAST({name} AS DATE)"
        in_range = f"EXTRACT(YEAR FROM {day}) BETWEEN 1900 AND 9999"
        return f"CASE WHEN {in_range} THEN {month_start(day) if is_month else day} END"
    if cell_class.startswith(INSTANT):
        return _day_of_instant(name, cell_class.removeprefix(INSTANT), is_month=is_month)
    text = f"TRIM(CAST({name} AS VARCHAR))"
    year, month = f"SUBSTRING({text}, 1, 4)", f"SUBSTRING({text}, 5, 2)"
    spellings = {
        f"^{_YEAR}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}([ T][0-9:.]*)?$": text,
        # In its own zone another time may be of another month in the market's.
        f"^{_YEAR}-[0-9]{{2}}-[0-9]{{2}}{_MIDNIGHT}{_ZONE}$": f"SUBSTRING({text}, 1, 10)",
        f"^{_YEAR}[0-9]{{4}}$": f"{year} || '-' || {month} || '-' || SUBSTRING({text}, 7, 2)",
    }
    if is_month:
        months = {
            f"^{_YEAR}-[0-9]{{2}}$": f"{text} || '-01'",
            f"^{_YEAR}[0-9]{{2}}$": f"{year} || '-' || {month} || '-01'",
        }
        spellings = months | spellings
    cases = [f"WHEN REGEXP_MATCHES({text}, '{form}') THEN TRY_CAST({day} AS DATE)" for form, day in spellings.items()]
    day = f"CASE {' '.join(cases)} END"
    return month_start(day) if is_month else day


def _day_of_instant(name: str, zone: str, *, is_month: bool) -> str:
    """Return the day of a midnight in its zone; NULL for other times: they may be of another day at the market."""
    known = f"GMT{zone}" if zone.startswith(("+", "-")) else zone
    local = f"timezone({literal(known)}, CAST({name} AS TIMESTAMPTZ))"
    day = f"CAST({local} AS DATE)"
    condition = f"{local} = CAST({day} AS TIMESTAMP) AND EXTRACT(YEAR FROM {day}) BETWEEN 1900 AND 9999"
    return f"CASE WHEN {condition} THEN {month_start(day) if is_month else day} END"


def _bad(column: Column, cell_class: str | None) -> str:
    """Return the text of a cell that could not be cast. A float that is no number is an empty cell."""
    if cell_class is None:
        return "CAST(NULL AS VARCHAR)"
    text = f"_text_{column.name}"
    may_be_nan = cell_class in ("float", "single")
    filled = f"TRIM({text}) <> ''" + (f" AND LOWER({text}) NOT IN ('nan', '-nan')" if may_be_nan else "")
    return f"CASE WHEN {filled} AND {column.name} IS NULL THEN {text} END"


def _attributes(columns: Mapping[str, str | None]) -> str:
    """Return JSON of the further columns, joined from text: Dremio makes JSON of whole rows only, and as bytes."""
    pairs = []
    for name, cell in columns.items():
        key = literal('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '":')
        text = f"CAST({cell or 'NULL'} AS VARCHAR)"
        escaped = f"REPLACE(REPLACE({text}, '\\', '\\\\'), '\"', '\\\"')"
        pairs.append(f"{key} || CASE WHEN {text} <> '' THEN '\"' || {escaped} || '\"' ELSE 'null' END")
    joined = " || ',' || ".join(pairs)
    return f"'{{' || {joined} || '}}'" if pairs else "'{}'"
