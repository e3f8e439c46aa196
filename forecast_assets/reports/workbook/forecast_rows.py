"""Numbers of the sheet Forecast: lines of each SKU, category and the market by target month.

Only frames are made here; `forecast_sheet.py` writes them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Ints
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
    published, months = wide[FORECAST].index, pd.DatetimeIndex(wide[FORECAST].columns)
    history = report.sell_in.pivot(index="sku", columns="month", values="sell_in_units")
    wide[LAST_YEAR] = last_known_year(history, months, report.origin_month)
    category = _category(report, published.union(wide[LAST_YEAR].index))
    numbers = _Numbers(report, category.index, {line: wide[line] for line in LINES if line in wide}, months)
    described = names_by_sku(report)
    groups = [numbers.sum_of(np.arange(len(category)), report.market_name)]
    for of_category, members in category.groupby(category).groups.items():
        present = published.intersection(members)
        if present.empty:
            continue
        rows = category.index.get_indexer(pd.Index(members))
        groups.append(numbers.sum_of(rows, str(of_category), str(of_category)))
        order = wide[FORECAST].loc[present].sum(axis=1).sort_values(ascending=False, kind="stable").index
        places = category.index.get_indexer(order)
        groups += [
            numbers.of_sku(int(row), described.get(str(sku), ("", ""))[0], str(of_category))
            for sku, row in zip(order, places, strict=True)
        ]
    return groups


class _Numbers:
    """Lines of all SKUs as arrays (sku, month), from which groups are cut and summed.

    Args:
        report: Tables of the market.
        skus: The SKUs in order.
        wide: Units by SKU and month of each line but the year on year.
        months: Target months.
    """

    def __init__(
        self, report: MarketReport, skus: pd.Index, wide: dict[str, pd.DataFrame], months: pd.DatetimeIndex
    ) -> None:
        self._report, self._skus, self._months = report, skus, months
        self._lines = {line: table.reindex(skus).to_numpy(float) for line, table in wide.items()}
        past = _last_months(report).reindex(skus)
        self._past_units = past["units"].to_numpy(float)
        self._has_past = past["is_known"].notna().to_numpy()
        self._is_known = past["is_known"].eq(True).to_numpy()
        self._past_months = past["months"].to_numpy(float)
        self._in_year = np.asarray(months <= add_months(report.origin_month, YEAR))
        self._cases = _case_units(report)
        overridden = report.published[report.published["source"] == "override"]
        self._overridden = overridden.groupby("sku")["target_month"].agg(frozenset).to_dict()

    def of_sku(self, row: int, name: str, category: str) -> Group:
        """Return the lines of the SKU in a row."""
        sku, lines = str(self._skus[row]), {line: values[row] for line, values in self._lines.items()}
        # A SKU that began during the year has no year to compare with.
        is_known = bool(self._is_known[row]) and self._past_months[row] == YEAR
        cases = self._cases.get(sku, 0.0)
        further = {CASES: (lines[FORECAST] / cases).round()} if cases > 0 else {}
        overridden = self._overridden.get(self._skus[row], frozenset())
        return self._group((sku, name, category), 2, lines, further, overridden, self._past_units[row], is_known)

    def sum_of(self, rows: Ints, name: str, category: str = "") -> Group:
        """Return the lines of a category, or of the market without one: a range of its own, the rest as sums."""
        lines = {line: _sum(values[rows]) for line, values in self._lines.items()}
        lines |= _range(self._report, category or ONE_MARKET, self._months)
        past = float(_sum(self._past_units[rows][:, None])[0])
        # SKUs that began during the year are part of the sum.
        is_known = bool(self._is_known[rows][self._has_past[rows]].all())
        return self._group(("", name, category), 1 if category else 0, lines, {}, frozenset(), past, is_known)

    def _group(
        self, texts: tuple[str, str, str], depth: int, lines: dict[str, Floats], further: dict[str, Floats],
        overridden: frozenset[pd.Timestamp], past: float, is_known: bool,
    ) -> Group:  # fmt: skip
        before = np.where(lines[LAST_YEAR] > 0, lines[LAST_YEAR], np.nan)
        named = lines | {YEAR_ON_YEAR: lines[FORECAST] / before - 1}
        table = np.vstack([*(named[line] for line in LINES), *further.values()])
        ahead = float(np.nansum(lines[FORECAST][self._in_year]))
        change = ahead / past - 1 if is_known and past > 0 else float("nan")
        frame = pd.DataFrame(table, index=[*LINES, *further], columns=self._months)
        return Group(*texts, depth, frame, overridden, ahead, past, change)


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


def _sum(values: Floats) -> Floats:
    """Return sums by month over the SKUs; a month without a single number is unknown, not zero."""
    return np.where(np.isfinite(values).any(axis=0), np.nansum(values, axis=0), np.nan)


def _last_months(report: MarketReport) -> pd.DataFrame:
    """Return units of the last 12 months by SKU, and False where one of its months is unknown or before its first."""
    first = add_months(report.origin_month, 1 - YEAR)
    rows = report.sell_in[report.sell_in["month"].between(first, report.origin_month)]
    by_sku = rows.groupby("sku")["sell_in_units"]
    known = by_sku.count()
    return pd.DataFrame({"units": by_sku.sum(min_count=1), "is_known": known == by_sku.size(), "months": known})


def _range(report: MarketReport, category: str, months: pd.DatetimeIndex) -> dict[str, Floats]:
    """Return the stored range of a sum: those of SKUs cannot be added up."""
    level = "market" if category == ONE_MARKET else "category"
    rows = report.levels[(report.levels["level"] == level) & (report.levels["category"] == category)]
    by_month = rows.set_index("target_month")
    return {line: by_month[SOURCES[line]].reindex(months).to_numpy(float) for line in (LOWER, UPPER)}


def _category(report: MarketReport, skus: pd.Index) -> pd.Series:
    known = report.products.drop_duplicates("sku", keep="last").set_index("sku")["category"]
    return known.reindex(skus).astype(object).fillna(UNKNOWN_CATEGORY)


def _case_units(report: MarketReport) -> dict[str, float]:
    products = report.products.drop_duplicates("sku", keep="last")
    if "attribute_case_units" not in products:
        return {}
    units = pd.to_numeric(products["attribute_case_units"], errors="coerce")
    return {str(sku): float(each) for sku, each in zip(products["sku"], units, strict=True) if each > 0}
