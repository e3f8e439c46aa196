"""One delivered file: its columns and countries, read from its header or footer, and the problem that stops it.

Belongs here: headers and footers. Not here: names (listing.py), rows (rows.py) and checks of rows
(contract/row_checks.py).
"""

import csv
import io
import re
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from forecast_assets.sources.contract.column_types import class_of
from forecast_assets.sources.contract.columns import Source
from forecast_assets.sources.contract.problems import LandingProblem
from forecast_assets.sources.landing.column_checks import column_problem, contract_name, missing_columns
from forecast_assets.sources.landing.delivered_file import LandingFile, UnreadFile
from forecast_assets.sources.landing.listing import denied, path_keys
from forecast_assets.sources.landing.unpacked import COMPRESSION, Unpacked
from forecast_assets.sources.landing.workbook import Sheet, read_workbook
from forecast_assets.storage.transient_errors import is_transient

HEADER_BYTES = 65_536
DELIVER_AGAIN = "deliver the file again, complete, under the same name"
# Keys in a path that make a month or a day together, as Spark and Hive write them.
PATH_PARTS = {"month": ("year", "month"), "date": ("year", "month", "day")}


@dataclass(frozen=True)
class Inspected:
    """The files that one delivered file holds (a workbook: one per sheet), and its sheets that are not read."""

    files: tuple[LandingFile, ...]
    unread: tuple[UnreadFile, ...] = ()


def inspect_file(fs: Any, file: LandingFile, source: Source, unpacked: Unpacked) -> Inspected:
    """Return ``file`` with columns, countries or problem from its header or footer; ``fs`` is an fsspec filesystem."""
    if file.problem:
        return Inspected((file,))
    try:
        if file.format == "xlsx":
            return _inspect_workbook(fs, file, source, unpacked)
        if file.format in COMPRESSION:
            copy = unpacked.text(fs, file.path, file.relative, file.format)
            fs, file = LocalFileSystem(), replace(file, path=copy, root=unpacked.root)
        inspected = _inspect_parquet(fs, file, source) if file.format == "parquet" else _inspect_csv(fs, file)
    except PermissionError as error:
        return Inspected((replace(file, problem=denied(file.relative, error)),))
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        if is_transient(error):
            raise
        return Inspected((replace(file, problem=unreadable(file, error)),))
    if not inspected.problem:
        inspected = _with_path_columns(inspected, source)
        inspected = replace(inspected, problem=column_problem(inspected, source))
    return Inspected((inspected,))


def unreadable(file: LandingFile, error: Exception) -> LandingProblem:
    """Return the problem of a file that cannot be read at all, with the reader's message."""
    reason = " ".join(str(error).split())
    if isinstance(error, UnicodeDecodeError) or "unicode" in reason.lower() or "decode" in reason.lower():
        return _other_encoding(file)
    if file.format == "parquet":
        return _damaged(file, "a complete Parquet file", reason)
    line = re.search(r"CSV Error on Line: (\d+)", reason)
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", reason)
    if line and counts:
        return LandingProblem(
            file.relative,
            f"{counts[1]} columns in every line, cells with a comma in double quotes",
            f"{counts[2]} columns in a line",
            "correct the line (a last line cut off means a truncated file) and deliver the file again",
            rows=(int(line[1]) - 1,),
            row_count=1,
        )
    if line and "unterminated quote" in reason:
        return LandingProblem(
            file.relative,
            'double quotes around whole cells, and "" for a quote in such a cell',
            "a quote that does not end its cell",
            "correct the line and deliver the file again",
            rows=(int(line[1]) - 1,),
            row_count=1,
        )
    if "state machine reached an invalid state" in reason:
        step = "write the file in one go, by one program, and deliver it again"
        return LandingProblem(file.relative, "one kind of line end in the whole file", "CRLF and LF mixed", step)
    expected = {"csv.gz": "a complete gzip file", "csv.zst": "a complete zstd file", "xlsx": "an Excel workbook"}
    return _damaged(file, expected.get(file.format, "a comma-separated file"), reason)


def _damaged(file: LandingFile, expected: str, reason: str) -> LandingProblem:
    return LandingProblem(file.relative, expected, f"an unreadable file ({reason[:160]})", DELIVER_AGAIN)


