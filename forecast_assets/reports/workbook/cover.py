"""The sheet Cover: headline figures, what was published, and the ten SKUs to look at, each a link into the forecast."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from forecast_assets.domain.number_format import format_percent, format_signed_percent, format_units
from forecast_assets.domain.review.headline import headline
from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.measures import publication_counts, sku_measures
from forecast_assets.reports.override_sheet import names_by_sku
from forecast_assets.reports.workbook.accuracy_sheets import NOTHING_MEASURED, OVERALL, overall_rows
from forecast_assets.reports.workbook.forecast_sheet import SHEET as FORECAST_SHEET
from forecast_assets.reports.workbook.styles import (
    HEAD_HEIGHT,
    Columns,
    Formats,
    write_cell,
    write_stacked,
)

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TEN = 10
# Rows that planners overrode have a reason each: the sheet Forecast marks them.
MOST_REASONS = 3
WIDTHS = (28, 24, 16, 16, 14, 14, 16, 20, 20, 20)
COUNTS: Columns = {
    "status": ("Status", "text"),
    "source": ("Source", "text"),
    "skus": ("SKUs", "count"),
    "rows": ("Forecast rows", "count"),
    "forecast_units": ("Units", "units"),
    "share_of_units": ("Share of units", "percent"),
}
RANKED: Columns = {
    "sku": ("SKU", "text"),
    "name": ("Name", "text"),
    "category": ("Category", "text"),
    "units": ("Next 3 months", "units"),
    "reference_units": ("Before", "units"),
    "value": ("Value at stake", "units"),
}
# The reason takes so many more columns beside them.
TEXT_COLUMNS = 3
# Characters that fit a line of them.
LONGEST_TEXT = 76
SKUS: Columns = {
    "sku": ("SKU", "text"),
    "name": ("Name", "text"),
    "category": ("Category", "text"),
    "next_12_units": ("Next 12 months", "units"),
    "change": ("Change", "signed_percent"),
    "error_share": ("Share of error", "percent"),
    "wape_model": ("WAPE model", "percent"),
}


def write_cover(sheet: "Worksheet", report: MarketReport, formats: Formats, forecast_rows: Mapping[str, int]) -> None:
    """Write the sheet; ``forecast_rows`` has the row of each SKU on the sheet Forecast, from 0."""
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.write_string(
        0, 0, f"{report.market_name} ({report.market_code}), {report.origin_month:%Y-%m}", formats["title"]
    )
    skus = sku_measures(report)
    row = _write_headlines(sheet, 2, headlines(report, skus), formats) + 1
    row = _write_skus(sheet, row, report, skus, formats, forecast_rows) + 1
    accuracy = overall_rows(report)
    if accuracy.empty:
        sheet.write_string(row, 0, NOTHING_MEASURED)
        row += 2
    else:
        row = write_stacked(sheet, row, accuracy, OVERALL, formats) + 1
    counts = publication_counts(report.published)
    row = write_stacked(sheet, row, counts, COUNTS, formats)
    for reason in counts["reason"].unique()[:MOST_REASONS]:
        sheet.merge_range(row, 1, row, len(WIDTHS) - 1, reason, formats["wrap"])
        sheet.set_row(row, HEAD_HEIGHT)
        row += 1
    row += 1
    facts = {
        "Review": report.review,
        "Region": report.region,
        "Stage": report.stage,
        "Cycle": report.cycle_id,
        "Code version": report.git_sha,
    }
    for label, text in (facts | report.model_summary).items():
        sheet.write_string(row, 0, label, formats["bold"])
        sheet.merge_range(row, 1, row, len(WIDTHS) - 1, str(text), formats["wrap"])
        row += 1


def headlines(report: MarketReport, skus: pd.DataFrame) -> dict[str, str]:
    """Return the figures that a reader wants first, as text: units ahead and change, accuracy, planners' numbers."""
    ahead, last = skus["next_12_units"].sum(), skus["last_12_units"].sum()
    unknown = report.sell_in[report.sell_in["month"] > report.origin_month - pd.DateOffset(months=12)]
    has_unknown = unknown["sell_in_units"].isna().any()
    change = ahead / last - 1 if last > 0 and not has_unknown else float("nan")
    accuracy = overall_rows(report)
    texts = _next_quarter(report) | {
        "Next 12 months": f"{format_units(ahead)} units",
        "Against the last 12": format_signed_percent(change),
    }
    for measured_on, first in (("Realised", "published"), ("Backtest", "model")):
        rows = accuracy[accuracy["measured_on"] == measured_on].set_index("forecast")
        if len(rows):
            texts[f"WAPE, {measured_on.lower()}"] = (
                f"{format_percent(rows['wape'][first])} (Holt-Winters {format_percent(rows['wape']['baseline'])})"
            )
            texts[f"Bias, {measured_on.lower()}"] = (
                f"{format_signed_percent(rows['bias'][first])} "
                f"(Holt-Winters {format_signed_percent(rows['bias']['baseline'])})"
            )
    overrides = int((report.published["source"] == "override").sum())
    texts["Planners' numbers"] = f"{overrides} of {len(report.published)} published"
    texts["SKUs"] = str(report.published["sku"].nunique())
    return texts | ({"Findings in the deliveries": str(len(report.findings))} if len(report.findings) else {})


