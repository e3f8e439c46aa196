"""Forecasts of levels beside what came and beside Holt-Winters fitted to each level, and their scores.

Not here: training and the choice of data (``levels.py``).
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.hierarchy import ALL_CATEGORIES, MARKET, WORLD_ENTITY
from forecast_assets.domain.levels.level_forecasts import HISTORY_MONTHS, levels_above_markets, market_levels
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters

KEYS = ["level", "entity", "category"]
LEVELS = ("category", "market", "region", "world")


@dataclasses.dataclass(frozen=True)
class LevelCase:
    """A market at an origin.

    Attributes:
        market: Its code.
        panel: Sell-in up to the origin.
        cells: ``sku, category``, months, forecast, quantiles and ``actual_units``, known in every month.
        backtest: Cells of the backtest with ``category``.
    """

    market: str
    panel: DemandPanel
    cells: pd.DataFrame
    backtest: pd.DataFrame

    @property
    def origin(self) -> pd.Timestamp:
        """The last known month."""
        return self.panel.months[-1]


def level_cells(cases: Sequence[LevelCase], region_by_market: Mapping[str, str]) -> pd.DataFrame:
    """Forecasts of all levels of one origin with ``actual_units`` and ``holt_winters_units`` of each."""
    parts = [
        market_levels(case.cells, case.market, case.panel.learnable(case.origin, HISTORY_MONTHS), case.backtest)
        for case in cases
    ]
    of_markets = pd.concat(parts, ignore_index=True)
    totals = pd.concat([_totals(case) for case in cases], ignore_index=True)
    forecasts = pd.concat([of_markets, levels_above_markets(of_markets, totals, region_by_market)], ignore_index=True)
    units, history = zip(*(_units(case, region_by_market) for case in cases), strict=True)
    actual = pd.concat(units).groupby([*KEYS, "target_month"], as_index=False)["actual_units"].sum()
    summed = pd.concat(history).groupby(level=KEYS).sum(min_count=1)
    ahead = forecast_holt_winters(summed.to_numpy(float)[:, -HISTORY_MONTHS:])
    baseline = pd.DataFrame(ahead, summed.index, sorted(forecasts["target_month"].unique()))
    long = baseline.rename_axis("target_month", axis=1).stack().rename("holt_winters_units").reset_index()
    both = forecasts.merge(actual, on=[*KEYS, "target_month"], validate="1:1")
    return both.merge(long, on=[*KEYS, "target_month"], validate="1:1")


def _totals(case: LevelCase) -> pd.DataFrame:
    """Monthly totals of a market before the origin, as the table demand_totals has them."""
    units = pd.DataFrame(case.panel.units, columns=case.panel.months).sum(min_count=1).iloc[:-1]
    named = {"level": MARKET, "entity": case.market, "category": ALL_CATEGORIES}
    return units.rename("sell_in_units").rename_axis("month").reset_index().assign(**named)


def _units(case: LevelCase, region_by_market: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Actuals and history of the scored SKUs, once per level with its keys."""
    skus = case.cells.drop_duplicates("sku")
    rows = pd.Index(case.panel.skus).get_indexer(pd.Index(skus["sku"]))
    past = pd.DataFrame(case.panel.units[rows], columns=case.panel.months)
    entities = {
        "category": case.market, "market": case.market, "region": region_by_market[case.market], "world": WORLD_ENTITY,
    }  # fmt: skip
    actual, history = [], []
    for level, entity in entities.items():
        of_cells, of_skus = (
            table["category"].astype(str) if level == "category" else pd.Series(ALL_CATEGORIES, table.index)
            for table in (case.cells, skus)
        )
        actual.append(case.cells.assign(level=level, entity=entity, category=of_cells))
        keys = pd.MultiIndex.from_arrays([[level] * len(skus), [entity] * len(skus), of_skus], names=KEYS)
        history.append(past.set_axis(keys))
    return pd.concat(actual, ignore_index=True), pd.concat(history)


def level_scores(cells: pd.DataFrame) -> pd.DataFrame:
    """One row per level: ``level, cells, covered, below, width, wape, wape_holt_winters, ratio``.

    Args:
        cells: From ``level_cells``, of one or several origins told apart by ``origin``.
    """
    low, high, actual = cells["forecast_units_p10"], cells["forecast_units_p90"], cells["actual_units"]
    errors = cells.assign(
        is_covered=(actual >= low) & (actual <= high),
        is_below=actual < low,
        width=high - low,
        own=(cells["forecast_units"] - actual).abs(),
        baseline=(cells["holt_winters_units"] - actual).abs(),
    )
    rows = []
    for level in LEVELS:
        of_level = errors[errors["level"] == level]
        sums = of_level.groupby(["origin", "entity", "category"])[["own", "baseline"]].sum()
        sold, forecast = of_level["actual_units"].sum(), of_level["forecast_units"].sum()
        rows.append(
            {
                "level": level,
                "cells": len(of_level),
                "covered": of_level["is_covered"].mean(),
                "below": of_level["is_below"].mean(),
                "width": of_level["width"].sum() / forecast,
                "wape": of_level["own"].sum() / sold,
                "wape_holt_winters": of_level["baseline"].sum() / sold,
                "ratio": float(np.exp(np.log(sums["own"] / sums["baseline"]).mean())),
            }
        )
    return pd.DataFrame(rows)
