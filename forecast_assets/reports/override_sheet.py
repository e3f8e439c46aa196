"""The sheets of the workbook in which planners enter their own numbers: Overrides, Totals, and the hidden key.

Three rows per SKU, category and market: the published number, the model's, and an empty one that is unlocked. Reading
them back belongs to ``override_reader.py``.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY
from forecast_assets.domain.publication.override_entries import OVERRIDE_REASONS, publication_hash
from forecast_assets.domain.publication.total_entries import CATEGORY_LEVEL, MARKET_LEVEL
from forecast_assets.reports import override_layout as layout
from forecast_assets.reports.market_report import MarketReport

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

COLUMNS = {layout.PUBLISHED: "forecast_units", layout.MODEL: "model_units"}
UNITS = "#,##0;[Red]-#,##0;0"
ALLOWED = {"format_columns": True, "format_rows": True, "autofilter": True, "select_locked_cells": True}
HELP = (
    "Enter your number in the row Yours, below the published one. Leave what should stay empty. Reason and comment are "
    "needed in each row you fill."
)
HELP_TOTALS = HELP + " A total is split over its SKUs by their published numbers."


def write_override_sheets(book: "xlsxwriter.Workbook", report: MarketReport) -> None:
    """Add the sheets Overrides, Totals and ``_key`` to a workbook."""
    described, formats = names_by_sku(report), _formats(book)
    skus: dict[tuple[str, ...], pd.DataFrame] = {
        (str(sku), *described.get(str(sku), ("", ""))): rows for sku, rows in report.published.groupby("sku", sort=True)
    }
    heads = (layout.SKU, layout.NAME, layout.CATEGORY)
    _write_sheet(book.add_worksheet(layout.SHEET), heads, skus, report, formats, HELP)
    sheet = book.add_worksheet(layout.TOTALS_SHEET)
    _write_sheet(sheet, (layout.LEVEL, layout.GROUP), _groups(report), report, formats, HELP_TOTALS)
    _write_key(book.add_worksheet(layout.KEY_SHEET), report)


def _groups(report: MarketReport) -> dict[tuple[str, ...], pd.DataFrame]:
    """Return the published rows of the market and of each category, by level and group."""
    published = report.published
    if "category" not in published:
        known = report.products.drop_duplicates("sku", keep="last").set_index("sku")["category"]
        published = published.assign(category=published["sku"].map(known))
    category = published["category"].astype(object).fillna(UNKNOWN_CATEGORY)
    groups: dict[tuple[str, ...], pd.DataFrame] = {(MARKET_LEVEL, layout.WHOLE_MARKET): published}
    return groups | {(CATEGORY_LEVEL, str(name)): rows for name, rows in published.groupby(category, sort=True)}


def _write_sheet(
    sheet: "Worksheet",
    heads: tuple[str, ...],
    groups: dict[tuple[str, ...], pd.DataFrame],
    report: MarketReport,
    formats: "dict[str, Format]",
    note: str,
) -> None:
    """Write three rows per group, by the texts of its first columns."""
    months = [pd.Timestamp(month) for month in sorted(report.published["target_month"].unique())]
    titles = [*heads, layout.LINE, *(f"{month:%Y-%m}" for month in months), layout.REASON, layout.COMMENT]
    first, reason = len(heads) + 1, len(heads) + 1 + len(months)
    for column, title in enumerate(titles):
        sheet.write_string(0, column, title, formats["head"])
    sheet.write_comment(0, len(heads), note)
    units = {line: _units_by_group(groups, column, months) for line, column in COLUMNS.items()}
    row = 0
    for number, texts in enumerate(groups):
        for line in (*COLUMNS, layout.YOURS):
            row += 1
            for column, text in enumerate((*texts, line)):
                sheet.write_string(row, column, text, formats["text"])
            if line in COLUMNS:
                for column, value in enumerate(units[line][number], first):
                    if not np.isnan(value):
                        sheet.write_number(row, column, value, formats[line])
                continue
            for column in range(first, len(titles)):
                sheet.write_blank(row, column, None, formats["units" if column < reason else "words"])
    _validate(sheet, row, first, reason)
    sheet.freeze_panes(1, first)
    sheet.autofilter(0, 0, max(row, 1), len(titles) - 1)
    for column, width in ((0, 16), (1, 16), (len(heads) - 1, 16), (reason, 20), (reason + 1, 40)):
        sheet.set_column(column, column, width)
    sheet.protect("", ALLOWED)


def _units_by_group(
    groups: Mapping[tuple[str, ...], pd.DataFrame], column: str, months: Sequence[pd.Timestamp]
) -> Floats:
    """Return sums (group, month); one without a single number is unknown, not zero."""
    if not groups:
        return np.empty((0, len(months)))
    # Columns one by one: a selection of two columns from each of 500 small frames took a fifth of the workbook's time.
    frames = groups.values()
    number = np.repeat(np.arange(len(groups)), [len(rows) for rows in frames])
    month = np.concatenate([rows["target_month"].to_numpy() for rows in frames])
    units = pd.Series(np.concatenate([rows[column].to_numpy(float) for rows in frames]))
    sums = units.groupby([number, month]).sum(min_count=1).unstack()
    return sums.reindex(index=pd.RangeIndex(len(groups)), columns=list(months)).to_numpy(float)


def _formats(book: "xlsxwriter.Workbook") -> "dict[str, Format]":
    mine = {"locked": False, "bg_color": "#FFF8E1", "bottom": 1, "bottom_color": "#CCCCCC"}
    return {
        "head": book.add_format({"bold": True, "bg_color": "#E9F0FB", "bottom": 1}),
        "text": book.add_format({"num_format": "@"}),
        layout.PUBLISHED: book.add_format({"num_format": UNITS}),
        layout.MODEL: book.add_format({"num_format": UNITS, "font_color": "#666666"}),
        "units": book.add_format({**mine, "num_format": UNITS}),
        "words": book.add_format({**mine, "num_format": "@"}),
    }


def names_by_sku(report: MarketReport) -> dict[str, tuple[str, str]]:
    """Return name and category by SKU: the attribute ``name`` if products have one, else brand and pack."""
    products = report.products.drop_duplicates("sku", keep="last").reset_index(drop=True)
    parts = ["attribute_name"] if "attribute_name" in products else [c for c in ("brand", "pack") if c in products]
    texts = products.reindex(columns=["sku", *parts, "category"]).astype(object)
    texts = texts.where(texts.notna(), "")
    return {
        str(sku): (" ".join(str(each) for each in name if each), str(category))
        for sku, *name, category in texts.itertuples(index=False, name=None)
    }


def _validate(sheet: "Worksheet", last: int, first: int, reason: int) -> None:
    """Let Excel refuse what the import would: a negative number, a reason that is not in the list."""
    sheet.data_validation(
        1, first, max(last, 1), reason - 1,
        {"validate": "decimal", "criteria": ">=", "value": 0, "error_title": "Not a number of units",
         "error_message": "Enter a number of units, 0 or more."},
    )  # fmt: skip
    sheet.data_validation(
        1, reason, max(last, 1), reason,
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
