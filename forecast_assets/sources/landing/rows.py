"""The rows of one source and market as a DuckDB table with the contract's columns, whatever shape the files have.

Belongs here: reading, casting, uniting. Each contract column comes typed; what a cell held when it could not be cast
stays in ``_bad_<column>``. Not here: judging what was found (row_checks.py).
"""

from collections.abc import Sequence
from typing import Any

import duckdb

from forecast_assets.sources.landing.contract import Column, Source
from forecast_assets.sources.landing.files import LandingFile

CASTABLE_KINDS = ("number", "flag", "month", "day")


def table_name(source: Source) -> str:
    return f"landing_{source.name}"


def create_table(
    connection: duckdb.DuckDBPyConnection, source: Source, files: Sequence[LandingFile], market: str, base: str
) -> None:
    """(Re)create the temporary table ``landing_<source>``: rows of ``market``, and rows that name no country.

    Columns: the contract's, ``attributes`` (JSON of further columns, products only), ``_file``, ``_row``, and
    ``_bad_<column>`` for each column that is cast. Raises what DuckDB raises where a file cannot be read.
    """
    attributes = attribute_columns(source, files)
    selects, parameters = [_no_rows(source)], []
    for shape_files in by_shape(files):
        selects.append(_select(source, shape_files[0], attributes, len(base) + 2, several=len(shape_files) > 1))
        parameters += [[file.path for file in shape_files], market]
    union = "\nUNION ALL\n".join(selects)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table_name(source)} AS {union} ORDER BY _file, _row", parameters)


def attribute_columns(source: Source, files: Sequence[LandingFile]) -> list[str]:
    """The further columns over all files, sorted, in the contract's spelling; none for sources without attributes."""
    if not source.extra_columns_are_attributes:
        return []
    return sorted({name for file in files for name in file.column_names} - set(source.column_names) - {""})


def reader(file: LandingFile) -> str:
    """The table function that reads files shaped like ``file``; its one parameter is the list of paths."""
    if file.format == "parquet":
        return "read_parquet(?, filename = true, file_row_number = true, hive_partitioning = false)"
    names = ", ".join(f"{_literal(f'{position}')}: 'VARCHAR'" for position, _ in enumerate(_in_file(file)))
    options = "header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = ''"
    return f"read_csv(?, {options}, filename = true, hive_partitioning = false, columns = {{{names}}})"


def raw(file: LandingFile, name: str) -> str:
    """The expression of a contract column as the file holds it; NULL where the file does not have it."""
    for position, (contract_name, written, kind) in enumerate(file.columns):
        if contract_name == name and kind == "path":
            return f"url_decode(regexp_extract(filename, '/{name}=([^/]*)/', 1))"
        if contract_name == name:
            return _quoted(str(position) if file.format == "csv" else written)
    return "NULL"


def _in_file(file: LandingFile) -> list[tuple[str, str, str]]:
    return [column for column in file.columns if column[2] != "path"]


def by_shape(files: Sequence[LandingFile]) -> list[list[LandingFile]]:
    """Files grouped by what one statement can read."""
    groups: dict[Any, list[LandingFile]] = {}
    for file in files:
        groups.setdefault(file.shape, []).append(file)
    return list(groups.values())


def _select(source: Source, file: LandingFile, attributes: list[str], path_offset: int, *, several: bool) -> str:
    raws = [f"{raw(file, column.name)} AS {column.name}" for column in source.columns]
    extra = [f"{_attributes(file, attributes)} AS attributes"] if source.extra_columns_are_attributes else []
    kinds = {name: kind for name, _, kind in file.columns}
    typed = [f"{_typed(column, kinds.get(column.name, 'text'))} AS {column.name}" for column in source.columns]
    bad = [f"{_bad(column, kinds.get(column.name, 'text'))} AS _bad_{column.name}" for column in _castable(source)]
    passed = ["attributes"] if extra else []
    row, rows = _row_number(file, several=several)
    inner = f"SELECT {', '.join([*raws, *extra])}, filename, {row} AS _row FROM {rows}"
    outer = ", ".join([*typed, *passed, f"substr(filename, {path_offset}) AS _file", "_row", *bad])
    is_text = kinds.get("country", "path") in ("text", "path")
    country = "country" if is_text else "CAST(country AS VARCHAR)"
    return f"SELECT {outer} FROM ({inner}) WHERE {country} = ? OR {country} IS NULL OR trim({country}) = ''"


