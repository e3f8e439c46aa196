"""The sheet Launches and ends: SKUs that begin, end, return or fade, with what is known of them and their forecast."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.override_sheet import names_by_sku
from forecast_assets.reports.workbook.styles import Columns, Formats, write_table

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

YEAR = 12
COLUMNS: Columns = {
    "case": ("Case", "text"),
    "sku": ("SKU", "text"),
    "name": ("Name", "text"),
    "category": ("Category", "text"),
    "launch_month": ("Launch", "month"),
    "end_month": ("End", "month"),
    "reference_sku": ("Reference SKU", "text"),
    "first_sale": ("First sale", "month"),
    "last_sale": ("Last sale", "month"),
    "last_12_units": ("Last 12 months", "units"),
    "next_12_units": ("Next 12 months", "units"),
    "last_forecast": ("Last month forecast above 0", "month"),
    "rule": ("Portfolio case", "text"),
}
# Portfolio rules of SKUs at the beginning or the end of their life, by the case that readers see.
CASES = {
    "new_with_reference": "launch", "new_with_like_items": "launch", "new_without_relative": "launch",
    "end_of_life": "end", "dying": "fading", "all_zero": "no sale", "returned": "returned",
}  # fmt: skip
LAUNCH, END = "launch", "end"
ORDER = ("launch", "end", "fading", "returned", "no sale")
NONE = "No SKU begins, ends, returns or fades in this month."


def write_life(sheet: "Worksheet", report: MarketReport, formats: Formats) -> None:
    """Write one row per SKU by case."""
    table = launches_and_ends(report)
    if table.empty:
        sheet.write_string(0, 0, NONE)
        return
    write_table(sheet, table, COLUMNS, formats, frozen_columns=3)


def launches_and_ends(report: MarketReport) -> pd.DataFrame:
    """Return the SKUs with a launch in the last or next 12 months, a known end ahead, or a portfolio case of CASES.

    A SKU with a launch and an end is an end. Products that are announced and not forecast yet are in it.
    """
    origin = report.origin_month
    products = report.products.drop_duplicates("sku", keep="last")
    products = products.reindex(columns=["sku", "category", "launch_month", "end_month", "reference_sku"])
    rows = _published(report).merge(products, on="sku", how="outer", validate="1:1")
    months = {name: rows[name].astype("datetime64[ns]") for name in ("launch_month", "end_month")}
    rows = rows.assign(**months).merge(_sales(report), on="sku", how="left", validate="1:1")
    begins = rows["launch_month"].between(add_months(origin, 1 - YEAR), add_months(origin, YEAR))
    ends = rows["end_month"] >= origin
    rows["case"] = np.select([ends, begins], [END, LAUNCH], rows["rule"].map(CASES).astype(object))
    described = names_by_sku(report)
    rows["name"] = [described.get(str(sku), ("", ""))[0] for sku in rows["sku"]]
    chosen = rows[rows["case"].notna()]
    order = chosen["case"].map({case: place for place, case in enumerate(ORDER)})
    return chosen.assign(order=order).sort_values(["order", "sku"], ignore_index=True)


def _published(report: MarketReport) -> pd.DataFrame:
    """Return rule, units of the next 12 months and last month above zero by SKU."""
    rows = report.published if "rule" in report.published else report.published.assign(rule="")
    ahead = rows[rows["target_month"] <= add_months(report.origin_month, YEAR)]
    return pd.DataFrame(
        {
            "rule": rows.groupby("sku")["rule"].first(),
            "next_12_units": ahead.groupby("sku")["forecast_units"].sum(),
            "last_forecast": rows[rows["forecast_units"] > 0].groupby("sku")["target_month"].max(),
        }
    ).reset_index()


def _sales(report: MarketReport) -> pd.DataFrame:
    """Return the first and last month with sales within the report's history, and the units of the last 12."""
    sold = report.sell_in[report.sell_in["sell_in_units"] > 0].groupby("sku")["month"]
    recent = report.sell_in[report.sell_in["month"] > add_months(report.origin_month, -YEAR)]
    units = recent.groupby("sku")["sell_in_units"].sum(min_count=1)
    return pd.DataFrame({"first_sale": sold.min(), "last_sale": sold.max(), "last_12_units": units}).reset_index()
