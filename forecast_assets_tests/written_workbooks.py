"""Excel workbooks written cell by cell, whatever a reader expects."""

from collections.abc import Iterable, Mapping, Sequence

import openpyxl
from openpyxl.workbook import Workbook


def workbook_of(sheets: Mapping[str, Iterable[Sequence[object]]]) -> Workbook:
    """Return a workbook with the rows of each sheet."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book
