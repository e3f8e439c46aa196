"""Backtest of a recipe: refitted at earlier origins on the data known there, scored on the months that followed.

A stored model is never scored on months before its cutoff. Only its recipe is, by refitting it.
"""

import dataclasses
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
    tables: list[pd.DataFrame] = []
    memory, memory_of_champion = RefitCache(), RefitCache()
    for months in months_back or anchor_offsets(origin):
        at = _Origin(features, sell_in, products, add_months(origin, -months), pooled and pooled.known(months))
        cells = at.forecast_by(recipe, memory)
        if cells is None:
            continue
        champion_cells = at.forecast_by(champion, memory_of_champion) if champion else None
        cells = _beside(cells.rename(columns={"forecast_units": "model_units"}), champion_cells)
        baseline = baseline_forecasts(sell_in, at.month, at.features["sku"].to_numpy())
        cells = cells.merge(baseline, on=KEYS, validate="1:1")
        tables.append(cells.merge(at.features[["sku", *SEGMENTS]], on="sku", validate="m:1"))
    if not tables:
        return pd.DataFrame(columns=list(TYPES)).astype(TYPES)
    return with_actuals(pd.concat(tables, ignore_index=True), sell_in, origin)[list(TYPES)]


@dataclasses.dataclass(frozen=True)
class _Origin:
    """Data known at an earlier origin, ``month``, and forecasts by a recipe refitted there."""

    stack: pd.DataFrame
    sell_in: DemandPanel
    products: pd.DataFrame | None
    month: pd.Timestamp
    pooled: PooledModel | None

    @property
    def features(self) -> pd.DataFrame:
        """Features of this origin alone."""
        return self.stack[self.stack["origin_month"] == self.month]

    def forecast_by(self, recipe: Recipe, memory: RefitCache) -> pd.DataFrame | None:
        """Return forecasts with the portfolio rules; None if there is too little history to train."""
        if self.features.empty:
            return None
        try:
            model = fit_market_model(self.stack, self.sell_in, self.month, recipe, memory, self.pooled)
        except TooFewRowsError:
            return None
        cells = forecast_units(self.features, self.sell_in, model)
        if self.products is None:
            return cells
        known = self.products[self.products["month"] == self.month]
        return apply_portfolio(cells, self.sell_in.until(self.month), self.month, known)


def _beside(cells: pd.DataFrame, champion: pd.DataFrame | None) -> pd.DataFrame:
    if champion is None:
        return cells.assign(champion_units=np.nan)
    champion_units = champion[[*KEYS, "forecast_units"]].rename(columns={"forecast_units": "champion_units"})
    return cells.merge(champion_units, on=KEYS, how="left", validate="1:1")


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
