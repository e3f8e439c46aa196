"""The workbook of a market report: the same forecast and accuracy for people who continue in Excel.

Values are written as numbers with Excel's number formats, names always as text: a SKU called `=1+1` or `0012` stays
unchanged. Metrics come from `measures.py`.
"""

from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast_assets.reports.level_rows import level_rows
from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.measures import (
    BACKTEST_FORECASTS,
    REALISED_FORECASTS,
    accuracy_rows,
    comparable_cells,
    overall_accuracy,
    publication_counts,
    realised_cells,
    sku_measures,
)
from forecast_assets.reports.override_sheet import write_override_sheets

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

NUMBER_FORMATS = {
    "text": "@",
    "units": "#,##0;[Red]-#,##0;0",
    "percent": "0.0%",
    "signed_percent": "+0.0%;-0.0%;0.0%",
    "count": "#,##0",
    "month": "mmm yyyy",
}
WIDTHS = {"text": 18, "units": 13, "percent": 13, "signed_percent": 13, "count": 11, "month": 12}
FORECAST_LONG = {
    "sku": ("SKU", "text"),
    "category": ("Category", "text"),
    "origin_month": ("Origin month", "month"),
    "target_month": ("Target month", "month"),
    "horizon_months": ("Lag (months)", "count"),
    "forecast_units": ("Forecast", "units"),
    "forecast_units_p10": ("p10", "units"),
    "forecast_units_p90": ("p90", "units"),
    "baseline_units": ("Holt-Winters", "units"),
    "model_units": ("Model", "units"),
    "status": ("Status", "text"),
    "source": ("Source", "text"),
    "reason": ("Reason", "text"),
}
MARKS = {
    "sku": ("SKU", "text"),
    "marked_month": ("Month", "month"),
    "reason": ("Reason", "text"),
    "units": ("Sell-in", "units"),
    "cleaned_units": ("Learned from instead", "units"),
}
SKU_COLUMNS = {
    "sku": ("SKU", "text"),
    "category": ("Category", "text"),
    "demand_class": ("ABC/XYZ class", "text"),
    "last_12_units": ("Last 12 months", "units"),
    "next_12_units": ("Next 12 months", "units"),
    "change": ("Change", "signed_percent"),
    "cells": ("Backtest forecasts", "count"),
    "wape_model": ("WAPE model", "percent"),
    "wape_baseline": ("WAPE Holt-Winters", "percent"),
    "wape_naive": ("WAPE seasonal naive", "percent"),
    "bias_model": ("Bias model", "signed_percent"),
    "bias_baseline": ("Bias Holt-Winters", "signed_percent"),
    "error_units": ("Absolute error model", "units"),
    "error_share": ("Share of error", "percent"),
    "better": ("Better", "text"),
}
DEFINITIONS = [
    ("Error", "forecast - actual, in units of sell-in, per SKU and month"),
    ("WAPE", "sum of absolute errors / sum of actuals; empty where the actuals sum to zero"),
    ("Forecast Accuracy", "1 - WAPE"),
    ("Bias", "sum of errors / sum of actuals; positive = forecast too high, negative = too low"),
    ("Holt-Winters", "the planners' statistical baseline"),
    ("Seasonal naive", "the same month of the last known year"),
    ("Backtest", "the model refitted at past origin months with what was known then, on identical SKUs and months"),
    ("Realised", "forecasts as published at the time against what was sold; backfilled ones are not in it"),
    ("Lag", "months from the origin month to the month that is forecast"),
    (
        "Marked history",
        "months that are no guide to level and season (covid, stock_out with its catch-up, outlier_high, outlier_low, "
        "latest_high, latest_low, old_level); sell-in itself is not changed",
    ),
    ("p10, p90", "four out of five actuals of a SKU, or of a sum of SKUs, are expected between them"),
    ("Change", "next 12 months against the last 12, only where all 12 are known"),
    ("Share of error", "the SKU's part of the model's absolute error over all SKUs on the backtest"),
    (
        "Status",
        "published, shadow (measured only), held (new forecast did not pass), stale (last one carried on), backfilled",
    ),
    ("Source", "what the published value comes from: model, champion, baseline, last published, override"),
]


