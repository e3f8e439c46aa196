"""One delivered file: its format, columns and countries, and the markets that it concerns.

Belongs here: headers and footers. Not here: rows (rows.py) and their checks (contract/row_checks.py).
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from forecast_assets.domain.suggestions import closest
from forecast_assets.sources.contract.columns import Column, Source
from forecast_assets.sources.contract.problems import LandingProblem
from forecast_assets.storage.transient_errors import is_transient

HEADER_BYTES = 65_536
TABLE = "table"
DELIVER_AGAIN = "deliver the file again, complete, under the same name"


@dataclass(frozen=True)
class LandingFile:
    """A delivered file or table. ``columns`` holds (name in the contract's spelling, name in the file, class).

    The class is ``text``, ``number``, ``float``, ``date``, ``flag`` or ``path`` (the value is in the path:
    ``country=FR/``).
    ``countries`` is the range of codes the file can hold, None if only its rows show them.
    """

    path: str
    relative: str
    format: str
    columns: tuple[tuple[str, str, str], ...] = ()
    countries: tuple[str, str] | None = None
    problem: LandingProblem | None = None

    @property
    def shape(self) -> tuple[Any, ...]:
        """Format and columns: one statement reads files of equal shape."""
        return (self.format, self.columns)

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in the contract's spelling."""
        return [name for name, _, _ in self.columns]

    def can_hold(self, market: str) -> bool:
        """Return True if the file may have rows of a market."""
        return self.countries is None or self.countries[0] <= market <= self.countries[1]


def is_delivery(relative: str) -> bool:
    """Return True if a path below the source folder is a delivered file: parquet or csv, not hidden or temporary."""
    parts = PurePosixPath(relative).parts
    hidden = any(part.startswith(("_", ".")) for part in parts)
    return not hidden and relative.lower().endswith((".parquet", ".csv"))


def concerns(relative: str, source: str, market: str, known_codes: Iterable[str]) -> bool:
    """Return True if an unreadable file concerns a market: its path names the market's code, or no code.

    Codes are compared as written (``sell_in`` does not name India's ``IN``) and the longest wins: ``AU_NSW_2024.csv``
    names AU_NSW, not AU.
    """
    text = re.sub(re.escape(source), "", relative, flags=re.IGNORECASE)
    codes = sorted({market, *known_codes}, key=len, reverse=True)
    named = set()
    for code in codes:
        pattern = rf"(?<![A-Za-z0-9]){re.escape(code)}(?![A-Za-z0-9])"
        if re.search(pattern, text):
            named.add(code)
            text = re.sub(pattern, "|", text)
    return not named or market in named


def inspect_file(fs: Any, file: LandingFile, source: Source) -> LandingFile:
    """Return ``file`` with columns, countries or problem from its header or footer; ``fs`` is an fsspec filesystem."""
    try:
        inspected = _inspect_parquet(fs, file) if file.format == "parquet" else _inspect_csv(fs, file)
    except (pa.ArrowInvalid, pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        if is_transient(error):
            raise
        return replace(file, problem=unreadable(file, error))
    if inspected.problem:
        return inspected
    inspected = _with_path_columns(inspected, source)
    return replace(inspected, problem=column_problem(inspected, source))


def unreadable(file: LandingFile, error: Exception) -> LandingProblem:
    """Return the problem of a file that cannot be read at all, with the reader's message."""
    reason = " ".join(str(error).split())
    if file.format == "parquet":
        return LandingProblem(
            file.relative, "a complete Parquet file", f"an unreadable file ({reason[:160]})", DELIVER_AGAIN
        )
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
    if isinstance(error, UnicodeDecodeError) or "unicode" in reason.lower():
        return LandingProblem(
            file.relative, "text in UTF-8", "bytes that are not UTF-8", "save the file as UTF-8 and deliver it again"
        )
    return LandingProblem(
        file.relative, "a comma-separated file", f"an unreadable file ({reason[:160]})", DELIVER_AGAIN
    )


def _inspect_parquet(fs: Any, file: LandingFile) -> LandingFile:
    if fs.size(file.path) == 0:
        return replace(file, problem=_empty(file, "0 bytes"))
    with fs.open(file.path, "rb") as handle:
        parquet = pq.ParquetFile(handle)
        metadata, schema = parquet.metadata, parquet.schema_arrow
    columns = tuple((contract_name(field.name), field.name, class_of(field.type)) for field in schema)
    if metadata.num_rows == 0:
        return replace(file, columns=columns, problem=_empty(file, "no rows"))
    return replace(file, columns=columns, countries=_country_range(metadata, columns))


def _country_range(metadata: pq.FileMetaData, columns: tuple[tuple[str, str, str], ...]) -> tuple[str, str] | None:
    """Return the smallest and largest country by the statistics; None if a row group has none or holds nulls."""
    written = next((raw for name, raw, kind in columns if name == "country" and kind == "text"), None)
    if written is None:
        return None
    lows, highs = [], []
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        leaves = (row_group.column(position) for position in range(row_group.num_columns))
        chunk = next((leaf for leaf in leaves if leaf.path_in_schema == written), None)
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


def _inspect_csv(fs: Any, file: LandingFile) -> LandingFile:
    with fs.open(file.path, "rb") as handle:
        head = handle.read(HEADER_BYTES)
    if not head.strip():
        return replace(file, problem=_empty(file, "0 bytes" if not head else "blank lines only"))
    header_bytes, _, rest = head.partition(b"\n")
    header = header_bytes.decode("utf-8-sig").rstrip("\r")
    names = next(csv.reader(io.StringIO(header)))
    columns = tuple((contract_name(name), name, "text") for name in names)
    wrong = _wrong_delimiter(file, names)
    if wrong is None and not rest.strip():
        wrong = _empty(file, "a header and no rows")
    return replace(file, columns=columns, problem=wrong)


def _wrong_delimiter(file: LandingFile, names: list[str]) -> LandingProblem | None:
    text = ",".join(names)
    for delimiter, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")):
        if text.count(delimiter) >= len(names) and text.count(delimiter) > 0:
            found = f"columns separated by {called} (header {text!r})"
            step = "export the file with commas between columns and a point in decimals, and deliver it again"
            return LandingProblem(file.relative, "columns separated by commas", found, step)
    return None


def _with_path_columns(file: LandingFile, source: Source) -> LandingFile:
    """Add columns that are in the path as ``country=FR/``, if the file itself does not have them."""
    pairs = dict(part.split("=", 1) for part in PurePosixPath(file.relative).parts[:-1] if "=" in part)
    added = tuple(
        (name, name, "path") for name in source.column_names if name in pairs and name not in file.column_names
    )
    countries = (unquote(pairs["country"]),) * 2 if any(name == "country" for name, _, _ in added) else file.countries
    return replace(file, columns=file.columns + added, countries=countries)


def column_problem(file: LandingFile, source: Source) -> LandingProblem | None:
    """Return the first problem of the columns: one named twice, missing, or a key stored as a float.

    ``file`` may be a table (format ``TABLE``).
    """
    names = file.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return LandingProblem(
            file.relative,
            "each column once",
            f"column {twice[0]} {names.count(twice[0])} times",
            "rename or remove one",
            twice[0],
        )
    missing = [column.name for column in source.columns if column.required and column.name not in names]
    one_of = [] if not source.any_of or set(source.any_of) & set(names) else [" or ".join(source.any_of)]
    if missing or one_of:
        return _missing(file, missing + one_of)
    for name, _, kind in file.columns:
        if name in source.column_names and source.column(name).kind == "key" and kind == "float":
            return _float_key(file, source.column(name))
    return None


def _missing(file: LandingFile, missing: list[str]) -> LandingProblem:
    present = file.column_names
    wanted = [name for names in missing for name in names.split(" or ")]
    close = [match for name in wanted for match in closest(name, present)]
    again = (
        "add the column to the table or view" if file.format == TABLE else "add the column and deliver the file again"
    )
    step = f"rename {' and '.join(close)}, or add the column" if close else again
    return LandingProblem(
        file.relative,
        f"the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
        f"the columns {', '.join(present)}",
        step,
        column=missing[0] if len(missing) == 1 else None,
    )


def _float_key(file: LandingFile, column: Column) -> LandingProblem:
    step = f"store {column.name} as text: a decimal number loses leading zeros and long codes"
    return LandingProblem(file.relative, "text or whole numbers", "decimal numbers", step, column.name)


def _empty(file: LandingFile, found: str) -> LandingProblem:
    return LandingProblem(
        file.relative, "at least one row", found, "deliver the file again with its rows, or remove it"
    )


def contract_name(written: str) -> str:
    """Return the contract's spelling of a column's name."""
    return written.strip().lower()


def class_of(arrow_type: pa.DataType) -> str:
    """Return the class of a type's cells: ``text``, ``number``, ``float``, ``date`` or ``flag``."""
    value_type = arrow_type.value_type if pa.types.is_dictionary(arrow_type) else arrow_type
    if pa.types.is_boolean(value_type):
        return "flag"
    if pa.types.is_floating(value_type) or pa.types.is_decimal(value_type):
        return "float"
    if pa.types.is_integer(value_type):
        return "number"
    if pa.types.is_date(value_type) or pa.types.is_timestamp(value_type):
        return "date"
    return "text"
