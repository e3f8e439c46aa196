"""The sheet Definitions: every term of the workbook in a sentence."""

from typing import TYPE_CHECKING

from forecast_assets.reports.workbook.styles import Formats, write_pairs

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

DEFINITIONS = {
    "Units": "sell-in units; shown whole, so a sum may differ from its rows by a few units",
    "Forecast, cases": "units / units of a case, rounded; only where products have the attribute case_units",
    "Yellow cell": "a planner's number; on the sheet SKU chart the cell to choose a SKU in",
    "Last year": "the same month of last year, or of the year before if that one has not been sold yet",
    "Year on year": "forecast / last year - 1; green above +25 %, red below -25 %",
    "Holt-Winters": "the planners' statistical baseline",
    "Seasonal naive": "the same month of the last known year",
    "p10, p90": "four out of five actuals of a SKU, or of a sum of SKUs, are expected between them",
    "Change": "next 12 months against the last 12, only where all 12 are known",
    "Error": "forecast - actual, in units of sell-in, per SKU and month",
    "WAPE": "sum of absolute errors / sum of absolute actuals; empty where the actuals sum to zero",
    "Forecast Accuracy": "1 - WAPE",
    "Bias": "sum of errors / sum of actuals; positive = forecast too high, negative = too low",
    "Backtest": "the model refitted at past origin months with what was known then, on identical SKUs and months",
    "Realised": "forecasts as published at the time against what was sold; backfilled ones are not in it",
    "Lag": "months from the origin month to the month that is forecast",
    "Error saved": "absolute error of the step before minus that of the step: positive is better",
    "Helped, hurt": "forecasts whose absolute error the step made smaller, larger",
    "Marked history": "months that are no guide to level and season (covid, stock_out with its catch-up, "
    "outlier_high, outlier_low, latest_high, latest_low, old_level); sell-in itself is not changed",
    "Share of error": "the SKU's part of the model's absolute error over all SKUs on the backtest",
    "Status": "published, shadow (measured only), held (market retired), stale (last one carried on), backfilled",
    "Source": "what the published value comes from: model, champion, baseline, rule, last published, override",
}


def write_definitions(sheet: "Worksheet", formats: Formats) -> None:
    """Write term and meaning."""
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 110)
    sheet.write_row(0, 0, ["Term", "Meaning"], formats["head"])
    write_pairs(sheet, 1, DEFINITIONS, formats)
    sheet.freeze_panes(1, 0)
