"""Measures of forecast accuracy, and their table per group.

error = forecast - actual, so a positive bias is over-forecast. Ratios are fractions, computed from sums. A set whose
actuals sum to zero has no ratio (NaN), never an infinite one. Cells with an unknown actual are not scored. Not here:
choosing between recipes and testing differences.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats


def _scored(actual: Floats, *others: Floats) -> tuple[Floats, ...]:
    """Return the values of the cells in which all arrays are known."""
    arrays = [np.asarray(values, dtype=float) for values in (actual, *others)]
    if len({values.shape for values in arrays}) > 1:
        raise ValueError(f"arrays of different shape: {[values.shape for values in arrays]}")
    known = ~np.logical_or.reduce([np.isnan(values) for values in arrays])
    return tuple(values[known] for values in arrays)


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator != 0 else float("nan")


def wape(actual: Floats, forecast: Floats) -> float:
    """Return ``sum|forecast - actual| / sum|actual|`` as a fraction, >= 0; NaN if ``sum|actual|`` is 0."""
    actual, forecast = _scored(actual, forecast)
    return _ratio(np.abs(forecast - actual).sum(), np.abs(actual).sum())


def bias(actual: Floats, forecast: Floats) -> float:
    """Return ``sum(forecast - actual) / sum(actual)``, positive is over-forecast; NaN if the actuals sum to 0."""
    actual, forecast = _scored(actual, forecast)
    return _ratio((forecast - actual).sum(), actual.sum())


def pinball(actual: Floats, quantile_forecast: Floats, quantile: float) -> float:
    """Return the mean pinball loss in units, ``max(q (a - f), (q - 1)(a - f))``; NaN without a scored cell.

    Raises:
        ValueError: If ``quantile`` is not between 0 and 1.
    """
    if not 0 < quantile < 1:
        raise ValueError(f"quantile must lie between 0 and 1, got {quantile}")
    actual, forecast = _scored(actual, quantile_forecast)
    shortfall = actual - forecast
    return float(np.maximum(quantile * shortfall, (quantile - 1) * shortfall).mean()) if len(actual) else float("nan")


def weighted_quantile_loss(actual: Floats, quantiles: Floats, levels: Sequence[float]) -> float:
    """Return the quantile losses of all cells and levels in relation to the actuals: ``2 sum(loss) / levels / sum|a|``.

    A forecast that repeats one point at every level of a symmetric set has its WAPE. NaN if ``sum|a|`` is 0.

    Args:
        actual: Any shape; NaN where unknown.
        quantiles: The shape of ``actual`` and a last dimension of the levels.
        levels: Each between 0 and 1.
    """
    actual, quantiles = np.asarray(actual, dtype=float), np.asarray(quantiles, dtype=float)
    if quantiles.shape != (*actual.shape, len(levels)):
        raise ValueError(f"expected quantiles of shape {(*actual.shape, len(levels))}, got {quantiles.shape}")
    losses = [pinball(actual, quantiles[..., place], level) for place, level in enumerate(levels)]
    total = float(np.abs(actual[np.isfinite(actual)]).mean()) if np.isfinite(actual).any() else float("nan")
    return _ratio(2.0 * float(np.mean(losses)), total)


def coverage(actual: Floats, lower: Floats, upper: Floats) -> float:
    """Return the share of the actuals with ``lower <= actual <= upper``; NaN without a scored cell."""
    actual, lower, upper = _scored(actual, lower, upper)
    return float(((lower <= actual) & (actual <= upper)).mean()) if len(actual) else float("nan")


def central_coverage(actual: Floats, quantiles: Floats, levels: Sequence[float]) -> float:
    """Return the share of the actuals between the first and the last quantile; NaN without a scored cell.

    An actual that equals several quantiles, as the zeros of a SKU that rarely sells, counts by the share of their
    levels that lies in between. So quantiles that hold have the coverage they claim, whatever the share of zeros.

    Args:
        actual: Any shape; NaN where unknown.
        quantiles: The shape of ``actual`` and a last dimension of the levels, in order.
        levels: Increasing, each between 0 and 1.
    """
    actual, quantiles = np.asarray(actual, dtype=float), np.asarray(quantiles, dtype=float)
    known = np.isfinite(actual) & np.isfinite(quantiles).all(axis=-1)
    if not known.any():
        return float("nan")
    edges = np.array([0.0, *levels, 1.0])
    below = (quantiles[known] < actual[known][:, None]).sum(axis=1)
    reached = (quantiles[known] <= actual[known][:, None]).sum(axis=1)
    begin, end = edges[below], edges[reached + 1]
    inside = np.clip(np.minimum(end, levels[-1]) - np.maximum(begin, levels[0]), 0.0, None)
    return float((inside / (end - begin)).mean())


def accuracy_table(
    cells: pd.DataFrame,
    by: list[str] | str | None,
    actual: str = "actual_units",
    forecasts: dict[str, str] | None = None,
) -> pd.DataFrame:
    """Compute WAPE and bias of several forecasts per group; sums first, then ratios.

    Args:
        cells: One row per forecast cell with the columns of ``by``, ``actual`` and the forecasts. Cells with a null
            actual are not scored.
        by: Group columns (null is a group of its own); None or empty gives one row over all cells.
        actual: Column of the actual units.
        forecasts: Column by name; default ``{"model": "model_units"}``.

    Returns:
        The group columns, cells, actual_units, and per name ``cells_<name>`` (cells with that forecast; its sums are
        over these), ``absolute_error_units_<name>``, ``error_units_<name>``, ``wape_<name>``, ``bias_<name>``. A group
        whose actuals sum to zero keeps its row and its sums, with NaN ratios. Groups without a scored cell are absent.
    """
    forecasts = {"model": "model_units"} if forecasts is None else forecasts
    by = [by] if isinstance(by, str) else list(by or [])
    missing = [column for column in [*by, actual, *forecasts.values()] if column not in cells]
    if missing:
        raise ValueError(f"columns missing for the accuracy table: {missing}; there are {list(cells.columns)}")
    scored = cells[cells[actual].notna()]
    measures = _cell_measures(scored, actual, forecasts)
    keys = [scored[column] for column in by] or np.zeros(len(scored), dtype=int)
    sums = measures.groupby(keys, dropna=False, sort=True, observed=True).sum()
    sums = sums.reset_index() if by else sums.reset_index(drop=True)
    return _with_ratios(sums, by, forecasts)


def _cell_measures(scored: pd.DataFrame, actual: str, forecasts: dict[str, str]) -> pd.DataFrame:
    actuals = scored[actual].astype(float)
    measures = {"cells": pd.Series(1, index=scored.index), "actual_units": actuals}
    for name, column in forecasts.items():
        error = scored[column].astype(float) - actuals
        known = error.notna()
        measures[f"cells_{name}"] = known.astype(int)
        measures[f"absolute_error_units_{name}"] = error.abs()
        measures[f"error_units_{name}"] = error
        measures[f"_actual_{name}"] = actuals.where(known, 0.0)
        measures[f"_absolute_actual_{name}"] = actuals.abs().where(known, 0.0)
    return pd.DataFrame(measures)


def _with_ratios(sums: pd.DataFrame, by: list[str], forecasts: dict[str, str]) -> pd.DataFrame:
    table = sums[[*by, "cells", "actual_units"]].copy()
    for name in forecasts:
        for column in (f"cells_{name}", f"absolute_error_units_{name}", f"error_units_{name}"):
            table[column] = sums[column]
        absolute_actual, net_actual = sums[f"_absolute_actual_{name}"], sums[f"_actual_{name}"]
        table[f"wape_{name}"] = table[f"absolute_error_units_{name}"] / absolute_actual.where(absolute_actual != 0)
        table[f"bias_{name}"] = table[f"error_units_{name}"] / net_actual.where(net_actual != 0)
    return table
