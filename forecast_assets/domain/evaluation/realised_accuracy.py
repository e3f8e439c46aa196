"""Realised accuracy of published forecasts: by lag, category and class, in one table and as figures to plot.

Here belong the groups of cells and the names of figures. Not here: the cells (``performance.py``) and the formulas
(``accuracy.py``).
"""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY
from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.backtest_accuracy import ALL_LAGS, segment
from forecast_assets.domain.evaluation.levels import at_levels

PERFORMANCE_METHODS = {
    "published": "published_units",
    "model": "model_units",
    "baseline": "baseline_units",
    "naive": "naive_units",
}
REPORTED_LAGS = (1, 3, 6, 12, 18)
REPORTED_LAG_NAMES = (*(str(lag) for lag in REPORTED_LAGS), ALL_LAGS)
ONE_MARKET = "ALL"
LEVELS = ("market", "category", "abc", "xyz", "class")
# Methods plotted by class: all four would be 96 lines more.
PLOTTED_BY_CLASS = ("published", "baseline")


def published_in_time(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells forecast before their month closed; backfilled forecasts were made with later knowledge."""
    return cells[cells["status"] != "backfilled"]


def realised_accuracy(cells: pd.DataFrame) -> pd.DataFrame:
    """Compute WAPE and bias of every method by level, entity and lag.

    Sums first, ratios last; error = forecast - actual; fractions. A cell counts for a method if actual and that
    forecast are known, so ``cells_<method>`` may be fewer than ``cells`` (no model in months it did not run).

    Args:
        cells: Rows of ``performance`` of one market, one month or several: ``sku, lag_months, actual_units, status,
            category, abc_class, xyz_class`` and the columns of the methods. Backfilled rows do not count. A null
            category counts as "UNKNOWN".

    Returns:
        As ``accuracy_table`` by ``level`` (market, category, abc, xyz, class), ``entity`` ("ALL"; a category; "A";
        "X"; "AX") and ``lag`` ("1", "3", "6", "12", "18", "all" over every lag 1 to 18), in this order. Groups
        without a scored cell are absent; no rows without any.
    """
    scored = published_in_time(cells).dropna(subset=["actual_units"])
    if scored.empty:
        return pd.DataFrame(columns=["level", "entity", "lag", "cells", "actual_units"])
    entities = {
        "market": pd.Series(ONE_MARKET, index=scored.index),
        "category": scored["category"].astype(object).fillna(UNKNOWN_CATEGORY),
        "abc": scored["abc_class"],
        "xyz": scored["xyz_class"],
        "class": segment(scored),
    }
    of_lag = scored[scored["lag_months"].isin(REPORTED_LAGS)]
    parts = [
        rows.assign(level=level, entity=entity.reindex(rows.index).astype(object), lag=lag)
        for level, entity in entities.items()
        for rows, lag in ((scored, ALL_LAGS), (of_lag, of_lag["lag_months"].astype(str)))
    ]
    grouped = pd.concat(parts, ignore_index=True)
    grouped["level"] = pd.Categorical(grouped["level"], LEVELS, ordered=True)
    grouped["lag"] = pd.Categorical(grouped["lag"], REPORTED_LAG_NAMES, ordered=True)
    table = accuracy_table(grouped, ["level", "entity", "lag"], forecasts=PERFORMANCE_METHODS)
    return table.astype({"level": object, "lag": object})


def realised_by_level(cells: pd.DataFrame, forecasts: Mapping[str, str]) -> pd.DataFrame:
    """Compute WAPE and bias of SKUs, categories and the market: errors of the sums per origin and lag.

    Args:
        cells: Scored cells of one market: ``sku, category, origin_month, lag_months, actual_units`` and the forecasts,
            all known.
        forecasts: Column by method.

    Returns:
        As ``accuracy_table`` by ``level``, from the SKU up; no rows without a cell.
    """
    if cells.empty:
        return pd.DataFrame(columns=["level", "cells", "actual_units"])
    one_market = cells.drop(columns="country", errors="ignore")
    sums = at_levels(one_market, ["actual_units", *forecasts.values()], ["origin_month", "lag_months"])
    sums["level"] = pd.Categorical(sums["level"], list(sums["level"].unique()), ordered=True)
    return accuracy_table(sums, "level", forecasts=dict(forecasts)).astype({"level": object})


def realised_figures(table: pd.DataFrame) -> dict[str, float]:
    """Return the figures of one market and month under constant names, so that they can be plotted over months.

    - ``scored_cells``;
    - ``wape_<method>``, ``bias_<method>`` over all lags, and with ``_lag_01 .. _lag_18`` for each reported lag;
    - the same with ``_abc_a``, ``_xyz_x`` and so on, over all lags, for published and baseline.

    A figure without a scored cell, or whose actuals sum to zero, is left out.

    Args:
        table: From ``realised_accuracy``.
    """
    market = table[(table["level"] == "market")]
    figures: dict[str, float] = {"scored_cells": int(market.loc[market["lag"] == ALL_LAGS, "cells"].sum())}
    for row in market.to_dict("records"):
        suffix = "" if row["lag"] == ALL_LAGS else f"_lag_{int(row['lag']):02d}"
        figures |= _ratios(row, tuple(PERFORMANCE_METHODS), suffix)
    for row in table[table["level"].isin(["abc", "xyz"]) & (table["lag"] == ALL_LAGS)].to_dict("records"):
        figures |= _ratios(row, PLOTTED_BY_CLASS, f"_{row['level']}_{str(row['entity']).lower()}")
    return figures


def _ratios(row: Mapping[Hashable, Any], methods: tuple[str, ...], suffix: str) -> dict[str, float]:
    names = [f"{measure}_{method}" for method in methods for measure in ("wape", "bias")]
    return {name + suffix: float(row[name]) for name in names if pd.notna(row[name])}