def _other_encoding(file: LandingFile) -> LandingProblem:
    if file.format != "parquet":
        step = "save the file as UTF-8 and deliver it again"
        return LandingProblem(file.relative, "text in UTF-8", "bytes that are not UTF-8", step)
    names = [name for name, _, kind in file.columns if kind == "bytes"]
    step = "store the column as text (a string in UTF-8) and deliver the file again"
    column = " or ".join(names) if names else None
    return LandingProblem(file.relative, "text in UTF-8", "bytes that are not UTF-8", step, column)


def _inspect_parquet(fs: Any, file: LandingFile, source: Source) -> LandingFile:
    if fs.size(file.path) == 0:
        return replace(file, problem=_empty(file, "0 bytes"))
    with fs.open(file.path, "rb") as handle:
        parquet = pq.ParquetFile(handle)
        metadata, schema = parquet.metadata, parquet.schema_arrow
    keys = {column.name for column in source.columns if column.kind == "key"}
    columns = tuple(
        (name, field.name, "empty" if kind == "float" and name in keys and _is_empty(metadata, field.name) else kind)
        for field in schema
        for name, kind in [(contract_name(field.name), class_of(field.type))]
    )
    file = replace(file, columns=columns, types=tuple(str(field.type) for field in schema))
    if metadata.num_rows == 0:
        return replace(file, problem=_empty(file, "no rows"))
    return replace(file, countries=_country_range(metadata, columns))


def _is_empty(metadata: pq.FileMetaData, written: str) -> bool:
    """Return True if a column has nulls alone: pandas stores an empty column of texts as decimal numbers."""
    chunks = _chunks(metadata, written)
    return all(
        chunk is not None and chunk.statistics is not None and chunk.statistics.null_count == chunk.num_values
        for chunk in chunks
    )


def _country_range(metadata: pq.FileMetaData, columns: tuple[tuple[str, str, str], ...]) -> tuple[str, str] | None:
    """Return the smallest and largest country by the statistics; None if a row group has none or holds nulls."""
    written = next((raw for name, raw, kind in columns if name == "country" and kind == "text"), None)
    if written is None:
        return None
    lows, highs = [], []
    for chunk in _chunks(metadata, written):
        statistics = chunk.statistics if chunk is not None else None
        # The count is None where the writer left it out.
        if statistics is None or not statistics.has_min_max or statistics.null_count != 0:
            return None
        low, high = statistics.min, statistics.max
        if not isinstance(low, str) or not isinstance(high, str):
            return None
        lows.append(low)
        highs.append(high)
    low = min(lows)
    # Blanks around a code do not count: one before it sorts it before all others.
    return (low.rstrip(), max(highs)) if low and low == low.lstrip() else None


def _chunks(metadata: pq.FileMetaData, written: str) -> list[pq.ColumnChunkMetaData | None]:
    """Return a column's part of every row group; None where a group does not have it."""
    chunks = []
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        leaves = (row_group.column(position) for position in range(row_group.num_columns))
        chunks.append(next((leaf for leaf in leaves if leaf.path_in_schema == written), None))
    return chunks


def _inspect_csv(fs: Any, file: LandingFile) -> LandingFile:
    file = replace(file, format="csv")
    with fs.open(file.path, "rb") as handle:
        head = handle.read(HEADER_BYTES)
    if not head.strip():
        return replace(file, problem=_empty(file, "0 bytes" if not head else "blank lines only"))
    end = _end_of_header(head)
    if end is None and len(head) == HEADER_BYTES:
        found, step = "a first line of more than 64 KiB", "end the header with a line break and deliver the file again"
        return replace(file, problem=LandingProblem(file.relative, "a header line", found, step))
    header = (head[: end.start()] if end else head).decode("utf-8-sig")
    rest = head[end.end() :] if end else b""
    names = next(csv.reader(io.StringIO(header, newline="")), [])
    columns = tuple((contract_name(name), name, "text") for name in names)
    wrong = _wrong_delimiter(file, names)
    if wrong is None and not rest.strip():
        wrong = _empty(file, "a header and no rows")
    return replace(file, columns=columns, problem=wrong)


def _end_of_header(head: bytes) -> re.Match[bytes] | None:
    """Return the first line break that is not in a quoted name."""
    breaks = re.finditer(rb"\r\n|\n|\r", head)
    return next((each for each in breaks if head.count(b'"', 0, each.start()) % 2 == 0), None)