def _row_number(file: LandingFile, *, several: bool) -> tuple[str, str]:
    """The expression of the 1-based data row and the relation it is taken from.

    CSV readers have no row number: insertion order gives one over all files, counted anew per file where there are
    several (about three times slower, so only then).
    """
    if file.format == "parquet":
        return "file_row_number + 1", reader(file)
    numbered = f"(SELECT *, row_number() OVER () AS _line FROM {reader(file)})"
    return ("row_number() OVER (PARTITION BY filename ORDER BY _line)" if several else "_line"), numbered


def _no_rows(source: Source) -> str:
    columns = [f"CAST(NULL AS {column.sql_type}) AS {column.name}" for column in source.columns]
    extra = ["CAST(NULL AS VARCHAR) AS attributes"] if source.extra_columns_are_attributes else []
    traces = ["CAST(NULL AS VARCHAR) AS _file", "CAST(NULL AS BIGINT) AS _row"]
    bad = [f"CAST(NULL AS VARCHAR) AS _bad_{column.name}" for column in _castable(source)]
    return f"SELECT {', '.join([*columns, *extra, *traces, *bad])} WHERE false"


def _castable(source: Source) -> list[Column]:
    return [column for column in source.columns if column.kind in CASTABLE_KINDS]


def _typed(column: Column, kind: str) -> str:
    name, text = column.name, f"trim(CAST({column.name} AS VARCHAR))"
    if column.kind in ("key", "text"):
        return f"nullif(CAST({name} AS VARCHAR), '')"
    if column.kind in ("number", "flag"):
        return _number(name, text, kind, is_flag=column.kind == "flag")
    day = f"CAST({name} AS DATE)" if kind == "date" else _day_of_text(text, month=column.kind == "month")
    checked = f"CASE WHEN year({day}) BETWEEN 1900 AND 9999 THEN {day} END"
    return f"CAST(date_trunc('month', {checked}) AS DATE)" if column.kind == "month" else checked


def _number(name: str, text: str, kind: str, *, is_flag: bool) -> str:
    if kind in ("number", "float"):
        value = f"CAST({name} AS DOUBLE)"
    else:
        value = f"CASE WHEN {text} NOT LIKE '%\\_%' ESCAPE '\\' THEN TRY_CAST({text} AS DOUBLE) END"
    if is_flag:
        value = f"CASE lower({text}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE {value} END"
    limits = f" AND ({value}) BETWEEN 0 AND 1" if is_flag else ""
    return f"CASE WHEN isfinite({value}){limits} THEN {value} END"


def _day_of_text(text: str, *, month: bool) -> str:
    tries = [
        f"CASE WHEN regexp_matches({text}, '^\\d{{4}}[-/]') THEN TRY_CAST({text} AS DATE) END",
        f"CASE WHEN regexp_matches({text}, '^\\d{{8}}$') THEN CAST(try_strptime({text}, '%Y%m%d') AS DATE) END",
    ]
    if month:
        tries += [
            f"CASE WHEN regexp_matches({text}, '^\\d{{4}}-\\d{{2}}$') THEN TRY_CAST({text} || '-01' AS DATE) END",
            f"CASE WHEN regexp_matches({text}, '^\\d{{6}}$') THEN CAST(try_strptime({text}, '%Y%m') AS DATE) END",
        ]
    return f"COALESCE({', '.join(tries)})"


def _bad(column: Column, kind: str) -> str:
    """What the cell held where it could not be cast; a NaN in a numeric column is an empty cell, not a bad one."""
    text = f"CAST({column.name} AS VARCHAR)"
    filled = f"{text} IS NOT NULL AND trim({text}) <> ''" + (f" AND {text} <> 'nan'" if kind == "float" else "")
    return f"CASE WHEN {filled} AND {_typed(column, kind)} IS NULL THEN {text} END"


def _attributes(file: LandingFile, names: list[str]) -> str:
    if not names:
        return "'{}'"
    pairs = ", ".join(f"{_literal(name)}: nullif(CAST({raw(file, name)} AS VARCHAR), '')" for name in names)
    return f"CAST(to_json({{{pairs}}}) AS VARCHAR)"


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
