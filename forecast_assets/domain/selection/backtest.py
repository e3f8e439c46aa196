"""Backtest of a recipe: refitted at earlier origins on the data known there, scored on the months that followed.

A stored model is never scored on months before its cutoff. Only its recipe is, by refitting it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecast_assets.domain.anchors import anchor_offsets
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.pooled_model import PooledModel
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refits import RefitCache
from forecast_assets.domain.models.training_rows import TooFewRowsError
from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio
from forecast_assets.domain.statistical.baseline import baseline_forecasts

KEYS = ["sku", "origin_month", "target_month", "horizon_months"]
SEGMENTS = ["category", "abc_class", "xyz_class"]
UNITS = [
    "actual_units", "model_units", "forecast_units_p10", "forecast_units_p90", "champion_units", "baseline_units",
    "naive_units",
]  # fmt: skip
TYPES = (
    {"sku": "object", "origin_month": "datetime64[ns]", "target_month": "datetime64[ns]", "horizon_months": "int64"}
    | dict.fromkeys(UNITS, "float64")
    | dict.fromkeys(SEGMENTS, "object")
)


def backtest(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    origin: pd.Timestamp,
    recipe: Recipe,
    products: pd.DataFrame | None = None,
    pooled: PooledModel | None = None,
    champion: Recipe | None = None,
    months_back: Sequence[int] = (),
) -> pd.DataFrame:
    """Return the cells of the rolling origins, with every method on the same cells.

    Args:
        features: Features of earlier origins, one row per SKU and origin.
        sell_in: Panel of the market up to the origin month.
        origin: The month at whose end the backtest is made; its sell-in is the last actual.
        recipe: Recipe to refit at each origin.
        products: Products as known in each ``month``, for the portfolio rules; None applies no rule.
        pooled: Learners over all markets for this origin; each earlier origin uses the part known there.
        champion: Another recipe, refitted at the same origins for comparison.
        months_back: Origins, in months before ``origin``; by default its three anchors.

    Returns:
        One row per SKU, origin and horizon up to the origin month. Columns: ``actual_units`` (NaN if unknown),
        ``model_units``, the model's 80 % interval ``forecast_units_p10, forecast_units_p90``, ``champion_units`` (NaN
        without a champion, and if its recipe alone has too little history), ``baseline_units, naive_units`` and the
        segments of the SKU at its origin. Origins with too little history are left out (see ``origins_left_out``).
    """
    known: list[pd.DataFrame | None] = []
    of_champion: list[pd.DataFrame | None] = []
    cache, cache_of_champion = RefitCache(), RefitCache()
    for months in months_back or anchor_offsets(origin):
        at = add_months(origin, -months)
        then = pooled and pooled.known(months)
        cells = forecasts_at(features, sell_in, at, recipe, cache, products, then)
        known.append(cells)
        if champion and cells is not None:
            of_champion.append(forecasts_at(features, sell_in, at, champion, cache_of_champion, products, then))
    return scored(known, of_champion, sell_in, origin)


def forecasts_at(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    origin: pd.Timestamp,
    recipe: Recipe,
    cache: RefitCache | None = None,
    products: pd.DataFrame | None = None,
    pooled: PooledModel | None = None,
) -> pd.DataFrame | None:
    """Return every method's forecasts of all horizons at one origin, from what was known then.

    Args:
        features: Features with the rows of the origin and of earlier ones.
        sell_in: Panel that reaches the origin; later months are ignored.
        origin: The origin month.
        recipe: Recipe to train.
        cache: Refits of the recipe at earlier origins, which are reused and extended.
        products: Products as known in each ``month``.
        pooled: Learners over all markets as known at the origin.

    Returns:
        The columns of ``backtest`` but ``actual_units`` and ``champion_units``; None with too little history to train.
    """
    at_origin = features[features["origin_month"] == origin]
    if at_origin.empty:
        return None
    try:
        model = fit_market_model(features, sell_in, origin, recipe, cache, pooled)
    except TooFewRowsError:
        return None
    cells = forecast_units(at_origin, sell_in, model)
    if products is not None:
        known = products[products["month"] == origin]
        cells = apply_portfolio(cells, sell_in.until(origin), origin, known)
    baseline = baseline_forecasts(sell_in, origin, at_origin["sku"].to_numpy())
    cells = cells.rename(columns={"forecast_units": "model_units"}).merge(baseline, on=KEYS, validate="1:1")
    cells = cells.merge(at_origin[["sku", *SEGMENTS]], on="sku", validate="m:1")
    return cells[[name for name in TYPES if name not in ("actual_units", "champion_units")]]


def scored(
    cells: Sequence[pd.DataFrame | None],
    of_champion: Sequence[pd.DataFrame | None],
    sell_in: DemandPanel,
    last_month: pd.Timestamp,
) -> pd.DataFrame:
    """Return the table of a backtest from the forecasts at its origins.

    Args:
        cells: ``forecasts_at`` of each origin; None is left out.
        of_champion: The same of another recipe, in any order.
        sell_in: Panel of the market up to the last month.
        last_month: The month at whose end the backtest is made.
    """
    known = [each for each in cells if each is not None]
    if not known:
        return pd.DataFrame(columns=list(TYPES)).astype(TYPES)
    table = pd.concat(known, ignore_index=True)
    champion = [each[[*KEYS, "model_units"]] for each in of_champion if each is not None]
    if champion:
        units = pd.concat(champion).rename(columns={"model_units": "champion_units"})
        table = table.merge(units, on=KEYS, how="left", validate="1:1")
    else:
        table["champion_units"] = np.nan
    return with_actuals(table, sell_in, last_month)[list(TYPES)].astype(TYPES)


def origins_left_out(cells: pd.DataFrame, origin: pd.Timestamp) -> list[pd.Timestamp]:
    """Return the rolling origins without a cell in a backtest made at ``origin``, for lack of history."""
    wanted = [add_months(origin, -months_back) for months_back in anchor_offsets(origin)]
    return [month for month in wanted if not (cells["origin_month"] == month).any()]


def with_actuals(cells: pd.DataFrame, sell_in: DemandPanel, last_month: pd.Timestamp) -> pd.DataFrame:
    """Add ``actual_units`` of each cell's SKU and target month; cells after ``last_month`` are dropped.

    Actuals are those known at the end of ``last_month``.
    NaN if the sell-in is unknown, or the panel has no such SKU or month.
    """
    closed = cells[cells["target_month"] <= last_month].reset_index(drop=True)
    rows = pd.Index(sell_in.skus).get_indexer(pd.Index(closed["sku"]))
    columns = sell_in.months.get_indexer(pd.DatetimeIndex(closed["target_month"]))
    in_panel, units = (rows >= 0) & (columns >= 0), sell_in.units_known(last_month)
    return closed.assign(actual_units=np.where(in_panel, units[rows, columns], np.nan))
