"""Shared errors: how far the errors of several series have a common part, learned from their products.

Two series of a group (SKUs of a category, markets of a region) have errors with the correlation ``within``, two of
different groups with ``between``. Both come from past errors alone: those of the backtest, and those of one pass over
the history. Not here: the distribution of sums (``summed_quantiles.py``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Ints, Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.evaluation.intervals import MEAN_ABSOLUTE_OF_NORMAL
from forecast_assets.domain.evaluation.quantiles import NORMAL, P90
from forecast_assets.domain.models.error_scale import errors_ahead
from forecast_assets.domain.models.recipe import USUAL_ALPHA

# An error counts at most so many scales: one launch must not decide on the correlation of a market.
LARGEST_ERROR = 3.0
LARGEST_CORRELATION = 0.95
# SKUs with which the backtest counts as much as the history. It has three origins of the same years, the history up to
# ten years: a few SKUs tell little of what is common at three origins.
SKUS_FOR_HALF = 20
# Without any pair of past errors.
USUAL_WITHIN, USUAL_BETWEEN = 0.15, 0.10
PRODUCTS, WEIGHTS = slice(0, 2), slice(2, 4)


@dataclasses.dataclass(frozen=True)
class SharedErrors:
    """Correlations of the errors of two series by horizon; 0 <= between <= within.

    Attributes:
        within: (horizon,) of the same group.
        between: (horizon,) of different groups.
    """

    within: Floats
    between: Floats


def pair_sums(errors: Floats, scales: Floats, groups: Ints) -> Floats:
    """Return sums over all pairs of series: products within and between groups, weights within and between, (4,).

    A product is that of two errors of a column, its weight that of their scales. Their ratio is a correlation in which
    series count by their size, as they do in a sum.

    Args:
        errors: (n, columns) errors in units; NaN where unknown.
        scales: (n, columns) standard deviation of each error in units; a series counts where it is > 0.
        groups: (n,) number of the group of each series, from 0.
    """
    known = np.isfinite(errors) & (scales > 0.0)
    scale = np.where(known, scales, 0.0)
    error = np.clip(np.where(known, errors, 0.0), -LARGEST_ERROR * scale, LARGEST_ERROR * scale)
    sums = [_products_of_pairs(values, groups) for values in (error, scale)]
    return np.array([sums[0][0], sums[0][1], sums[1][0], sums[1][1]])


def _products_of_pairs(values: Floats, groups: Ints) -> tuple[float, float]:
    """Return the sum of products over pairs of the same group, and of different groups; each pair counts twice."""
    of_group = np.zeros((int(groups.max()) + 1 if len(groups) else 0, values.shape[1]))
    np.add.at(of_group, groups, values)
    squares = float((of_group**2).sum())
    return squares - float((values**2).sum()), float((values.sum(axis=0) ** 2).sum()) - squares


def sums_of_history(units: Floats, calendar_months: Ints, groups: Ints, horizon_months: int = HORIZON_MONTHS) -> Floats:
    """Return the ``pair_sums`` of each horizon from one pass over the history, (horizon, 4).

    Each month's smoothed level times the season is compared with the units 1 to 18 months later. The scale of a series
    is its mean absolute error at the horizon.

    Args:
        units: (n, months) history up to the origin; NaN where unknown.
        calendar_months: (months,) 1 .. 12.
        groups: (n,) number of the group of each series.
        horizon_months: Number of horizons.
    """
    sums = np.zeros((horizon_months, 4))
    alpha, slope = np.full(len(units), USUAL_ALPHA), np.zeros(len(units))
    for ahead, errors in errors_ahead(units, calendar_months, alpha, slope, horizon_months):
        known = np.isfinite(errors)
        counts = np.maximum(known.sum(axis=1), 1)
        typical = np.where(known, np.abs(errors), 0.0).sum(axis=1) / counts / MEAN_ABSOLUTE_OF_NORMAL
        sums[ahead - 1] = pair_sums(errors, np.broadcast_to(typical[:, None], errors.shape), groups)
    return sums


def sums_of_backtest(cells: pd.DataFrame) -> Floats:
    """Return the ``pair_sums`` of a backtest over all origins and horizons, (4,); zeros without a known cell.

    Args:
        cells: ``sku, origin_month, horizon_months, category, actual_units, model_units, forecast_units_p10,
            forecast_units_p90``. Groups are the categories.
    """
    known = cells.dropna(subset=["actual_units"])
    if known.empty:
        return np.zeros(4)
    scale = (known["forecast_units_p90"] - known["forecast_units_p10"]) / (2 * NORMAL[P90])
    rows = known.assign(error=known["actual_units"] - known["model_units"], scale=scale)
    # A SKU that changed its category between two origins counts as two.
    keys, columns = ["category", "sku"], ["origin_month", "horizon_months"]
    wide = rows.pivot(index=keys, columns=columns, values=["error", "scale"])
    return pair_sums(
        wide["error"].to_numpy(float),
        wide["scale"].fillna(0.0).to_numpy(float),
        group_numbers(wide.index.get_level_values("category").to_numpy(dtype=object)),
    )


def group_numbers(labels: Labels) -> Ints:
    """Return the number of each label among the sorted labels, from 0."""
    numbers: Ints = np.unique(labels.astype(str), return_inverse=True)[1]
    return numbers


def shared_errors(history: Floats, backtest: Floats | None = None, series_of_backtest: int = 0) -> SharedErrors:
    """Return the correlations by horizon: a mean of history and backtest, or the one that has a pair.

    Args:
        history: (horizon, 4) from ``sums_of_history``.
        backtest: (4,) from ``sums_of_backtest``; None without one.
        series_of_backtest: Number of its series; the more, the more it weighs.
    """
    share = series_of_backtest / (series_of_backtest + SKUS_FOR_HALF)
    of_history = _correlations(history)
    of_backtest = np.full_like(of_history, np.nan)
    if backtest is not None:
        of_backtest[:] = _correlations(backtest[None])
    mixed = (1.0 - share) * of_history + share * of_backtest
    either = np.where(np.isfinite(of_history), of_history, of_backtest)
    known = np.where(np.isfinite(mixed), mixed, either)
    within, between = np.where(np.isfinite(known), known, [USUAL_WITHIN, USUAL_BETWEEN]).T
    within = np.clip(within, 0.0, LARGEST_CORRELATION)
    return SharedErrors(within, np.minimum(np.maximum(between, 0.0), within))


def _correlations(sums: Floats) -> Floats:
    """Return products over weights, (rows, 2); NaN without a pair."""
    products, weights = sums[:, PRODUCTS], sums[:, WEIGHTS]
    ratios: Floats = np.divide(products, weights, out=np.full(products.shape, np.nan), where=weights > 0.0)
    return ratios
