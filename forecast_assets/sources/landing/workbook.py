"""Sheets of an Excel workbook as tables of text, read as a CSV export of them would be.

Belongs here: cells of Excel. Not here: the contract's columns (column_checks.py).
"""

import datetime
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

# Excel keeps 15 digits.
EXACT_BELOW = 10**15


class CellError(ValueError):
    """A cell that has no value: an error of Excel, or a formula that was saved without its result."""


@dataclass(frozen=True)
class Sheet:
    """A visible sheet that is not empty: its first row with a value as ``header``, and the rows below it."""

    name: str
    header: tuple[str, ...]
    rows: list[tuple[str | None, ...]]

    def column(self, position: int, *, of_numbers: bool = False) -> list[str | None]:
        """Return the cells of a column. Raises ``CellError`` if one has no value.

        With ``of_numbers``, decimals are written with an exponent: their point is one in every stated notation.
        """
        cells = [row[position] if position < len(row) else None for row in self.rows]
        broken = next((cell for cell in cells if isinstance(cell, _Broken)), None)
        if broken is not None:
            raise CellError(str(broken))
        return [f"{cell}e0" if of_numbers and isinstance(cell, _Decimal) else cell for cell in cells]


@dataclass(frozen=True)
class Workbook:
    """The sheets of a file that are read, and the names of hidden ones."""

    sheets: list[Sheet]
    hidden: list[str]


class _Decimal(str):
    """The text of a number with a decimal point."""

    __slots__ = ()


class _Broken(str):
    """The description of a cell without a value."""


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
            _Broken(f"cell {source.coordinate} holds a formula that was saved without its result")
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
        return _Broken(f"cell {cell.coordinate} holds the error {value}")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "")
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def _number(value: float, number_format: str) -> str:
    if value != int(value):
        text = repr(float(value))
        return text if "e" in text else _Decimal(text)
    if abs(value) >= EXACT_BELOW:
        return repr(float(value))
    # A code shown with leading zeros is stored as a number and this format.
    return str(int(value)).zfill(len(number_format)) if re.fullmatch("0{2,}", number_format) else str(int(value))
