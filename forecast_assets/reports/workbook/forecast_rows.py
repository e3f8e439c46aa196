"""Numbers of the sheet Forecast: lines of each SKU, category and the market by target month.

Only frames are made here; `forecast_sheet.py` writes them.
"""

from dataclasses import dataclass

import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY
from forecast_assets.domain.evaluation.levels import ONE_MARKET
from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.override_sheet import names_by_sku

YEAR = 12
FORECAST, LAST_YEAR, YEAR_ON_YEAR, HOLT_WINTERS, LOWER, UPPER, CASES = (
    "Forecast", "Last year", "Year on year", "Holt-Winters", "p10", "p90", "Forecast, cases",
)  # fmt: skip
# The lines that every group has, in order.
LINES = (FORECAST, LAST_YEAR, YEAR_ON_YEAR, HOLT_WINTERS, LOWER, UPPER)
SOURCES = {
    FORECAST: "forecast_units", HOLT_WINTERS: "baseline_units", LOWER: "forecast_units_p10",
    UPPER: "forecast_units_p90",
}  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Lines of a SKU, a category or the market.

    Attributes:
        sku, name, category: Texts of its first columns; empty where they do not apply.
        depth: 0 for the market, 1 for a category, 2 for a SKU.
        lines: One row per line, one column per target month.
        overridden: Target months whose number is a planner's.
        next_units, last_units: Units of the next and of the last 12 months; NaN if none is known.
        change: ``next_units / last_units - 1``; NaN unless all last 12 months are known and above zero in sum.
    """

    sku: str
    name: str
    category: str
    depth: int
    lines: pd.DataFrame
    overridden: frozenset[pd.Timestamp]
    next_units: float
    last_units: float
    change: float


def forecast_groups(report: MarketReport) -> list[Group]:
    """Return the market, then each category followed by its SKUs, those with the most units ahead first."""
    wide = {line: _by_month(report.published, column) for line, column in SOURCES.items()}
    months = pd.DatetimeIndex(wide[FORECAST].columns)
    history = report.sell_in.pivot(index="sku", columns="month", values="sell_in_units")
    last_year = last_known_year(history, months, report.origin_month)
    category = _category(report, wide[FORECAST].index.union(last_year.index))
    described = names_by_sku(report)
    overridden = report.published[report.published["source"] == "override"]
    by_sku = overridden.groupby("sku")["target_month"].agg(frozenset)
    cases, past = _case_units(report), _last_months(report)
    year = [month for month in months if month <= add_months(report.origin_month, YEAR)]

    def group(of: pd.Index, depth: int, sku: str = "", name: str = "", of_category: str = "") -> Group:
        present = of.intersection(wide[FORECAST].index)
        lines = {line: _sum(table.loc[present]) for line, table in wide.items()}
        lines[LAST_YEAR] = _sum(last_year.reindex(of))
        if depth < 2:
            lines |= _range(report, of_category if depth else ONE_MARKET, months)
        before = lines[LAST_YEAR].where(lines[LAST_YEAR] > 0)
        lines[YEAR_ON_YEAR] = lines[FORECAST] / before - 1
        table = pd.DataFrame({line: lines[line] for line in LINES}).T
        if depth == 2 and cases.get(sku, 0) > 0:
            table.loc[CASES] = (lines[FORECAST] / cases[sku]).round()
        ahead = float(lines[FORECAST][year].sum())
        last = float(past["units"].reindex(of).sum(min_count=1))
        rows = past.reindex(of).dropna(subset=["is_known"])
        # A sum may have SKUs that began during the year; a SKU that did has no year to compare with.
        is_known = rows["is_known"].all() and (depth < 2 or (rows["months"] == YEAR).all()) and last > 0
        change = ahead / last - 1 if is_known else float("nan")
        return Group(sku, name, of_category, depth, table, by_sku.get(sku, frozenset()), ahead, last, change)

    groups = [group(category.index, 0, name=report.market_name)]
    for of_category, members in category.groupby(category).groups.items():
        published = wide[FORECAST].index.intersection(members)
        if published.empty:
            continue
        groups.append(group(pd.Index(members), 1, name=str(of_category), of_category=str(of_category)))
        order = wide[FORECAST].loc[published].sum(axis=1).sort_values(ascending=False, kind="stable").index
        groups += [
            group(pd.Index([sku]), 2, str(sku), described.get(str(sku), ("", ""))[0], str(of_category)) for sku in order
        ]
    return groups


def last_known_year(history: pd.DataFrame, months: pd.DatetimeIndex, origin: pd.Timestamp) -> pd.DataFrame:
    """Return units of the same month a year before each month, or two years before if that one is still ahead.

    Args:
        history: Units by SKU (rows) and month.
        months: Target months.
        origin: Last month of the history.
    """
    before = {}
    for month in months:
        last = add_months(month, -YEAR)
        before[month] = last if last <= origin else add_months(month, -2 * YEAR)
    return history.reindex(columns=list(before.values())).set_axis(months, axis=1)


def _by_month(published: pd.DataFrame, column: str) -> pd.DataFrame:
    return published.pivot(index="sku", columns="target_month", values=column).sort_index(axis=1).astype(float)


def _sum(table: pd.DataFrame) -> pd.Series:
    """Return sums by month; a month without a single number is unknown, not zero."""
    return table.sum(min_count=1)


def _last_months(report: MarketReport) -> pd.DataFrame:
    """Return units of the last 12 months by SKU, and False where one of its months is unknown or before its first."""
    first = add_months(report.origin_month, 1 - YEAR)
    rows = report.sell_in[report.sell_in["month"].between(first, report.origin_month)]
    by_sku = rows.groupby("sku")["sell_in_units"]
    known = by_sku.count()
    return pd.DataFrame({"units": by_sku.sum(min_count=1), "is_known": known == by_sku.size(), "months": known})


def _range(report: MarketReport, category: str, months: pd.DatetimeIndex) -> dict[str, pd.Series]:
    """Return the stored range of a sum: those of SKUs cannot be added up."""
    level = "market" if category == ONE_MARKET else "category"
    rows = report.levels[(report.levels["level"] == level) & (report.levels["category"] == category)]
    by_month = rows.set_index("target_month")
    return {line: by_month[SOURCES[line]].reindex(months).astype(float) for line in (LOWER, UPPER)}


def _category(report: MarketReport, skus: pd.Index) -> pd.Series:
    known = report.products.drop_duplicates("sku", keep="last").set_index("sku")["category"]
    return known.reindex(skus).astype(object).fillna(UNKNOWN_CATEGORY)


def _case_units(report: MarketReport) -> dict[str, float]:
    products = report.products.drop_duplicates("sku", keep="last")
    if "attribute_case_units" not in products:
        return {}
    units = pd.to_numeric(products["attribute_case_units"], errors="coerce")
    return {str(sku): float(each) for sku, each in zip(products["sku"], units, strict=True) if each > 0}
