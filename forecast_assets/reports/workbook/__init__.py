"""The workbook of a market report: the same forecast and accuracy for people who continue in Excel.

One module per sheet. Here is their order, and how each is printed. Metrics come from `measures.py`.
"""

from io import BytesIO

import pandas as pd

from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.override_sheet import write_override_sheets
from forecast_assets.reports.workbook import changes_sheet
from forecast_assets.reports.workbook.accuracy_sheets import write_accuracy, write_sku_accuracy
from forecast_assets.reports.workbook.cover import write_cover
from forecast_assets.reports.workbook.definitions import write_definitions
from forecast_assets.reports.workbook.forecast_sheet import write_forecast_sheets
from forecast_assets.reports.workbook.life_sheet import write_life
from forecast_assets.reports.workbook.styles import Columns, formats_of, set_print, write_table
from forecast_assets.reports.workbook.value_sheet import write_value

MARKS: Columns = {
    "sku": ("SKU", "text"),
    "marked_month": ("Month", "month"),
    "reason": ("Reason", "text"),
    "units": ("Sell-in", "units"),
    "cleaned_units": ("Learned from instead", "units"),
}

MARKS_SHEET, MARKS_SCALE = "Marked history", 60
ON_ONE_PAGE = ("Cover", "SKU chart")
# Sheets whose first row is no head of a table.
WITHOUT_HEAD = ("Cover", "Value", "SKU chart")


def render_workbook(report: MarketReport) -> bytes:
    """Render the report as an xlsx file.

    Returns:
        The bytes of a workbook with the sheets Cover, Forecast, SKU chart, Overrides, Totals, Value, Accuracy, Accuracy
        by SKU, Changes since last month, Launches and ends, Marked history and Definitions. The same report gives the
        same bytes.
    """
    import xlsxwriter

    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        # A fixed creation date: the clock would make every rendering differ.
        created = report.origin_month.to_pydatetime()
        book.set_properties({"title": f"Forecast {report.market_name}", "created": created})
        formats = formats_of(book)
        cover = book.add_worksheet("Cover")
        write_cover(cover, report, formats, write_forecast_sheets(book, report, formats))
        write_override_sheets(book, report)
        write_value(book.add_worksheet("Value"), report, formats)
        write_accuracy(book.add_worksheet("Accuracy"), report, formats)
        write_sku_accuracy(book.add_worksheet("Accuracy by SKU"), report, formats)
        changes_sheet.write_changes(book.add_worksheet(changes_sheet.SHEET), report, _categories(report), formats)
        write_life(book.add_worksheet("Launches and ends"), report, formats)
        marks = report.history_marks.sort_values(["sku", "marked_month"])
        write_table(book.add_worksheet(MARKS_SHEET), marks, MARKS, formats)
        write_definitions(book.add_worksheet("Definitions"), formats)
        for sheet in book.worksheets():
            title = f"{report.market_name} {report.origin_month:%Y-%m}"
            name = sheet.get_name()
            set_print(sheet, title, head_rows=0 if name in WITHOUT_HEAD else 1, pages_high=int(name in ON_ONE_PAGE))
            if name == MARKS_SHEET:
                sheet.set_print_scale(MARKS_SCALE)
        cover.activate()
    return buffer.getvalue()


def _categories(report: MarketReport) -> pd.Series:
    return report.products.drop_duplicates("sku", keep="last").set_index("sku")["category"]