def _next_quarter(report: MarketReport) -> dict[str, str]:
    """Return the figures of the page's first screen; none if the review is not stored."""
    if report.exceptions.empty:
        return {}
    top = headline(report.exceptions, report.levels)
    value = "" if top.value is None else f", {format_units(top.value)} at net sales per unit"
    texts = {"Next 3 months": f"{format_units(top.units)} units{value}"}
    if top.low is not None and top.high is not None:
        texts["Band (p10 to p90)"] = f"{format_units(top.low)} to {format_units(top.high)} units"
    for label, before in (("last month's forecast", top.last_units), ("last year", top.last_year_units)):
        if before:
            texts[f"Against {label}"] = f"{format_signed_percent(top.units / before - 1)}, {format_units(before)} units"
    return texts


def _write_headlines(sheet: "Worksheet", row: int, texts: Mapping[str, str], formats: Formats) -> int:
    for offset, (label, text) in enumerate(texts.items()):
        sheet.write_string(row + offset, 0, label)
        sheet.write_string(row + offset, 1, text, formats["figure"])
    return row + len(texts)


def _write_skus(
    sheet: "Worksheet",
    row: int,
    report: MarketReport,
    skus: pd.DataFrame,
    formats: Formats,
    forecast_rows: Mapping[str, int],
) -> int:
    """Write the ten SKUs to look at, each with a link to its row; return the row after.

    Without ``forecast_exceptions`` they are those with the largest share of the error.
    """
    described = names_by_sku(report)
    is_ranked = len(report.exceptions) > 0
    ten, columns = (report.exceptions.sort_values("rank"), RANKED) if is_ranked else (skus, SKUS)
    names = [described.get(str(sku), ("", "")) for sku in ten["sku"].head(TEN)]
    ten = ten.head(TEN).assign(name=[name for name, _ in names], category=[category for _, category in names])
    why = "most value at stake in the next three months" if is_ranked else "largest share of the error"
    sheet.write_string(row, 0, f"Look at these: the {len(ten)} SKUs with the {why}", formats["bold"])
    end = write_stacked(sheet, row + 1, ten, columns, formats)
    for offset, sku in enumerate(ten["sku"], row + 2):
        if str(sku) in forecast_rows:
            target = f"internal:'{FORECAST_SHEET}'!A{forecast_rows[str(sku)] + 1}"
            sheet.write_url(offset, 0, target, formats["link"], str(sku))
        else:
            write_cell(sheet, offset, 0, sku, "text", formats["text"])
        if is_ranked:
            text = str(ten["text"].iloc[offset - row - 2])
            sheet.merge_range(offset, len(RANKED), offset, len(RANKED) + TEXT_COLUMNS, text, formats["wrap"])
            if len(text) > LONGEST_TEXT:
                sheet.set_row(offset, HEAD_HEIGHT)
    return end
