"""Formats of the workbook's cells, and the form that every table has: head, filter, frozen panes, print set-up.

Values are written as numbers with Excel's number formats, names always as text: a SKU called `=1+1` or `0012` stays
unchanged. Nothing is computed here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

NUMBER_FORMATS = {
    "text": "@",
    "units": "#,##0;[Red]-#,##0;0",
    "signed_units": "+#,##0;[Red]-#,##0;0",
    "percent": "0.0%",
    "signed_percent": "+0.0%;-0.0%;0.0%",
    "count": "#,##0",
    "month": "mmm yyyy",
}
WIDTHS = {
    "text": 16, "units": 11, "signed_units": 11, "percent": 11, "signed_percent": 11, "count": 10, "month": 10,
}  # fmt: skip
LONG_TEXT = 44
# Two lines of a wrapped title, in points.
HEAD_HEIGHT = 30
A4 = 9
LOWER, HIGHER = "#F8D7DA", "#D4EDDA"
# A column: its title and the kind of its cells.
Columns = Mapping[Any, tuple[str, str]]
Formats = dict[str, "Format"]


def formats_of(book: "xlsxwriter.Workbook") -> Formats:
    """Return the formats of a workbook by name: one per kind of cell, and those of heads and titles."""
    head = {"bold": True, "bg_color": "#E9F0FB", "bottom": 1, "text_wrap": True, "valign": "top"}
    total = {"bold": True, "bg_color": "#F3F4F6", "top": 1}
    quiet = {"font_color": "#666666"}
    styles = {
        "head": head,
        "number_head": {**head, "align": "right"},
        "month_head": {**head, "num_format": "mmm yy", "align": "right"},
        "bold": {"bold": True},
        "title": {"bold": True, "font_size": 16},
        "section": {"bold": True, "font_size": 12, "top": 1},
        "hint": quiet,
        "wrap": {"num_format": "@", "text_wrap": True, "valign": "top"},
        "link": {"font_color": "#1A56DB", "underline": 1, "num_format": "@"},
        "figure": {"bold": True, "font_size": 14, "align": "left", "num_format": "@"},
        "lower": {"bg_color": LOWER},
        "higher": {"bg_color": HIGHER},
        "override": {"bg_color": "#FFF3CD", "num_format": NUMBER_FORMATS["units"]},
    }
    kinds = {kind: {"num_format": code} for kind, code in NUMBER_FORMATS.items()}
    totals = {f"total_{kind}": {**total, **style} for kind, style in kinds.items()}
    quiets = {f"quiet_{kind}": {**quiet, **style} for kind, style in kinds.items()}
    return {name: book.add_format(style) for name, style in (styles | kinds | totals | quiets).items()}


def write_table(
    sheet: "Worksheet", table: pd.DataFrame, columns: Columns, formats: Formats, frozen_columns: int = 1
) -> None:
    """Write a frame as the only table of a sheet, with frozen head, filter and column widths."""
    for number, (name, (_, kind)) in enumerate(columns.items()):
        sheet.set_column(number, number, LONG_TEXT if name == "reason" else WIDTHS[kind])
    write_stacked(sheet, 0, table, columns, formats)
    sheet.freeze_panes(1, frozen_columns)
    sheet.autofilter(0, 0, max(len(table), 1), len(columns) - 1)


def write_stacked(sheet: "Worksheet", row: int, table: pd.DataFrame, columns: Columns, formats: Formats) -> int:
    """Write a frame below others on a sheet, whose widths and filter stay; return the row after it."""
    sheet.set_row(row, HEAD_HEIGHT)
    for column, (name, (title, kind)) in enumerate(columns.items()):
        sheet.write_string(row, column, title, formats["head" if kind == "text" else "number_head"])
        write_column(sheet, row + 1, column, table[name], kind, formats[kind])
    return row + 1 + len(table)


def write_column(
    sheet: "Worksheet", row: int, column: int, values: pd.Series, kind: str, cell_format: "Format"
) -> None:
    """Write text as text, months as dates, the rest as numbers; missing values leave the cell empty."""
    for offset, value in enumerate(values):
        write_cell(sheet, row + offset, column, value, kind, cell_format)


def write_cell(sheet: "Worksheet", row: int, column: int, value: Any, kind: str, cell_format: "Format") -> None:
    """Write one value by its kind, nothing if it is missing; an empty text has the format alone."""
    # Most cells are floats, and ``isna`` takes ten times as long for one value.
    if value != value if isinstance(value, float) else pd.isna(value):
        return
    if isinstance(value, float) and kind not in ("text", "month"):
        sheet.write_number(row, column, value, cell_format)
        return
    if value == "":
        sheet.write_blank(row, column, None, cell_format)
        return
    write = {"text": sheet.write_string, "month": sheet.write_datetime}.get(kind, sheet.write_number)
    write(row, column, _cell(value, kind), cell_format)


def write_pairs(sheet: "Worksheet", row: int, pairs: Mapping[str, str], formats: Formats) -> int:
    """Write label and text in two columns; return the row after them."""
    for offset, (label, text) in enumerate(pairs.items()):
        sheet.write_string(row + offset, 0, label, formats["bold"])
        sheet.write_string(row + offset, 1, str(text), formats["wrap"])
    return row + len(pairs)


def set_print(sheet: "Worksheet", title: str, *, head_rows: int = 1, pages_high: int = 0) -> None:
    """Print on A4 landscape, one page wide, with the head on each page and the page's number.

    ``pages_high`` limits the number of pages; 0 does not. A sheet of few columns is never enlarged, so it has a smaller
    scale of its own.
    """
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, pages_high)
    if head_rows:
        sheet.repeat_rows(0, head_rows - 1)
    # An ampersand begins a code of Excel's headers.
    sheet.set_header(f"&L{title.replace('&', '&&')}&R&A")
    sheet.set_footer("&RPage &P of &N")


def mark_changes(
    sheet: "Worksheet", cells: tuple[int, int, int, int], formats: Formats, share: float, only_if: str = ""
) -> None:
    """Colour numbers further than a share from zero.

    Args:
        sheet: Sheet of the cells.
        cells: First row, first column, last row and last column, from 0.
        formats: Formats of the workbook.
        share: Fraction from which on a number is coloured.
        only_if: Condition on the first row as a formula; empty: every row.
    """
    from xlsxwriter.utility import xl_rowcol_to_cell

    first = xl_rowcol_to_cell(cells[0], cells[1])
    conditions = [f"ISNUMBER({first})", *([only_if] if only_if else [])]
    for test, name in ((f"{first}>{share}", "higher"), (f"{first}<-{share}", "lower")):
        rule = {"type": "formula", "criteria": f"=AND({','.join([*conditions, test])})", "format": formats[name]}
        sheet.conditional_format(*cells, rule)


def _cell(value: Any, kind: str) -> str | datetime | float:
    if kind == "text":
        return str(value)
    return pd.Timestamp(value).to_pydatetime() if kind == "month" else float(value)
