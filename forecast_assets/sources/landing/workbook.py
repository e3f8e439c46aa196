"""Sheets of an Excel workbook as tables of text, read as a CSV export of them would be.

Belongs here: cells of Excel. Not here: the contract's columns (column_checks.py).
"""

import datetime
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Self

# Excel keeps 15 digits.
EXACT_BELOW = 10**15
# Formats of numbers that show all digits and nothing else; separators of thousands and decimals do not hide any.
PLAIN_FORMAT = re.compile(r"(general|@|[#,. ]*0?([.,]0+)?|#[#,. ]*0([.,]0+)?)", re.IGNORECASE)
ZEROS_FORMAT = re.compile("0{2,}")
# Parts of a format without an effect on the digits: colour, locale, spaces as wide as a character.
UNSEEN_OF_FORMAT = re.compile(r"\[[^\]]*\]|_.|\*.")


class CellError(ValueError):
    """A cell without a value (an error, a formula without its result), or one that is no code in a key column."""


@dataclass(frozen=True)
class Sheet:
    """A visible sheet that is not empty: its first row with a value as ``header``, and the rows below it."""

    name: str
    header: tuple[str, ...]
    rows: list[tuple[str | None, ...]]

    def column(self, position: int, kind: str = "text") -> list[str | None]:
        """Return the cells of a column for a kind of the contract. Raises ``CellError``.

        For a ``number``, decimals are written with an exponent: their point is one in every stated notation. For a
        ``key``, a cell must be text or a whole number that is shown with all its digits: Excel makes dates and numbers
        of codes.
        """
        cells = [row[position] if position < len(row) else None for row in self.rows]
        wrong = (_Broken, _NoCode) if kind == "key" else _Broken
        broken = next((cell for cell in cells if isinstance(cell, wrong)), None)
        if broken is not None:
            raise CellError(broken.reason)
        return [f"{cell}e0" if kind == "number" and isinstance(cell, _Decimal) else cell for cell in cells]


@dataclass(frozen=True)
class Workbook:
    """The sheets of a file that are read, and the names of hidden ones."""

    sheets: list[Sheet]
    hidden: list[str]


class _NoCode(str):
    """The text of a cell that may be no code; ``reason`` names the cell and what is wrong."""

    reason: str

    def __new__(cls, text: str, reason: str) -> Self:
        cell = super().__new__(cls, text)
        cell.reason = reason
        return cell


class _Decimal(_NoCode):
    """The text of a number with a decimal point."""


class _Broken(_NoCode):
    """A cell without a value."""


def read_workbook(handle: BinaryIO) -> Workbook:
    """Read a workbook. Raises an error of ``openpyxl``, ``zipfile`` or the XML parser if it is none."""
    from openpyxl import load_workbook

    values = load_workbook(handle, read_only=True, data_only=True)
    formulas = load_workbook(handle, read_only=True) if _has_formulas(handle) else values
    sheets, hidden = [], []
    for sheet, same in zip(values.worksheets, formulas.worksheets, strict=True):
        if sheet.sheet_state != "visible":
            hidden.append(sheet.title)
            continue
        rows = [row for row in _rows(sheet, same) if any(cell is not None for cell in row)]
        if rows:
            sheets.append(Sheet(sheet.title, tuple(cell or "" for cell in rows[0]), rows[1:]))
    return Workbook(sheets, hidden)


def _has_formulas(handle: BinaryIO) -> bool:
    with zipfile.ZipFile(handle) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return any(re.search(rb"<f[ >/]", archive.read(name)) for name in names)


def _rows(sheet: Any, formulas: Any) -> Iterator[tuple[str | None, ...]]:
    # Some writers store too small a size of the sheet, and the rows beyond it would be lost.
    sheet.reset_dimensions()
    if formulas is sheet:
        yield from (tuple(_text(cell) for cell in cells) for cells in sheet.iter_rows())
        return
    formulas.reset_dimensions()
    for cells, sources in zip(sheet.iter_rows(), formulas.iter_rows(), strict=True):
        yield tuple(
            _Broken("", f"cell {source.coordinate} holds a formula that was saved without its result")
            if cell.value is None and source.data_type == "f"
            else _text(cell)
            for cell, source in zip(cells, sources, strict=True)
        )


def _text(cell: Any) -> str | None:
    """Return a cell as CSV would hold it."""
    value = cell.value
    if value is None or value == "":
        return None
    if cell.data_type == "e":
        return _Broken("", f"cell {cell.coordinate} holds the error {value}")
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _NoCode("true" if value else "false", f"cell {cell.coordinate} holds the truth value {value}")
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "", cell.coordinate)
    text = str(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        text = value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    return _NoCode(text, f"cell {cell.coordinate} holds the date or time {text}")


def _number(value: float, number_format: str, coordinate: str) -> str:
    if value != int(value):
        text = repr(float(value))
        reason = f"cell {coordinate} holds the decimal number {text}"
        return _NoCode(text, reason) if "e" in text else _Decimal(text, reason)
    if abs(value) >= EXACT_BELOW:
        return _NoCode(repr(float(value)), f"cell {coordinate} holds a number of which Excel keeps 15 digits alone")
    digits = str(int(value))
    shown = UNSEEN_OF_FORMAT.sub("", number_format.split(";")[0]).strip()
    # A code shown with leading zeros is stored as a number and this format.
    if ZEROS_FORMAT.fullmatch(shown):
        return digits.zfill(len(shown))
    if PLAIN_FORMAT.fullmatch(shown):
        return digits
    return _NoCode(digits, f"cell {coordinate} holds {digits} and shows it in the format {number_format}")
