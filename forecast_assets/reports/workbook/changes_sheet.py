"""The sheet Changes since last month: each SKU's publication against the one before, over the months that both have."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast_assets.domain.publication.churn import NEAR_MONTHS
from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.workbook.styles import Columns, Formats, mark_changes, write_table

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SHEET = "Changes since last month"
CELL = ["sku", "target_month"]
COLUMNS: Columns = {
    "sku": ("SKU", "text"),
    "category": ("Category", "text"),
    "state": ("State", "text"),
    "units_before": ("Before", "units"),
    "units": ("Now", "units"),
    "change_units": ("Change, units", "signed_units"),
    "change": ("Change", "signed_percent"),
    "near_before": (f"Next {NEAR_MONTHS} months before", "units"),
    "near_units": (f"Next {NEAR_MONTHS} months now", "units"),
    "near_change": (f"Change, next {NEAR_MONTHS}", "signed_percent"),
    "largest_month": ("Largest change in", "month"),
    "largest_units": ("Units of that month", "signed_units"),
    "source_before": ("Source before", "text"),
    "source": ("Source now", "text"),
}
BOTH, NEW, GONE = "in both", "new", "no longer forecast"
LARGE_CHANGE = 0.25


def write_changes(sheet: "Worksheet", report: MarketReport, categories: pd.Series, formats: Formats) -> None:
    """Write one row per SKU, the largest changes first."""
    before = report.published_before
    if before is None or before.empty:
        sheet.write_string(0, 0, "No publication of the month before.")
        return
    table = changes_by_sku(report.published, before)
    write_table(sheet, table.assign(category=table["sku"].map(categories)), COLUMNS, formats)
    last = max(len(table), 1)
    for name in ("change", "near_change"):
        column = list(COLUMNS).index(name)
        mark_changes(sheet, (1, column, last, column), formats, LARGE_CHANGE)


def changes_by_sku(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Return one row per SKU of two successive publications, by the absolute change in units.

    Args:
        now: ``sku, target_month, horizon_months, forecast_units, source``.
        before: The same of the month before.

    Returns:
        The columns of the sheet but the category. ``near_*`` are of the first months of the later publication. A SKU
        that only one publication has, has its state and no change; its units are of the months that both cover.
    """
    months = set(now["target_month"]) & set(before["target_month"])
    columns = [*CELL, "forecast_units", "source"]
    both = now.loc[now["target_month"].isin(months), [*columns, "horizon_months"]].merge(
        before.loc[before["target_month"].isin(months), columns], on=CELL, how="outer", suffixes=("", "_before"),
        validate="1:1",
    )  # fmt: skip
    near_months = set(now.loc[now["horizon_months"] <= NEAR_MONTHS, "target_month"])
    both = both.assign(difference=both["forecast_units"] - both["forecast_units_before"])
    by_sku = both.groupby("sku")
    near = both[both["target_month"].isin(near_months)].groupby("sku")
    units = [("units", "forecast_units"), ("units_before", "forecast_units_before")]
    table = pd.DataFrame(
        {name: by_sku[column].sum(min_count=1) for name, column in units}
        | {"near_units": near["forecast_units"].sum(min_count=1)}
        | {"near_before": near["forecast_units_before"].sum(min_count=1)}
        | {name: _most_common(both, name) for name in ("source", "source_before")}
    ).reset_index()
    largest = both.loc[both["difference"].abs().groupby(both["sku"]).idxmax().dropna().astype(int)]
    largest = largest.set_index("sku")
    return _with_changes(table).assign(
        largest_month=table["sku"].map(largest["target_month"]), largest_units=table["sku"].map(largest["difference"])
    ).sort_values(["change_units", "sku"], key=_by_size, ignore_index=True)  # fmt: skip


def _with_changes(table: pd.DataFrame) -> pd.DataFrame:
    """Add state and changes; a change from zero has no ratio."""
    is_new, is_gone = table["units_before"].isna(), table["units"].isna()
    near = table["near_before"].where(table["near_before"] > 0)
    return table.assign(
        state=np.select([is_new, is_gone], [NEW, GONE], BOTH),
        change_units=table["units"] - table["units_before"],
        change=table["units"] / table["units_before"].where(table["units_before"] > 0) - 1,
        near_change=table["near_units"] / near - 1,
    )


def _by_size(values: pd.Series) -> pd.Series:
    return -values.abs() if pd.api.types.is_numeric_dtype(values) else values


def _most_common(cells: pd.DataFrame, name: str) -> pd.Series:
    """Return the value that most of a SKU's cells have, of several the first, by SKU."""
    counts = cells.groupby(["sku", name], sort=False).size().sort_values(ascending=False, kind="stable").reset_index()
    return counts.drop_duplicates("sku").set_index("sku")[name]
