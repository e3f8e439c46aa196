"""Forecasts of levels with their distributions: categories and market from SKUs, regions and world from markets.

The forecast of a level is the sum of the published forecasts below it, overrides included. Its quantiles are those of
the sum, never the sum of quantiles. What was learned of shared errors is in ``shared_errors.py``.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Ints, Labels
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.hierarchy import ALL_CATEGORIES, KEYS, MARKET, REGION, WORLD, WORLD_ENTITY
from forecast_assets.domain.evaluation.quantiles import QUANTILE_COLUMNS, around_forecast, quantiles_of
from forecast_assets.domain.levels.cumulative_sums import correlation_by_distance, cumulative_bands
from forecast_assets.domain.levels.shared_errors import (
    SharedErrors,
    group_numbers,
    shared_errors,
    sums_of_backtest,
    sums_of_history,
)
from forecast_assets.domain.levels.summed_quantiles import summed_quantiles

CATEGORY = "category"
HISTORY_MONTHS = 120
MONTHS = ["origin_month", "target_month", "horizon_months"]
CUMULATIVE_COLUMNS = ["cumulative_units", "cumulative_units_p10", "cumulative_units_p90"]
COLUMNS = [*KEYS, *MONTHS, "forecast_units", *QUANTILE_COLUMNS, *CUMULATIVE_COLUMNS]
PUBLISHED_COLUMNS = ["sku", "category", *MONTHS, "forecast_units", *QUANTILE_COLUMNS]
BACKTEST_COLUMNS = [
    "sku", "origin_month", "horizon_months", "category", "actual_units", "model_units", "forecast_units_p10",
    "forecast_units_p90",
]  # fmt: skip


def market_levels(
    published: pd.DataFrame, market: str, history: DemandPanel | None, backtest: pd.DataFrame
) -> pd.DataFrame:
    """Return the forecasts of a market and its categories.

    Args:
        published: Published forecasts of one origin, every SKU with the same target months; ``sku, category``, months,
            forecast and quantiles.
        market: Code of the market, the entity of all rows.
        history: Sell-in up to the origin without extremes; None without any.
        backtest: Cells of the backtest of the origin; may be empty.

    Returns:
        ``level`` (category, market), ``entity``, ``category`` ("ALL" for the market), months, ``forecast_units`` and
        its quantiles; ``cumulative_units`` of the months up to the row's, with p10 and p90; categories in sorted
        order, then the market.
    """
    cells = published.sort_values(["sku", "target_month"])
    skus = cells.drop_duplicates("sku")
    categories = skus["category"].to_numpy(dtype=object).astype(str)
    units, calendar_months = _units_before(skus["sku"].to_numpy(dtype=object), history)
    shared = _errors_of_skus(units, calendar_months, categories, backtest)
    months = cells.iloc[: len(cells) // len(skus)][MONTHS].reset_index(drop=True)
    forecast, quantiles = _as_arrays(cells, len(skus))
    by_category, total = summed_quantiles(quantiles, categories, shared)
    below = _Below(forecast, months, units, calendar_months)
    parts = [
        below.rows(of_sum, categories == name, level=CATEGORY, entity=market, category=name)
        for name, of_sum in by_category.items()
    ]
    parts.append(below.rows(total, level=MARKET, entity=market, category=ALL_CATEGORIES))
    return pd.concat(parts, ignore_index=True)


def _units_before(skus: Labels, history: DemandPanel | None) -> tuple[Floats, Ints]:
    """Return the history of SKUs, (n, months), NaN for those without, and the calendar month of each column."""
    if history is None:
        return np.full((len(skus), 1), np.nan), np.ones(1, dtype=int)
    rows = pd.Index(history.skus).get_indexer(pd.Index(skus))
    units: Floats = np.where((rows >= 0)[:, None], history.units[rows], np.nan)
    return units, history.months.month.to_numpy()


def _errors_of_skus(units: Floats, calendar_months: Ints, categories: Labels, backtest: pd.DataFrame) -> SharedErrors:
    """Learn the shared errors of a market's SKUs, from those with history alone."""
    known = np.isfinite(units).any(axis=1)
    of_history = sums_of_history(units[known], calendar_months, group_numbers(categories[known]))
    return shared_errors(of_history, sums_of_backtest(backtest), backtest["sku"].nunique())


