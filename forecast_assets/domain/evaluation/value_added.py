"""Forecast value added: the error of each step on the way to the published number, on the same cells.

Five steps: seasonal naive, Holt-Winters, model, the number before overrides, the number as published. Here belong the
cells of a month and their sums by group. Not here: sums over months and the verdict (``value_added_verdict.py``).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY
from forecast_assets.domain.evaluation.realised_accuracy import ONE_MARKET, published_in_time

STEPS = {
    "naive": "naive_units",
    "baseline": "baseline_units",
    "model": "model_units",
    "before_overrides": "units_before_overrides",
    "published": "published_units",
}
# Of all cells, then of the overridden ones alone.
LEVELS = ("market", "category", "abc", "xyz", "lag", "overridden", "author", "size", "direction", "size_and_direction")
SUMS = (
    "cells", "actual_units", "absolute_actual_units", "absolute_error_units", "error_units", "error_saved_units",
    "helped_cells", "hurt_cells", "valued_cells", "absolute_error_value", "error_value", "error_saved_value",
)  # fmt: skip
COUNTS = ("cells", "helped_cells", "hurt_cells", "valued_cells")
# Share by which an override changes the number, up to which it is small, and medium; a change from zero is large.
SMALL, MEDIUM = 0.10, 0.50
PRICE_MONTHS = 12
UNKNOWN_AUTHOR = "unknown"


def net_sales_per_unit(sell_in: pd.DataFrame) -> pd.Series:
    """Return net sales / units by SKU over the rows that have both; NaN where the units sum to zero or less.

    Args:
        sell_in: Rows of PRICE_MONTHS months: ``sku, sell_in_units, net_sales``.
    """
    both = sell_in.dropna(subset=["sell_in_units", "net_sales"])
    sums = both.groupby("sku", observed=True)[["sell_in_units", "net_sales"]].sum()
    return (sums["net_sales"] / sums["sell_in_units"].where(sums["sell_in_units"] > 0)).rename("net_sales_per_unit")


def value_added_cells(
    performance: pd.DataFrame, before: pd.DataFrame, overrides: pd.DataFrame, prices: pd.Series
) -> pd.DataFrame:
    """Return the scored cells of a month with the number of every step.

    Where no model ran, the step of the model repeats Holt-Winters. A cell whose number before the override is not
    known is left out.

    Args:
        performance: Rows of the month: the columns of ``performance``. Backfilled rows do not count.
        before: Overridden cells of the month: ``sku, month`` (the origin) and ``units_before_overrides``.
        overrides: Overrides of the month: ``sku, month`` (the origin) and ``author``.
        prices: Net sales per unit by SKU, from ``net_sales_per_unit``.
    """
    scored = published_in_time(performance).dropna(subset=["actual_units"]).drop(columns="month", errors="ignore")
    keys = ["sku", "origin_month"]
    cells = scored.merge(
        before.rename(columns={"month": "origin_month"})[[*keys, "units_before_overrides"]], on=keys, how="left",
        validate="1:1",
    ).merge(
        overrides.rename(columns={"month": "origin_month"})[[*keys, "author"]], on=keys, how="left", validate="1:1"
    )  # fmt: skip
    is_overridden = cells["source"] == "override"
    cells = cells.assign(
        is_overridden=is_overridden,
        model_units=cells["model_units"].astype(float).fillna(cells["baseline_units"]),
        units_before_overrides=cells["units_before_overrides"].astype(float).where(
            is_overridden, cells["published_units"]
        ),
        author=cells["author"].astype(object).fillna(UNKNOWN_AUTHOR),
        net_sales_per_unit=cells["sku"].map(prices).astype(float),
    )  # fmt: skip
    return cells.dropna(subset=["units_before_overrides"]).reset_index(drop=True)


def forecast_value_added(cells: pd.DataFrame) -> pd.DataFrame:
    """Sum the errors of every step by group.

    Error = forecast - actual. ``error_saved_units`` is the absolute error of the step before minus that of the step:
    positive is better. A cell is helped if its absolute error became smaller, and hurt if it became larger.

    Args:
        cells: From ``value_added_cells``.

    Returns:
        One row per ``level`` (LEVELS), ``entity`` and ``step`` (STEPS): SUMS, ``wape`` and ``bias``. Columns of value
        are sums of units times net sales per unit, over the ``valued_cells`` with a price. The first step has saved
        nothing. Groups without a cell are absent.
    """
    measured = pd.concat([_measured(cells, step) for step in STEPS], ignore_index=True)
    parts = [
        measured.loc[entity.index].assign(level=level, entity=entity)
        for level, entity in _entities(measured).items()
    ]  # fmt: skip
    grouped = pd.concat(parts, ignore_index=True)
    table = grouped.groupby(["level", "entity", "step"], sort=False)[list(SUMS)].sum().reset_index()
    table = table.assign(
        level=pd.Categorical(table["level"], LEVELS, ordered=True),
        step=pd.Categorical(table["step"], list(STEPS), ordered=True),
    ).sort_values(["level", "entity", "step"], ignore_index=True)
    return with_ratios(table.astype({"level": object, "step": object, "entity": object}))


def with_ratios(sums: pd.DataFrame) -> pd.DataFrame:
    """Add ``wape`` and ``bias`` to sums; NaN where the actuals sum to zero."""
    absolute, net = sums["absolute_actual_units"], sums["actual_units"]
    return sums.astype(dict.fromkeys(COUNTS, "int64")).assign(
        wape=sums["absolute_error_units"] / absolute.where(absolute != 0),
        bias=sums["error_units"] / net.where(net != 0),
    )


def _measured(cells: pd.DataFrame, step: str) -> pd.DataFrame:
    """Return the measures of one step by cell, with the columns that cells are grouped by."""
    steps = list(STEPS)
    earlier = STEPS[steps[max(steps.index(step) - 1, 0)]]
    actual = cells["actual_units"].astype(float)
    error = cells[STEPS[step]].astype(float) - actual
    saved = (cells[earlier].astype(float) - actual).abs() - error.abs()
    price = cells["net_sales_per_unit"]
    return cells.assign(
        step=step,
        cells=1,
        absolute_actual_units=actual.abs(),
        absolute_error_units=error.abs(),
        error_units=error,
        error_saved_units=saved,
        helped_cells=(saved > 0).astype(int),
        hurt_cells=(saved < 0).astype(int),
        valued_cells=price.notna().astype(int),
        absolute_error_value=(error.abs() * price).fillna(0.0),
        error_value=(error * price).fillna(0.0),
        error_saved_value=(saved * price).fillna(0.0),
    )


def _entities(cells: pd.DataFrame) -> Mapping[str, pd.Series]:
    """Return the entity of each cell by level; levels of overrides have the overridden cells alone."""
    changed = cells[cells["is_overridden"]]
    size, direction = _size(changed), _direction(changed)
    return {
        "market": pd.Series(ONE_MARKET, index=cells.index),
        "category": cells["category"].astype(object).fillna(UNKNOWN_CATEGORY),
        "abc": cells["abc_class"],
        "xyz": cells["xyz_class"],
        "lag": cells["lag_months"].map("{:02d}".format),
        "overridden": pd.Series(ONE_MARKET, index=changed.index),
        "author": changed["author"],
        "size": size,
        "direction": direction,
        "size_and_direction": size + " " + direction,
    }


def _size(changed: pd.DataFrame) -> pd.Series:
    before = changed["units_before_overrides"]
    share = (changed["published_units"] - before).abs() / before.where(before > 0)
    # A millionth above the limit counts as the limit: 110 / 100 - 1 is above 0.1.
    names = np.select([share <= SMALL + 1e-6, share <= MEDIUM + 1e-6], ["small", "medium"], "large")
    return pd.Series(names, index=changed.index, dtype=object)


def _direction(changed: pd.DataFrame) -> pd.Series:
    change = changed["published_units"] - changed["units_before_overrides"]
    return pd.Series(np.select([change > 0, change < 0], ["up", "down"], "unchanged"), changed.index, dtype=object)
