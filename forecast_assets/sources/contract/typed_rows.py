"""Delivered rows with the contract's columns and types, as one query for files and tables alike.

The query is in DuckDB's dialect; another engine gets it translated (sql/translation.py), which also guards TRY_CAST.
Not here: reading files (landing/rows.py), checks on the rows (row_checks.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from forecast_assets.sources.contract.columns import CASTABLE_KINDS, Column, Source
from forecast_assets.sources.contract.expressions import literal, month_start

LARGEST = "1.7976931348623157E308"
_YEAR = "(19|[2-9][0-9])[0-9]{2}"


@dataclass(frozen=True)
class RawRows:
    """Rows as delivered, not cast.

    Attributes:
        relation: A table, a query in parentheses or a table function.
        cells: Expression by contract column, for the columns that were delivered.
        classes: Class of these columns: ``text``, ``number``, ``float``, ``date``, ``flag`` or ``path``.
        file: Expression of the file's or table's name.
        row: Expression of the row's number; none for tables, which have no order.
        attributes: Expression by further column; None where only other files have the column.
    """

    relation: str
    cells: Mapping[str, str]
    classes: Mapping[str, str]
    file: str
    row: str = "CAST(NULL AS BIGINT)"
    attributes: Mapping[str, str | None] = field(default_factory=dict)


def typed_rows(source: Source, delivered: RawRows) -> str:
    """Return a query for the rows of ``$market`` and the rows without a country.

    Columns: the contract's, ``attributes`` (JSON of further columns, products only), ``_file`` and ``_row``. Each
    column that is cast also has ``_bad_<column>``: the text of a cell that cannot be cast.
    """
    has_attributes = source.extra_columns_are_attributes
    cells = {each.name: delivered.cells.get(each.name, f"CAST(NULL AS {each.sql_type})") for each in source.columns}
    raw = [f"{cell} AS {name}" for name, cell in cells.items()]
    raw += [f"{_attributes(delivered.attributes)} AS attributes"] if has_attributes else []
    raw += [f"{delivered.file} AS _file", f"{delivered.row} AS _row"]
    passed = [*(["attributes"] if has_attributes else []), "_file", "_row"]
    typed = [f"{_typed(each, delivered.classes.get(each.name))} AS {each.name}" for each in source.columns]
    texts = [f"CAST({each.name} AS VARCHAR) AS _text_{each.name}" for each in _cast_columns(source)]
    bad = [f"{_bad(each, delivered.classes.get(each.name))} AS _bad_{each.name}" for each in _cast_columns(source)]
    is_text = delivered.classes.get("country", "text") in ("text", "path")
    country = "country" if is_text else "CAST(country AS VARCHAR)"
    return (
        f"SELECT {', '.join([*source.column_names, *passed, *bad])} FROM ("
        f"SELECT {', '.join([*typed, *passed, *texts])} FROM ("
        f"SELECT {', '.join(raw)} FROM {delivered.relation}) AS raw "
        f"WHERE TRIM({country}) = $market OR {country} IS NULL OR TRIM({country}) = '') AS typed"
    )


def no_rows(source: Source) -> str:
    """Return a query with the same columns and no row, for a source that was not delivered."""
    columns = [f"CAST(NULL AS {column.sql_type}) AS {column.name}" for column in source.columns]
    columns += ["CAST(NULL AS VARCHAR) AS attributes"] if source.extra_columns_are_attributes else []
    columns += ["CAST(NULL AS VARCHAR) AS _file", "CAST(NULL AS BIGINT) AS _row"]
    columns += [f"CAST(NULL AS VARCHAR) AS _bad_{each.name}" for each in _cast_columns(source)]
    return f"SELECT {', '.join(columns)} FROM (VALUES (0)) AS nothing(n) WHERE n = 1"


def _cast_columns(source: Source) -> list[Column]:
    return [column for column in source.columns if column.kind in CASTABLE_KINDS]


def _typed(column: Column, cell_class: str | None) -> str:
    name = column.name
    if cell_class is None:
        return name
    if column.kind in ("key", "text"):
        return f"NULLIF(TRIM({name}), '')" if cell_class in ("text", "path") else f"CAST({name} AS VARCHAR)"
    if column.kind in ("month", "day"):
        return _day(name, cell_class, is_month=column.kind == "month")
    return _number(name, cell_class, is_flag=column.kind == "flag")


def _number(name: str, cell_class: str, *, is_flag: bool) -> str:
    if cell_class == "flag":
        return f"CASE WHEN {name} THEN 1 WHEN NOT {name} THEN 0 END"
    if cell_class == "date":
        return "CAST(NULL AS DOUBLE)"
    text = f"TRIM(CAST({name} AS VARCHAR))"
    if cell_class in ("number", "float"):
        value = f"CAST({name} AS DOUBLE)"
    else:
        # DuckDB reads 1_000 as a number.
        value = f"CASE WHEN REPLACE({text}, '_', '') = {text} THEN TRY_CAST({text} AS DOUBLE) END"
    if is_flag:
        value = f"CASE LOWER({text}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE {value} END"
    # A NaN is between no two numbers, in every order that engines give it.
    least, most = ("0", "1") if is_flag else (f"-{LARGEST}", LARGEST)
    return f"CASE WHEN {value} BETWEEN {least} AND {most} THEN {value} END"


def _day(name: str, cell_class: str, *, is_month: bool) -> str:
    if cell_class == "date":
        day = f"CAST({name} AS DATE)"
        in_range = f"EXTRACT(YEAR FROM {day}) BETWEEN 1900 AND 9999"
        return f"CASE WHEN {in_range} THEN {month_start(day) if is_month else day} END"
    text = f"TRIM(CAST({name} AS VARCHAR))"
    year, month = f"SUBSTRING({text}, 1, 4)", f"SUBSTRING({text}, 5, 2)"
    spellings = {
        # A year before Christ is written with a parenthesis.
        f"^{_YEAR}[-/][^(]*$": text,
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


def _bad(column: Column, cell_class: str | None) -> str:
    """Return the text of a cell that could not be cast. A float without a value is an empty cell, not a bad one."""
    if cell_class is None:
        return "CAST(NULL AS VARCHAR)"
    text = f"_text_{column.name}"
    filled = f"TRIM({text}) <> ''" + (f" AND LOWER({text}) <> 'nan'" if cell_class == "float" else "")
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