def _sum_of_known(units: Floats) -> Floats:
    """Return the sum of series by month, (months,); NaN where none is known."""
    known = np.isfinite(units)
    sums: Floats = np.where(known.any(axis=0), np.where(known, units, 0.0).sum(axis=0), np.nan)
    return sums


def levels_above_markets(
    levels: pd.DataFrame, totals: pd.DataFrame, region_by_market: Mapping[str, str]
) -> pd.DataFrame:
    """Return the forecasts of regions and the world over all categories.

    Args:
        levels: Rows of ``market_levels`` of several markets at one origin.
        totals: ``demand_totals`` of the months before the origin with their ``month``; may be empty.
        region_by_market: Region of each market.

    Returns:
        As ``market_levels`` with the levels region and world; regions in sorted order, then the world.

    Raises:
        ValueError: If a market has no region.
    """
    cells = levels[levels["level"] == MARKET].sort_values(["entity", "target_month"])
    markets = cells["entity"].drop_duplicates().to_numpy(dtype=object)
    without = sorted(set(markets) - set(region_by_market))
    if without:
        raise ValueError(f"markets without a region: {without}: give each a region in the list of markets")
    regions = np.array([region_by_market[market] for market in markets], dtype=str)
    of_markets = totals[(totals["level"] == MARKET) & (totals["category"] == ALL_CATEGORIES)]
    units, calendar_months = _totals_before(markets, of_markets)
    shared = shared_errors(sums_of_history(units, calendar_months, group_numbers(regions)))
    months = cells.iloc[: len(cells) // len(markets)][MONTHS].reset_index(drop=True)
    forecast, quantiles = _as_arrays(cells, len(markets))
    by_region, total = summed_quantiles(quantiles, regions, shared)
    below = _Below(forecast, months, units, calendar_months)
    parts = [
        below.rows(of_sum, regions == name, level=REGION, entity=name, category=ALL_CATEGORIES)
        for name, of_sum in by_region.items()
    ]
    parts.append(below.rows(total, level=WORLD, entity=WORLD_ENTITY, category=ALL_CATEGORIES))
    return pd.concat(parts, ignore_index=True)


def _totals_before(markets: Labels, totals: pd.DataFrame) -> tuple[Floats, Ints]:
    """Return the monthly totals of markets, (n, months), NaN without any, and the calendar month of each column."""
    if totals.empty:
        return np.full((len(markets), 1), np.nan), np.ones(1, dtype=int)
    wide = totals.pivot(index="entity", columns="month", values="sell_in_units").reindex(markets)
    months = pd.date_range(wide.columns.min(), wide.columns.max(), freq="MS")[-HISTORY_MONTHS:]
    return wide.reindex(columns=months).to_numpy(float), months.month.to_numpy()


def _as_arrays(cells: pd.DataFrame, series: int) -> tuple[Floats, Floats]:
    """Return forecasts (n, horizon) and quantiles (n, horizon, 19) of sorted cells.

    Raises:
        ValueError: If the series have different numbers of months.
    """
    if len(cells) % series or cells["target_month"].nunique() != len(cells) // series:
        raise ValueError(f"{series} series have {len(cells)} months ahead: expected the same target months of each")
    forecast: Floats = cells["forecast_units"].to_numpy(float).reshape(series, -1)
    return forecast, quantiles_of(cells).reshape(*forecast.shape, -1)


@dataclasses.dataclass(frozen=True)
class _Below:
    """Series that a level is the sum of, SKUs or markets: forecasts, their months, and the history of each series."""

    forecast: Floats
    months: pd.DataFrame
    units: Floats
    calendar_months: Ints

    def rows(self, quantiles: Floats, chosen: Bools | None = None, **named: str) -> pd.DataFrame:
        """Return the rows of the sum of the chosen series, of all by default; ``named`` are its level and names."""
        rows = np.ones(len(self.forecast), dtype=bool) if chosen is None else chosen
        forecast, horizon_months = self.forecast[rows].sum(axis=0), len(self.months)
        errors = correlation_by_distance(_sum_of_known(self.units[rows]), self.calendar_months, horizon_months)
        held = around_forecast(quantiles, forecast)
        by_level = dict(zip(QUANTILE_COLUMNS, held.T, strict=True))
        sums, (low, high) = np.cumsum(forecast), cumulative_bands(held, errors).T
        band = dict(zip(CUMULATIVE_COLUMNS, (sums, np.minimum(low, sums), np.maximum(high, sums)), strict=True))
        return self.months.assign(forecast_units=forecast, **named, **by_level, **band)[COLUMNS]
