"""Reading a workbook that a planner has filled in: its key, the numbers it showed, and the entries.

Only the form is checked here: sheets, titles, rows. The rules of entries are in ``domain``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd

from forecast_assets.domain.publication.override_entries import Entry
from forecast_assets.reports import override_layout as layout

if TYPE_CHECKING:
    from openpyxl import Workbook

NEXT = "Take the workbook of the month again from market_report, and enter the numbers there"


class WorkbookError(ValueError):
    """Error of a workbook's form: it names sheet, row and column."""


@dataclass(frozen=True)
class FilledWorkbook:
    """A workbook as filled in: market and month, hash and numbers of the publication it shows, and the entries."""

    market: str
    origin_month: pd.Timestamp
    content_hash: str
    published: pd.DataFrame
    entries: list[Entry]


@dataclass(frozen=True)
class _Columns:
    """Positions of the columns, from 0, and the months by position."""

    sku: int
    line: int
    reason: int
    comment: int
    months: dict[int, pd.Timestamp]


def read_override_workbook(file: BinaryIO) -> FilledWorkbook:
    """Read the sheets Overrides and ``_key``.

    Raises:
        WorkbookError: If the file is no workbook, or a sheet, title or row is not as it was written.
    """
    import openpyxl

    try:
        # Results of formulas, and the formulas themselves: one without a result must not count as empty.
        values, formulas = (openpyxl.load_workbook(file, data_only=only) for only in (True, False))
    except Exception as error:
        raise WorkbookError(f"the file is not a workbook that can be read ({error}). {NEXT}") from error
    key = _key(values)
    rows = list(_sheet(values, layout.SHEET).iter_rows(values_only=True))
    columns = _columns(rows[0] if rows else ())
    entered = list(_sheet(formulas, layout.SHEET).iter_rows(values_only=True))
    published = [
        (str(row[columns.sku]), month, row[position])
        for row in rows[1:]
        if row[columns.line] == layout.PUBLISHED
        for position, month in columns.months.items()
        if isinstance(row[position], int | float)
    ]
    return FilledWorkbook(
        *key,
        pd.DataFrame(published, columns=["sku", "target_month", "forecast_units"]).astype({"forecast_units": float}),
        list(_entries(rows, entered, columns)),
    )


def _sheet(book: "Workbook", name: str) -> Any:
    if name not in book.sheetnames:
        raise WorkbookError(f"sheet {name} is missing; there are {', '.join(book.sheetnames)}. {NEXT}")
    return book[name]


def _key(book: "Workbook") -> tuple[str, pd.Timestamp, str]:
    """Return market, origin month and content hash."""
    cells = _sheet(book, layout.KEY_SHEET).iter_rows(max_col=2, values_only=True)
    key = {str(name): str(value) for name, value, *_ in (row for row in cells if len(row) == 2)}
    for row, name in enumerate((layout.LAYOUT_KEY, layout.MARKET, layout.ORIGIN_MONTH, layout.CONTENT_HASH), 1):
        if name not in key:
            raise WorkbookError(f"{layout.KEY_SHEET}!A{row}: expected {name}. {NEXT}")
    if key[layout.LAYOUT_KEY] != layout.LAYOUT:
        raise WorkbookError(f"{layout.KEY_SHEET}!B1: layout {key[layout.LAYOUT_KEY]}, expected {layout.LAYOUT}. {NEXT}")
    month = _month(key[layout.ORIGIN_MONTH])
    if month is None:
        raise WorkbookError(f"{layout.KEY_SHEET}!B3: {key[layout.ORIGIN_MONTH]!r} is no month. {NEXT}")
    return key[layout.MARKET], month, key[layout.CONTENT_HASH]


def _columns(head: tuple[Any, ...]) -> _Columns:
    titles = [str(title) if title is not None else "" for title in head]
    places = {}
    for name in (layout.SKU, layout.LINE, layout.REASON, layout.COMMENT):
        if titles.count(name) != 1:
            raise WorkbookError(f"{layout.SHEET}, row 1: expected one column {name}, got {titles.count(name)}. {NEXT}")
        places[name] = titles.index(name)
    months: dict[int, pd.Timestamp] = {}
    for position in range(places[layout.LINE] + 1, places[layout.REASON]):
        month = _month(titles[position])
        if month is None or month in months.values():
            cell = f"{layout.SHEET}!{_letter(position)}1"
            raise WorkbookError(
                f"{cell}: expected a month that is in no other column, got {titles[position]!r}. {NEXT}"
            )
        months[position] = month
    if not months:
        raise WorkbookError(f"{layout.SHEET}, row 1: no month between {layout.LINE} and {layout.REASON}. {NEXT}")
    return _Columns(places[layout.SKU], places[layout.LINE], places[layout.REASON], places[layout.COMMENT], months)


def _entries(rows: list[tuple[Any, ...]], entered: list[tuple[Any, ...]], columns: _Columns) -> Iterator[Entry]:
    """Yield the filled cells of the rows Yours."""
    seen: dict[str, int] = {}
    for number, (row, formulas) in enumerate(zip(rows[1:], entered[1:], strict=True), 2):
        line, sku = row[columns.line], row[columns.sku]
        if line not in (layout.PUBLISHED, layout.MODEL, layout.YOURS) and any(cell is not None for cell in row):
            cell = f"{layout.SHEET}!{_letter(columns.line)}{number}"
            raise WorkbookError(f"{cell}: expected {layout.PUBLISHED}, {layout.MODEL} or {layout.YOURS}, got {line!r}")
        if line != layout.YOURS:
            continue
        if not isinstance(sku, str) or not sku:
            raise WorkbookError(f"{layout.SHEET}!{_letter(columns.sku)}{number}: expected a SKU as text, got {sku!r}")
        if sku in seen:
            raise WorkbookError(f"{layout.SHEET}, row {number}: SKU {sku} stands in row {seen[sku]} already")
        seen[sku] = number
        yield from _entries_of_row(number, row, formulas, columns)


def _entries_of_row(number: int, row: tuple[Any, ...], formulas: tuple[Any, ...], columns: _Columns) -> Iterator[Entry]:
    reason, comment = (str(row[place]).strip() if row[place] is not None else ""
                       for place in (columns.reason, columns.comment))  # fmt: skip
    for position, month in columns.months.items():
        cell = f"{layout.SHEET}!{_letter(position)}{number}"
        if row[position] is None and formulas[position] is not None:
            raise WorkbookError(f"{cell}: a formula without its result. Open the workbook in Excel and save it")
        if row[position] is None or row[position] == "":
            continue
        yield Entry(
            cell, row[columns.sku], month, row[position],
            f"{layout.SHEET}!{_letter(columns.reason)}{number}", reason,
            f"{layout.SHEET}!{_letter(columns.comment)}{number}", comment,
        )  # fmt: skip


def _month(text: str) -> pd.Timestamp | None:
    month = pd.to_datetime(text, format="%Y-%m", errors="coerce")
    return None if pd.isna(month) else pd.Timestamp(month)


def _letter(position: int) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(position + 1)
