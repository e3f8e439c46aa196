"""Reading a workbook that a planner has filled in: its key, the numbers it showed, and the entries.

Only the form is checked here: sheets, titles, rows. The rules of entries are in ``domain``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd

from forecast_assets.domain.publication.override_entries import Entry
from forecast_assets.domain.publication.total_entries import LEVELS, TotalEntry
from forecast_assets.reports import override_layout as layout

if TYPE_CHECKING:
    from openpyxl import Workbook

NEXT = "Take the workbook of the month again from market_report, and enter the numbers there"
LINES = (layout.PUBLISHED, layout.MODEL, layout.YOURS)


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
    totals: list[TotalEntry]


@dataclass(frozen=True)
class _Filled:
    """A filled cell: what it is of (a SKU; a level and group), and the fields that every entry has."""

    of: tuple[str, ...]
    cell: str
    month: pd.Timestamp
    units: object
    reasons: tuple[str, str, str, str]


@dataclass(frozen=True)
class _Sheet:
    """Rows of a sheet as values and as formulas, the positions of its columns, from 0, and the sheet with formats."""

    name: str
    rows: list[tuple[Any, ...]]
    formulas: list[tuple[Any, ...]]
    keys: tuple[int, ...]
    line: int
    reason: int
    comment: int
    months: dict[int, pd.Timestamp]
    formats: Any

    def cell(self, position: int, row: int) -> str:
        """Return the address of a cell, the row counted from 1."""
        return f"{self.name}!{_letter(position)}{row}"


def read_override_workbook(file: BinaryIO) -> FilledWorkbook:
    """Read the sheets Overrides, Totals and ``_key``.

    Raises:
        WorkbookError: If the file is no workbook, or a sheet, title or row is not as it was written.
    """
    import openpyxl

    try:
        # Results of formulas, and the formulas themselves: one without a result must not count as empty.
        books = [openpyxl.load_workbook(file, data_only=only) for only in (True, False)]
    except Exception as error:
        raise WorkbookError(
            f"the file is not an Excel workbook that can be read ({error}). Save it as .xlsx, or take the workbook of "
            "the month again from market_report"
        ) from error
    key = _key(books[0])
    skus = _sheet(books, layout.SHEET, (layout.SKU,))
    totals = _sheet(books, layout.TOTALS_SHEET, (layout.LEVEL, layout.GROUP))
    return FilledWorkbook(
        *key,
        _published(skus),
        [Entry(each.cell, each.of[0], each.month, each.units, *each.reasons) for each in _filled(skus)],
        [_total(each) for each in _filled(totals)],
    )


def _total(filled: _Filled) -> TotalEntry:
    level, group = filled.of
    if level not in LEVELS:
        raise WorkbookError(f"{filled.cell}: expected the level {' or '.join(LEVELS)}, got {level!r}. {NEXT}")
    return TotalEntry(filled.cell, level, group, filled.month, filled.units, *filled.reasons)


def _published(sheet: _Sheet) -> pd.DataFrame:
    """Return the published numbers that the workbook shows."""
    rows = [
        (str(row[sheet.keys[0]]), month, float(row[position]))
        for row in sheet.rows
        if row[sheet.line] == layout.PUBLISHED
        for position, month in sheet.months.items()
        if isinstance(row[position], int | float)
    ]
    table = pd.DataFrame(rows, columns=["sku", "target_month", "forecast_units"])
    return table.astype({"target_month": "datetime64[ns]", "forecast_units": float})


def _in(book: "Workbook", name: str) -> Any:
    if name not in book.sheetnames:
        raise WorkbookError(f"sheet {name} is missing; there are {', '.join(book.sheetnames)}. {NEXT}")
    return book[name]


def _key(book: "Workbook") -> tuple[str, pd.Timestamp, str]:
    """Return market, origin month and content hash."""
    cells = _in(book, layout.KEY_SHEET).iter_rows(max_col=2, values_only=True)
    key = {str(row[0]): str(row[1]) for row in cells if len(row) == 2}
    for row, name in enumerate((layout.LAYOUT_KEY, layout.MARKET, layout.ORIGIN_MONTH, layout.CONTENT_HASH), 1):
        if name not in key:
            raise WorkbookError(f"{layout.KEY_SHEET}!A{row}: expected {name}. {NEXT}")
    if key[layout.LAYOUT_KEY] != layout.LAYOUT:
        raise WorkbookError(f"{layout.KEY_SHEET}!B1: layout {key[layout.LAYOUT_KEY]}, expected {layout.LAYOUT}. {NEXT}")
    month = _month(key[layout.ORIGIN_MONTH])
    if month is None:
        raise WorkbookError(f"{layout.KEY_SHEET}!B3: {key[layout.ORIGIN_MONTH]!r} is no month. {NEXT}")
    return key[layout.MARKET], month, key[layout.CONTENT_HASH]


def _sheet(books: "list[Workbook]", name: str, keys: tuple[str, ...]) -> _Sheet:
    """Return a sheet whose columns are found by their titles."""
    values, formulas = (list(_in(book, name).iter_rows(values_only=True)) for book in books)
    sheet = _in(books[1], name)
    merged = sorted(str(cells) for cells in sheet.merged_cells.ranges)
    if merged:
        raise WorkbookError(
            f"{name}!{merged[0]}: cells are merged, so a number belongs to no one month. Undo it, and enter a number "
            "in each cell"
        )
    titles = [str(title) if title is not None else "" for title in (values[0] if values else ())]
    places = {}
    for title in (*keys, layout.LINE, layout.REASON, layout.COMMENT):
        if titles.count(title) != 1:
            raise WorkbookError(f"{name}, row 1: expected one column {title}, got {titles.count(title)}. {NEXT}")
        places[title] = titles.index(title)
    months: dict[int, pd.Timestamp] = {}
    for position in range(places[layout.LINE] + 1, places[layout.REASON]):
        month = _month(titles[position])
        if month is None or month in months.values():
            cell = f"{name}!{_letter(position)}1"
            raise WorkbookError(
                f"{cell}: expected a month that is in no other column, got {titles[position]!r}. {NEXT}"
            )
        months[position] = month
    if not months:
        raise WorkbookError(f"{name}, row 1: no month between {layout.LINE} and {layout.REASON}. {NEXT}")
    return _Sheet(
        name, values[1:], formulas[1:], tuple(places[key] for key in keys), places[layout.LINE],
        places[layout.REASON], places[layout.COMMENT], months, sheet,
    )  # fmt: skip


def _filled(sheet: _Sheet) -> Iterator[_Filled]:
    """Yield the filled cells of the rows Yours."""
    seen: dict[tuple[str, ...], int] = {}
    for number, (row, formulas) in enumerate(zip(sheet.rows, sheet.formulas, strict=True), 2):
        line, of = row[sheet.line], tuple(row[place] for place in sheet.keys)
        if line not in LINES and any(cell is not None for cell in row):
            raise WorkbookError(f"{sheet.cell(sheet.line, number)}: expected {', '.join(LINES)}, got {line!r}. {NEXT}")
        if line != layout.YOURS:
            continue
        for place, text in zip(sheet.keys, of, strict=True):
            if not isinstance(text, str) or not text:
                raise WorkbookError(f"{sheet.cell(place, number)}: expected a name as text, got {text!r}. {NEXT}")
        if of in seen:
            raise WorkbookError(f"{sheet.name}, row {number}: {' '.join(of)} stands in row {seen[of]} already")
        seen[of] = number
        yield from _filled_of_row(sheet, number, of, row, formulas)


def _filled_of_row(
    sheet: _Sheet, number: int, of: tuple[str, ...], row: tuple[Any, ...], formulas: tuple[Any, ...]
) -> Iterator[_Filled]:
    texts = [str(row[place]).strip() if row[place] is not None else "" for place in (sheet.reason, sheet.comment)]
    reasons = (sheet.cell(sheet.reason, number), texts[0], sheet.cell(sheet.comment, number), texts[1])
    if any(texts) and all(row[position] in (None, "") and formulas[position] is None for position in sheet.months):
        raise WorkbookError(f"{sheet.cell(sheet.reason, number)}: a reason or comment without a number in its row")
    for position, month in sheet.months.items():
        cell = sheet.cell(position, number)
        if row[position] is None and formulas[position] is not None:
            raise WorkbookError(f"{cell}: a formula without its result. Open the workbook in Excel and save it")
        if row[position] is not None and row[position] != "":
            shown_as = str(sheet.formats.cell(number, position + 1).number_format)
            if "%" in shown_as and isinstance(row[position], int | float):
                raise WorkbookError(f"{cell}: {row[position]:.4g} is shown as a percentage; enter units, such as 900")
            yield _Filled(of, cell, month, row[position], reasons)


def _month(text: str) -> pd.Timestamp | None:
    month = pd.to_datetime(text, format="%Y-%m", errors="coerce")
    return None if pd.isna(month) else pd.Timestamp(month)


def _letter(position: int) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(position + 1)
