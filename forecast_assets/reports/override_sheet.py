"""The sheets of the workbook in which planners enter their own numbers: Overrides, and the hidden key of its month.

Three rows per SKU: the published number, the model's, and an empty one that is unlocked. Reading them back belongs to
``override_reader.py``.
"""

from typing import TYPE_CHECKING

import pandas as pd

from forecast_assets.domain.publication.override_entries import OVERRIDE_REASONS, publication_hash
from forecast_assets.reports import override_layout as layout
from forecast_assets.reports.market_report import MarketReport

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

HEAD = (layout.SKU, layout.NAME, layout.CATEGORY, layout.LINE)
UNITS = "#,##0;[Red]-#,##0;0"
ALLOWED = {"format_columns": True, "format_rows": True, "autofilter": True, "select_locked_cells": True}
HELP = (
    "Enter your number in the row Yours, below the published one. Leave what should stay empty. Reason and comment are "
    "needed in each row you fill."
)


def write_override_sheets(book: "xlsxwriter.Workbook", report: MarketReport) -> None:
    """Add the sheets Overrides and ``_key`` to a workbook."""
    sheet = book.add_worksheet(layout.SHEET)
    months = sorted(report.published["target_month"].unique())
    head = book.add_format({"bold": True, "bg_color": "#E9F0FB", "bottom": 1})
    titles = [*HEAD, *(f"{month:%Y-%m}" for month in months), layout.REASON, layout.COMMENT]
    for column, title in enumerate(titles):
        sheet.write_string(0, column, title, head)
    sheet.write_comment(0, HEAD.index(layout.LINE), HELP)
    last = _write_rows(sheet, report, months, _formats(book))
    _validate(sheet, last, len(months))
    sheet.freeze_panes(1, len(HEAD))
    sheet.autofilter(0, 0, max(last, 1), len(titles) - 1)
    sheet.set_column(0, 2, 16)
    sheet.set_column(3, 3, 10)
    sheet.set_column(len(HEAD) + len(months), len(HEAD) + len(months), 20)
    sheet.set_column(len(titles) - 1, len(titles) - 1, 40)
    sheet.protect("", ALLOWED)
    _write_key(book.add_worksheet(layout.KEY_SHEET), report)


def _formats(book: "xlsxwriter.Workbook") -> "dict[str, Format]":
    mine = {"locked": False, "bg_color": "#FFF8E1", "bottom": 1, "bottom_color": "#CCCCCC"}
    return {
        "text": book.add_format({"num_format": "@"}),
        "units": book.add_format({"num_format": UNITS}),
        "model": book.add_format({"num_format": UNITS, "font_color": "#666666"}),
        "mine": book.add_format({**mine, "num_format": UNITS}),
        "my_text": book.add_format({**mine, "num_format": "@"}),
    }


def _write_rows(
    sheet: "Worksheet", report: MarketReport, months: list[pd.Timestamp], formats: "dict[str, Format]"
) -> int:
    """Write three rows per SKU and return the number of the last one."""
    wide = {
        line: report.published.pivot(index="sku", columns="target_month", values=column).reindex(columns=months)
        for line, column in ((layout.PUBLISHED, "forecast_units"), (layout.MODEL, "model_units"))
    }
    described, row = _names(report), 0
    for sku in sorted(wide[layout.PUBLISHED].index):
        for line in (layout.PUBLISHED, layout.MODEL, layout.YOURS):
            row += 1
            for column, text in enumerate((sku, *described.get(sku, ("", "")), line)):
                sheet.write_string(row, column, text, formats["text"])
            if line != layout.YOURS:
                cell_format = formats["units" if line == layout.PUBLISHED else "model"]
                for column, number in enumerate(wide[line].loc[sku], len(HEAD)):
                    if pd.notna(number):
                        sheet.write_number(row, column, float(number), cell_format)
                continue
            for column in range(len(HEAD), len(HEAD) + len(months)):
                sheet.write_blank(row, column, None, formats["mine"])
            for column in range(len(HEAD) + len(months), len(HEAD) + len(months) + 2):
                sheet.write_blank(row, column, None, formats["my_text"])
    return row


def _names(report: MarketReport) -> dict[str, tuple[str, str]]:
    """Return name and category by SKU: the attribute ``name`` if products have one, else brand and pack."""
    products = report.products.drop_duplicates("sku", keep="last").reset_index(drop=True)
    parts = ["attribute_name"] if "attribute_name" in products else [c for c in ("brand", "pack") if c in products]
    texts = products.reindex(columns=["sku", *parts, "category"]).astype(object)
    texts = texts.where(texts.notna(), "")
    return {
        str(sku): (" ".join(str(each) for each in name if each), str(category))
        for sku, *name, category in texts.itertuples(index=False, name=None)
    }


def _validate(sheet: "Worksheet", last: int, months: int) -> None:
    """Let Excel refuse what the import would: a negative number, a reason that is not in the list."""
    if not last:
        return
    first = len(HEAD)
    sheet.data_validation(
        1, first, last, first + months - 1,
        {"validate": "decimal", "criteria": ">=", "value": 0, "error_title": "Not a number of units",
         "error_message": "Enter a number of units, 0 or more."},
    )  # fmt: skip
    sheet.data_validation(
        1, first + months, last, first + months,
        {"validate": "list", "source": list(OVERRIDE_REASONS), "error_title": "Not a reason of the list",
         "error_message": "Choose a reason of the list; the comment holds the rest."},
    )  # fmt: skip


def _write_key(sheet: "Worksheet", report: MarketReport) -> None:
    key = {
        layout.LAYOUT_KEY: layout.LAYOUT,
        layout.MARKET: report.market_code,
        layout.ORIGIN_MONTH: f"{report.origin_month:%Y-%m}",
        layout.CONTENT_HASH: publication_hash(report.published),
    }
    for row, (name, value) in enumerate(key.items()):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, value)
    sheet.protect("")
    sheet.hide()