def _wrong_delimiter(file: LandingFile, names: list[str]) -> LandingProblem | None:
    text = ",".join(names)
    for delimiter, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")):
        if text.count(delimiter) >= len(names) and text.count(delimiter) > 0:
            found = f"columns separated by {called} (header {text!r})"
            step = "export the file with commas between columns and a point in decimals, and deliver it again"
            return LandingProblem(file.relative, "columns separated by commas", found, step)
    return None


def _inspect_workbook(fs: Any, file: LandingFile, source: Source, unpacked: Unpacked) -> Inspected:
    """Return the sheets whose first row is the contract's header; without one, the problem of the first sheet."""
    try:
        with fs.open(file.path, "rb") as handle:
            workbook = read_workbook(handle)
    except OSError:
        raise
    except Exception as error:  # openpyxl has no base of its errors
        if is_transient(error):
            raise
        return Inspected((replace(file, problem=unreadable(file, error)),))
    headed = [(sheet, _with_path_columns(_header_of(file, sheet), source)) for sheet in workbook.sheets]
    meant = [(sheet, header) for sheet, header in headed if not missing_columns(header, source)]
    if not meant:
        problem = column_problem(headed[0][1], source) if headed else _empty(file, "no visible sheet with cells")
        return Inspected((replace(file, problem=problem),))
    files = []
    for sheet, header in meant:
        if len(meant) > 1:
            header = replace(header, relative=f"{file.relative}, sheet {sheet.name}", workbook=file.relative)
        files.append(_sheet_file(header, sheet, source, unpacked))
    others = {sheet.name for sheet, _ in headed} - {sheet.name for sheet, _ in meant}
    reasons = dict.fromkeys(sorted(others), "its first row is not the header of the source")
    reasons |= dict.fromkeys(workbook.hidden, "a hidden sheet")
    unread = [UnreadFile(f"{file.relative}, sheet {name}", why) for name, why in reasons.items()]
    return Inspected(tuple(files), tuple(unread))


def _header_of(file: LandingFile, sheet: Sheet) -> LandingFile:
    return replace(file, columns=tuple((contract_name(name), name, "text") for name in sheet.header if name.strip()))


def _sheet_file(file: LandingFile, sheet: Sheet, source: Source, unpacked: Unpacked) -> LandingFile:
    """Return a sheet as a Parquet file of texts."""
    problem = column_problem(file, source)
    if problem is None and not sheet.rows:
        problem = _empty(file, "a header and no rows")
    if problem:
        return replace(file, problem=problem)
    try:
        kinds = {column.name: column.kind for column in source.columns}
        cells = {
            name: sheet.column(at, kinds.get(contract_name(name), "text"))
            for at, name in enumerate(sheet.header)
            if name.strip()
        }
    except ValueError as error:
        step = "correct the cell, save the workbook in Excel, and deliver it again"
        expected = "a value in every cell, and codes as text"
        return replace(file, problem=LandingProblem(file.relative, expected, str(error), step))
    table = pa.table({name: pa.array(column, pa.string()) for name, column in cells.items()})
    path = unpacked.write(file.relative, partial(_write_parquet, table))
    return replace(file, path=path, root=unpacked.root, format="parquet", types=("string",) * len(cells))


def _write_parquet(table: pa.Table, target: Path) -> None:
    pq.write_table(table, target)


def _with_path_columns(file: LandingFile, source: Source) -> LandingFile:
    """Add columns that are in the path as ``country=FR/``, if the file itself does not have them.

    A period in the path is left out if the file has one of its own, as rows decide. ``year=2024/month=06`` is a month.
    """
    keys = path_keys(file.relative)
    has_period = source.is_fact and bool({"month", "date"} & set(file.column_names))
    added = []
    for column in source.columns:
        parts = PATH_PARTS.get(column.name, ())
        parts = parts if parts and set(parts) <= keys.keys() else (column.name,)
        is_there = column.name in file.column_names or (has_period and column.name in ("month", "date"))
        if not is_there and set(parts) <= keys.keys():
            added.append((column.name, "/".join(keys[part][0] for part in parts), "path"))
    country = keys["country"][1] if any(name == "country" for name, _, _ in added) else ""
    countries = (country, country) if country else file.countries
    return replace(file, columns=(*file.columns, *added), countries=countries)


def _empty(file: LandingFile, found: str) -> LandingProblem:
    return LandingProblem(
        file.relative, "at least one row", found, "deliver the file again with its rows, or remove it"
    )
