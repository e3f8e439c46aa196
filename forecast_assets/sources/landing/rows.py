"""The rows of one source and market as a DuckDB table with the contract's columns, for files of every shape.

Belongs here: reading and uniting files. Not here: casts (contract/typed_rows.py), checks (contract/row_checks.py).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forecast_assets.sources.contract.columns import KINDS, Source
from forecast_assets.sources.contract.delivered_rows import Row, Values
from forecast_assets.sources.contract.expressions import literal, quoted
from forecast_assets.sources.contract.stated_notation import NOT_STATED, NOTATION_FILE, Notation
from forecast_assets.sources.contract.typed_rows import RawRows, no_rows, typed_rows
from forecast_assets.sources.landing.delivered_file import LandingFile

if TYPE_CHECKING:
    import duckdb

# Column with the path of a row's file: a delivery may have a column of the usual name, filename.
PATH = "_delivered_path"
ADVICE = "and deliver the file again under the same name"


def table_name(source: Source) -> str:
    """Return the name of a source's table."""
    return f"landing_{source.name}"


@dataclass(frozen=True)
class FileRows:
    """The table of ``create_table``, as checks read it."""

    connection: "duckdb.DuckDBPyConnection"
    source: Source
    market: str
    notation: Notation
    are_numbered = True
    advice = ADVICE

    @property
    def relation(self) -> str:
        """A query for all rows."""
        return f"SELECT * FROM {table_name(self.source)}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The contract's columns: of many files, each may have others."""
        return self.source.column_names

    @property
    def number_format(self) -> str:
        """How numbers are written."""
        stated = self.notation.entry
        return f"a number as {self.source.name}/{NOTATION_FILE} states ({stated})" if stated else KINDS["number"]

    def stated_as(self, entry: str) -> str:
        """Return where an entry of the market's notation is stated."""
        return f"{self.market}: {{{entry}}} in {self.source.name}/{NOTATION_FILE}"

    def query(self, sql: str, values: Values) -> list[Row]:
        """Return the rows of a query."""
        used = {name: value for name, value in values.items() if f"${name}" in sql}
        cursor = self.connection.execute(sql, used)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def create_table(
    connection: "duckdb.DuckDBPyConnection",
    source: Source,
    files: Sequence[LandingFile],
    market: str,
    notation: Notation = NOT_STATED,
) -> None:
    """Create or replace the temporary table ``landing_<source>``: rows of ``market``, and rows without a country.

    Its columns are those of ``typed_rows``. Raises the error of DuckDB if a file cannot be read.
    """
    attributes = attribute_columns(source, files)
    selects, parameters = [no_rows(source)], dict[str, str | list[str]]()
    for number, alike in enumerate(by_shape(files)):
        raw_rows = _raw_rows(source, alike[0], attributes, f"$paths{number}", several=len(alike) > 1)
        selects.append(typed_rows(source, replace(raw_rows, notation=notation)))
        parameters |= {f"paths{number}": patterns(alike), "market": market}
    union = "\nUNION ALL\n".join(selects)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table_name(source)} AS {union} ORDER BY _file, _row", parameters)


def attribute_columns(source: Source, files: Sequence[LandingFile]) -> list[str]:
    """Return the further columns over all files, sorted, in the contract's spelling; none without attributes."""
    if not source.extra_columns_are_attributes:
        return []
    return sorted({name for file in files for name in file.column_names} - set(source.column_names) - {""})


def reader(file: LandingFile, paths: str = "?") -> str:
    """Return the table function that reads files shaped like ``file``; ``paths`` is the parameter with their list."""
    if file.format == "parquet":
        return f"read_parquet({paths}, filename = '{PATH}', file_row_number = true, hive_partitioning = false)"
    in_file = [column for column in file.columns if column[2] != "path"]
    names = ", ".join(f"{literal(f'{position}')}: 'VARCHAR'" for position, _ in enumerate(in_file))
    options = "header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = ''"
    options += f", compression = 'none', filename = '{PATH}', hive_partitioning = false"
    return f"read_csv({paths}, {options}, columns = {{{names}}})"


def patterns(files: Sequence[LandingFile]) -> list[str]:
    """Return the paths as DuckDB takes them: as patterns, in which each matches itself alone.

    A name with a backslash matches no pattern, and DuckDB then takes it literally.
    """
    return [file.path if "\\" in file.path else re.sub(r"([*?\[])", r"[\1]", file.path) for file in files]


def raw(file: LandingFile, name: str) -> str:
    """Return the expression of a contract column as the file holds it; NULL where the file does not have it."""
    return _cells(file).get(name, "NULL")


def by_shape(files: Sequence[LandingFile]) -> list[list[LandingFile]]:
    """Return the files in groups that one statement can read."""
    groups: dict[object, list[LandingFile]] = {}
    for file in files:
        groups.setdefault(file.shape, []).append(file)
    return list(groups.values())


def _raw_rows(source: Source, file: LandingFile, attributes: list[str], paths: str, *, several: bool) -> RawRows:
    cells = _cells(file)
    row, relation = _row_number(file, paths, several=several)
    return RawRows(
        relation,
        {name: cells[name] for name in source.column_names if name in cells},
        {name: "text" if kind == "bytes" else kind for name, _, kind in file.columns},
        f"substr({PATH}, {len(file.root) + 2})",
        row,
        {name: cells.get(name) for name in attributes},
        by_file=True,
    )


def _cells(file: LandingFile) -> Mapping[str, str]:
    """Return the expressions of the columns, by the contract's spelling of their names."""
    expressions: dict[str, str] = {}
    for position, (name, written, kind) in enumerate(file.columns):
        cell = quoted([str(position) if file.format == "csv" else written])
        if kind == "bytes":
            cell = f"decode({cell})"
        if kind in ("float", "single"):
            # Statistics of Parquet leave NaN out, and a comparison with limits around them would hold for it.
            cell = f"CASE WHEN NOT isnan(CAST({cell} AS DOUBLE)) THEN {cell} END"
        if kind == "path":
            cell = _in_path(written)
        expressions.setdefault(name, cell)
    return expressions


def _in_path(keys: str) -> str:
    """Return the value of keys in the path, joined as a date is; the last folder of a name counts."""
    values = [f"url_decode(regexp_extract({PATH}, '(?s).*/{re.escape(key)}=([^/]*)/', 1))" for key in keys.split("/")]
    later = [f"lpad({value}, 2, '0')" for value in values[1:]]
    return " || '-' || ".join([values[0], *later])


def _row_number(file: LandingFile, paths: str, *, several: bool) -> tuple[str, str]:
    """Return the expression of the 1-based data row and the relation it is taken from.

    CSV readers have no row number, so insertion order gives one over all files. With ``several`` files it is counted
    anew per file, which is about three times slower.
    """
    if file.format == "parquet":
        return "file_row_number + 1", reader(file, paths)
    numbered = f"(SELECT *, row_number() OVER () AS _line FROM {reader(file, paths)}) AS lines"
    return (f"row_number() OVER (PARTITION BY {PATH} ORDER BY _line)" if several else "_line"), numbered