def render_workbook(report: MarketReport) -> bytes:
    """Render the report as an xlsx file.

    Returns:
        The bytes of a workbook with the sheets Summary, Forecast, Forecast by level, Forecast long, Accuracy by SKU,
        Accuracy by lag, Marked history, Overrides and Definitions. The same report gives the same bytes.
    """
    import xlsxwriter

    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        # A fixed creation date: the clock would make every rendering differ.
        created = report.origin_month.to_pydatetime()
        book.set_properties({"title": f"Forecast {report.market_name}", "created": created})
        formats = _formats(book)
        _write_summary(book.add_worksheet("Summary"), report, formats)
        _write_table(book.add_worksheet("Forecast"), *_forecast_matrix(report), formats, frozen_columns=2)
        _write_table(book.add_worksheet("Forecast by level"), *_forecast_levels(report), formats, frozen_columns=3)
        _write_table(book.add_worksheet("Forecast long"), _forecast_long(report), FORECAST_LONG, formats)
        _write_table(book.add_worksheet("Accuracy by SKU"), _sku_accuracy(report), SKU_COLUMNS, formats)
        _write_table(book.add_worksheet("Accuracy by lag"), _lag_accuracy(report), _lag_columns(), formats)
        marks = report.history_marks.sort_values(["sku", "marked_month"])
        _write_table(book.add_worksheet("Marked history"), marks, MARKS, formats)
        write_override_sheets(book, report)
        _write_definitions(book.add_worksheet("Definitions"), formats)
    return buffer.getvalue()


def _formats(book: "xlsxwriter.Workbook") -> "dict[str, Format]":
    head = {"bold": True, "bg_color": "#E9F0FB", "bottom": 1, "text_wrap": True, "valign": "top"}
    styles = {"head": head, "bold": {"bold": True}, "title": {"bold": True, "font_size": 16}}
    kinds = {kind: {"num_format": code} for kind, code in NUMBER_FORMATS.items()}
    return {name: book.add_format(style) for name, style in (styles | kinds).items()}


def _write_table(
    sheet: "Worksheet",
    table: pd.DataFrame,
    columns: dict[str, tuple[str, str]],
    formats: "dict[str, Format]",
    frozen_columns: int = 1,
    first_row: int = 0,
) -> None:
    """Write a frame column by column: {column: (title, kind of NUMBER_FORMATS)}; frozen head, autofilter, widths."""
    for number, (name, (title, kind)) in enumerate(columns.items()):
        sheet.set_column(number, number, WIDTHS[kind] if name != "reason" else 40)
        sheet.write_string(first_row, number, title, formats["head"])
        _write_column(sheet, first_row + 1, number, table[name], kind, formats[kind])
    if first_row == 0:
        sheet.freeze_panes(1, frozen_columns)
        sheet.autofilter(0, 0, max(len(table), 1), len(columns) - 1)


def _write_column(
    sheet: "Worksheet", row: int, column: int, values: pd.Series, kind: str, cell_format: "Format"
) -> None:
    """Write text as text, months as dates, the rest as numbers; missing values leave the cell empty."""
    write = {"text": sheet.write_string, "month": sheet.write_datetime}.get(kind, sheet.write_number)
    for offset, value in enumerate(values):
        if not pd.isna(value):
            write(row + offset, column, _cell(value, kind), cell_format)


def _cell(value: Any, kind: str) -> str | datetime | float:
    if kind == "text":
        return str(value)
    return pd.Timestamp(value).to_pydatetime() if kind == "month" else float(value)


def _categories(report: MarketReport) -> pd.Series:
    return report.products.drop_duplicates("sku", keep="last").set_index("sku")["category"]


def _forecast_matrix(report: MarketReport) -> tuple[pd.DataFrame, dict[str, tuple[str, str]]]:
    """Return the published value by SKU and target month. Titles are the months as text, for reading and filtering."""
    wide = report.published.pivot(index="sku", columns="target_month", values="forecast_units").sort_index(axis=1)
    titles = {month: (f"{month:%Y-%m}", "units") for month in wide.columns}
    table = wide.assign(category=_categories(report).reindex(wide.index)).reset_index()
    return table, {"sku": ("SKU", "text"), "category": ("Category", "text")} | titles


def _forecast_levels(report: MarketReport) -> tuple[pd.DataFrame, dict[str, tuple[str, str]]]:
    """Return forecast and range of market total and categories by target month."""
    table = level_rows(report, _categories(report))
    names = {"level": ("Level", "text"), "entity": ("Name", "text"), "figure": ("Figure", "text")}
    return table, names | {month: (f"{month:%Y-%m}", "units") for month in table.columns[len(names) :]}


def _forecast_long(report: MarketReport) -> pd.DataFrame:
    ordered = report.published.sort_values(["sku", "target_month"])
    return ordered.assign(category=ordered["sku"].map(_categories(report)))


def _sku_accuracy(report: MarketReport) -> pd.DataFrame:
    table = sku_measures(report)
    better = table["baseline_won"].map({True: "Holt-Winters", False: "model"})
    return table.assign(better=better.where(table["wape_model"].notna()))


