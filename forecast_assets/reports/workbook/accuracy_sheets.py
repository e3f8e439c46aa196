"""The sheets Accuracy (overall and by lag) and Accuracy by SKU; figures come from `measures.py`."""

from typing import TYPE_CHECKING

import pandas as pd

from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.measures import (
    BACKTEST_FORECASTS,
    REALISED_FORECASTS,
    accuracy_rows,
    comparable_cells,
    overall_accuracy,
    realised_cells,
    sku_measures,
)
from forecast_assets.reports.workbook.styles import Columns, Formats, write_stacked, write_table

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SKU_COLUMNS: Columns = {
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
OVERALL: Columns = {
    "measured_on": ("Measured on", "text"),
    "forecast": ("Forecast of", "text"),
    "cells": ("Forecasts", "count"),
    "accuracy": ("Forecast Accuracy", "percent"),
    "wape": ("WAPE", "percent"),
    "bias": ("Bias", "signed_percent"),
}
NOTHING_MEASURED = "Nothing measured yet: no backtest and no realised month."
BANDS = {"wape_model": "#FCA5A5", "wape_baseline": "#FCD34D"}


def write_accuracy(sheet: "Worksheet", report: MarketReport, formats: Formats) -> None:
    """Write accuracy over all cells, then by lag with a filter."""
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, len(_lag_columns()) - 1, 14)
    overall = overall_rows(report)
    if overall.empty:
        sheet.write_string(0, 0, NOTHING_MEASURED)
        return
    row = write_stacked(sheet, 0, overall, OVERALL, formats) + 1
    lags = _lag_accuracy(report)
    write_stacked(sheet, row, lags, _lag_columns(), formats)
    sheet.autofilter(row, 0, row + max(len(lags), 1), len(_lag_columns()) - 1)


def write_sku_accuracy(sheet: "Worksheet", report: MarketReport, formats: Formats) -> None:
    """Write one row per SKU, the largest error first, with bars for the errors."""
    table = sku_measures(report)
    better = table["baseline_won"].map({True: "Holt-Winters", False: "model"})
    table = table.assign(better=better.where(table["wape_model"].notna()))
    write_table(sheet, table, SKU_COLUMNS, formats)
    for name, color in BANDS.items():
        column = list(SKU_COLUMNS).index(name)
        # Without a limit one SKU of 400 % would flatten all other bars.
        limits = {"min_type": "num", "min_value": 0, "max_type": "num", "max_value": 1}
        bar = {"type": "data_bar", "bar_color": color, **limits}
        sheet.conditional_format(1, column, max(len(table), 1), column, bar)


def overall_rows(report: MarketReport) -> pd.DataFrame:
    """Return Forecast Accuracy, WAPE and bias per measured set and forecast: the columns OVERALL."""
    sets = {
        "Backtest": (comparable_cells(report.backtest, BACKTEST_FORECASTS), BACKTEST_FORECASTS),
        "Realised": (realised_cells(report.performance, backfilled=False), REALISED_FORECASTS),
        "Backfilled": (realised_cells(report.performance, backfilled=True), REALISED_FORECASTS),
    }
    rows = [
        (title, name, len(cells), 1 - overall[f"wape_{name}"], overall[f"wape_{name}"], overall[f"bias_{name}"])
        for title, (cells, forecasts) in sets.items()
        if (overall := overall_accuracy(cells, forecasts)) is not None
        for name in forecasts
    ]
    return pd.DataFrame(rows, columns=list(OVERALL))


def _lag_columns() -> Columns:
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
