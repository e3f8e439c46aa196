"""Forecasts of levels with their distributions: categories and market from SKUs, regions and world from markets.

The forecast of a level is the sum of the published forecasts below it, overrides included. Its quantiles are those of
the sum, never the sum of quantiles. What was learned of shared errors is in ``shared_errors.py``.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Labels
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.hierarchy import ALL_CATEGORIES, KEYS, MARKET, REGION, WORLD, WORLD_ENTITY
from forecast_assets.domain.evaluation.quantiles import QUANTILE_COLUMNS, around_forecast, quantiles_of
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
COLUMNS = [*KEYS, *MONTHS, "forecast_units", *QUANTILE_COLUMNS]
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
        its quantiles; categories in sorted order, then the market.
    """
    cells = published.sort_values(["sku", "target_month"])
    skus = cells.drop_duplicates("sku")
    categories = skus["category"].to_numpy(dtype=object).astype(str)
    shared = _errors_of_skus(skus["sku"].to_numpy(dtype=object), categories, history, backtest)
    months = cells.iloc[: len(cells) // len(skus)][MONTHS].reset_index(drop=True)
    forecast, quantiles = _as_arrays(cells, len(skus))
    by_category, total = summed_quantiles(quantiles, categories, shared)
    parts = [
        _rows(CATEGORY, market, name, months, forecast[categories == name].sum(axis=0), of_sum)
        for name, of_sum in by_category.items()
    ]
    return pd.concat(
        [*parts, _rows(MARKET, market, ALL_CATEGORIES, months, forecast.sum(axis=0), total)], ignore_index=True
    )


def _errors_of_skus(
    skus: Labels, categories: Labels, history: DemandPanel | None, backtest: pd.DataFrame
) -> SharedErrors:
    """Learn the shared errors of a market's SKUs, from those with history alone."""
    units, calendar_months = np.empty((0, 1)), np.ones(1, dtype=int)
    known = np.zeros(len(skus), dtype=bool)
    if history is not None:
        rows = pd.Index(history.skus).get_indexer(pd.Index(skus))
        known = rows >= 0
        units, calendar_months = history.units[rows[known]], history.months.month.to_numpy()
    of_history = sums_of_history(units, calendar_months, group_numbers(categories[known]))
    return shared_errors(of_history, sums_of_backtest(backtest), backtest["sku"].nunique())


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
    shared = _errors_of_markets(markets, regions, of_markets)
    months = cells.iloc[: len(cells) // len(markets)][MONTHS].reset_index(drop=True)
    forecast, quantiles = _as_arrays(cells, len(markets))
    by_region, total = summed_quantiles(quantiles, regions, shared)
    parts = [
        _rows(REGION, name, ALL_CATEGORIES, months, forecast[regions == name].sum(axis=0), of_sum)
        for name, of_sum in by_region.items()
    ]
    world = _rows(WORLD, WORLD_ENTITY, ALL_CATEGORIES, months, forecast.sum(axis=0), total)
    return pd.concat([*parts, world], ignore_index=True)


def _errors_of_markets(markets: Labels, regions: Labels, totals: pd.DataFrame) -> SharedErrors:
    """Learn the shared errors of markets from their monthly totals."""
    if totals.empty:
        return shared_errors(sums_of_history(np.empty((0, 1)), np.ones(1, dtype=int), np.empty(0, dtype=int)))
    wide = totals.pivot(index="entity", columns="month", values="sell_in_units").reindex(markets)
    months = pd.date_range(wide.columns.min(), wide.columns.max(), freq="MS")[-HISTORY_MONTHS:]
    units = wide.reindex(columns=months).to_numpy(float)
    return shared_errors(sums_of_history(units, months.month.to_numpy(), group_numbers(regions)))


def _as_arrays(cells: pd.DataFrame, series: int) -> tuple[Floats, Floats]:
    """Return forecasts (n, horizon) and quantiles (n, horizon, 19) of sorted cells.

    Raises:
        ValueError: If the series have different numbers of months.
    """
    if len(cells) % series or cells["target_month"].nunique() != len(cells) // series:
        raise ValueError(f"{series} series have {len(cells)} months ahead: expected the same target months of each")
    forecast: Floats = cells["forecast_units"].to_numpy(float).reshape(series, -1)
    return forecast, quantiles_of(cells).reshape(*forecast.shape, -1)


def _rows(
    level: str, entity: str, category: str, months: pd.DataFrame, forecast: Floats, quantiles: Floats
) -> pd.DataFrame:
    held = around_forecast(quantiles, forecast)
    by_level = dict(zip(QUANTILE_COLUMNS, held.T, strict=True))
    named = months.assign(level=level, entity=entity, category=category, forecast_units=forecast, **by_level)
    return named[COLUMNS]