def _lag_columns() -> dict[str, tuple[str, str]]:
    names = {"first": "model or published", "baseline": "Holt-Winters", "naive": "seasonal naive"}
    ratios = {f"wape_{name}": (f"WAPE {title}", "percent") for name, title in names.items()}
    biases = {f"bias_{name}": (f"Bias {title}", "signed_percent") for name, title in names.items()}
    head = {"measured_on": ("Measured on", "text"), "lag": ("Lag (months)", "count")}
    return head | {"cells": ("Forecasts", "count"), "actual_units": ("Actual units", "units")} | ratios | biases


def _lag_accuracy(report: MarketReport) -> pd.DataFrame:
    """Return accuracy by lag: the model on the backtest, then the published forecasts as realised."""
    backtest = comparable_cells(report.backtest, BACKTEST_FORECASTS)
    realised = realised_cells(report.performance, backfilled=False)
    tested = accuracy_rows(backtest, "horizon_months", BACKTEST_FORECASTS).rename(
        columns={"horizon_months": "lag", "wape_model": "wape_first", "bias_model": "bias_first"}
    )
    scored = accuracy_rows(realised, "lag_months", REALISED_FORECASTS).rename(
        columns={"lag_months": "lag", "wape_published": "wape_first", "bias_published": "bias_first"}
    )
    parts = [tested.assign(measured_on="Backtest (model)"), scored.assign(measured_on="Realised (published)")]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _write_summary(sheet: "Worksheet", report: MarketReport, formats: "dict[str, Format]") -> None:
    """Write names, accuracy over all cells, publication counts and the model's facts, one below the other."""
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 22)
    sheet.set_column(2, 7, 16)
    sheet.write_string(0, 0, f"{report.market_name} ({report.market_code})", formats["title"])
    facts = {
        "Region": report.region,
        "Stage": report.stage,
        "Origin month": f"{report.origin_month:%Y-%m}",
        "Cycle": report.cycle_id,
        "Code version": report.git_sha,
    }
    row = _write_pairs(sheet, 2, facts, formats)
    row = _write_accuracy(sheet, row + 1, report, formats)
    counts = publication_counts(report.published)
    columns = {
        "status": ("Status", "text"),
        "source": ("Source", "text"),
        "reason": ("Reason", "text"),
        "skus": ("SKUs", "count"),
        "rows": ("Forecast rows", "count"),
        "forecast_units": ("Units", "units"),
        "share_of_units": ("Share of units", "percent"),
    }
    for number, (name, (title, kind)) in enumerate(columns.items()):
        sheet.write_string(row, number, title, formats["head"])
        _write_column(sheet, row + 1, number, counts[name], kind, formats[kind])
    _write_pairs(sheet, row + len(counts) + 3, report.model_summary, formats)


def _write_accuracy(sheet: "Worksheet", row: int, report: MarketReport, formats: "dict[str, Format]") -> int:
    """Write Forecast Accuracy, WAPE and Bias per measured set and forecast. Return the row after a free one."""
    sets = {
        "Backtest": (comparable_cells(report.backtest, BACKTEST_FORECASTS), BACKTEST_FORECASTS),
        "Realised": (realised_cells(report.performance, backfilled=False), REALISED_FORECASTS),
        "Backfilled": (realised_cells(report.performance, backfilled=True), REALISED_FORECASTS),
    }
    for number, title in enumerate(["Measured on", "Forecast of", "Forecasts", "Forecast Accuracy", "WAPE", "Bias"]):
        sheet.write_string(row, number, title, formats["head"])
    lines = [
        (title, name, len(cells), 1 - overall[f"wape_{name}"], overall[f"wape_{name}"], overall[f"bias_{name}"])
        for title, (cells, forecasts) in sets.items()
        if (overall := overall_accuracy(cells, forecasts)) is not None
        for name in forecasts
    ]
    table = pd.DataFrame(lines, columns=range(6))
    for number, kind in enumerate(["text", "text", "count", "percent", "percent", "signed_percent"]):
        _write_column(sheet, row + 1, number, table[number], kind, formats[kind])
    if not lines:
        sheet.write_string(row + 1, 0, "Nothing measured yet: no backtest and no realised month.")
    return row + max(len(lines), 1) + 2


def _write_pairs(sheet: "Worksheet", row: int, pairs: dict[str, str], formats: "dict[str, Format]") -> int:
    for offset, (label, text) in enumerate(pairs.items()):
        sheet.write_string(row + offset, 0, label, formats["bold"])
        sheet.write_string(row + offset, 1, str(text))
    return row + len(pairs)


def _write_definitions(sheet: "Worksheet", formats: "dict[str, Format]") -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 110)
    sheet.write_row(0, 0, ["Term", "Meaning"], formats["head"])
    _write_pairs(sheet, 1, dict(DEFINITIONS), formats)
    sheet.freeze_panes(1, 0)
