"""Quantiles of intermittent SKUs, from their own months: most are zero, so no width around a forecast describes them.

Here belongs the distribution of a SKU that does not sell every month. Not here: its forecast (``intermittent.py``).
"""

import numpy as np

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.evaluation.quantiles import QUANTILE_LEVELS
from forecast_assets.domain.models.recipe import (
    OWN_DEMAND_HALF_LIFE_MONTHS,
    OWN_DEMAND_MONTHS,
    SHARE_OF_EXPECTATION,
)

# The chance of a sale is never certain, nor moved by an expectation of nothing.
LARGEST_CHANCE = 0.98
LEAST_EXPECTED = 0.05


def sporadic_quantiles(history: Floats, expected: Floats) -> Floats:
    """Return the quantiles of demand of intermittent SKUs, (n, horizon, 19), >= 0 and in order.

    They are those of the SKU's last 24 known months; a month weighs half if it is 9 months older. The chance of a sale
    is moved by the square root of expected over mean units. Between the values that were sold, quantiles are
    interpolated.

    Args:
        history: (n, months) sell-in up to the origin; NaN where unknown.
        expected: (n, horizon) expected units.
    """
    recent = history[:, -OWN_DEMAND_MONTHS:]
    known = np.isfinite(recent)
    units = np.where(known, np.maximum(recent, 0.0), 0.0)
    age = np.arange(recent.shape[1])[::-1]
    weight = np.where(known, 0.5 ** (age / OWN_DEMAND_HALF_LIFE_MONTHS), 0.0)
    order = np.argsort(units, axis=1, kind="stable")
    units, weight = (np.take_along_axis(values, order, axis=1) for values in (units, weight))
    odds = _odds_of_a_sale(units, weight, expected)
    quantiles = np.empty((*expected.shape, len(QUANTILE_LEVELS)))
    for step in range(expected.shape[1]):
        of_month = weight * np.where(units > 0.0, odds[:, step, None], 1.0)
        quantiles[:, step] = _interpolated(units, of_month)
    return quantiles


def _odds_of_a_sale(units: Floats, weight: Floats, expected: Floats) -> Floats:
    """Return the factor on the weight of months with a sale, (n, horizon); 1 if all months or none had one."""
    total = np.maximum(weight.sum(axis=1), np.finfo(float).tiny)
    chance = (weight * (units > 0.0)).sum(axis=1) / total
    mean = (weight * units).sum(axis=1) / total
    least = LEAST_EXPECTED * mean[:, None]
    some: Bools = (chance > 0.0) & (chance < 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = ((expected + least) / (mean[:, None] + least)) ** SHARE_OF_EXPECTATION
        moved = np.minimum(chance[:, None] * ratio, LARGEST_CHANCE)
        factor = moved / (1.0 - moved) * ((1.0 - chance) / chance)[:, None]
    return np.where(some[:, None], factor, 1.0)


def _interpolated(units: Floats, weight: Floats) -> Floats:
    """Return quantiles (n, 19) of weighted units sorted by row: a value is reached at its cumulated weight."""
    reached = np.cumsum(weight, axis=1) / np.maximum(weight.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    rows = np.arange(len(units))
    quantiles = np.empty((len(units), len(QUANTILE_LEVELS)))
    for place, level in enumerate(QUANTILE_LEVELS):
        upper = (reached >= level - 1e-9).argmax(axis=1)
        lower = np.maximum(upper - 1, 0)
        begin = np.where(upper > 0, reached[rows, lower], 0.0)
        span = reached[rows, upper] - begin
        share = np.divide(level - begin, span, out=np.ones(len(units)), where=span > 0.0)
        quantiles[:, place] = units[rows, lower] + share * (units[rows, upper] - units[rows, lower])
    return np.maximum.accumulate(np.maximum(quantiles, 0.0), axis=1)
