"""Distribution of a level's sums over months, from joint paths of its months.

The error of a month tells of the next one: a level that is too high stays too high. A path has one normal score per
month ahead, correlated by the distance of the months as past errors of the level were. Each month takes the quantile
of its own distribution there, so the paths have the distributions of the months; their sums have that of the sum. Not
here: the distribution of a month (``summed_quantiles.py``).
"""

import numpy as np

from forecast_assets.domain.arrays import Floats, Ints
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.evaluation.quantiles import P10, P90, QUANTILE_LEVELS
from forecast_assets.domain.levels.summed_quantiles import units_at
from forecast_assets.domain.models.error_scale import errors_ahead
from forecast_assets.domain.models.recipe import USUAL_ALPHA

# Means and quantiles of sums of 10,000 paths have a noise of 1 %.
PATHS, SEED = 10_000, 21
# Correlation of the errors of two months without any past error.
USUAL_CORRELATION = 0.5
LARGEST_CORRELATION = 0.98
# Pairs of months in the history with which it counts as much as the usual correlation.
PAIRS_FOR_HALF = 24


def correlation_by_distance(units: Floats, calendar_months: Ints, horizon_months: int = HORIZON_MONTHS) -> Floats:
    """Return the correlation of the errors of two months ahead by their distance, (horizon,), from 1, never rising.

    One pass over the history of the level compares its smoothed level times the season with each of the next months.
    Errors of a horizon are in units of their own size.

    Args:
        units: (months,) history of the level up to the origin; NaN where unknown.
        calendar_months: (months,) 1 .. 12.
        horizon_months: Number of months ahead.
    """
    scaled = np.full((horizon_months, units.size), np.nan)
    alpha, slope = np.full(1, USUAL_ALPHA), np.zeros(1)
    for ahead, errors in errors_ahead(units[None], calendar_months, alpha, slope, horizon_months):
        known = errors[0][np.isfinite(errors[0])]
        size = float(np.sqrt(np.mean(known**2))) if known.size else 0.0
        if size > 0.0:
            scaled[ahead - 1, : errors.shape[1]] = errors[0] / size
    learned = [_mean_of_pairs(scaled[:-distance] * scaled[distance:]) for distance in range(1, horizon_months)]
    falling = np.minimum.accumulate(np.clip(learned, 0.0, LARGEST_CORRELATION))
    correlations: Floats = np.concatenate([[1.0], falling])
    return correlations


def _mean_of_pairs(products: Floats) -> float:
    """Return the mean product, towards the usual correlation if there are few."""
    known = products[np.isfinite(products)]
    return float((known.sum() + PAIRS_FOR_HALF * USUAL_CORRELATION) / (known.size + PAIRS_FOR_HALF))


def cumulative_bands(quantiles: Floats, correlations: Floats) -> Floats:
    """Return p10 and p90 of the sum of the months up to each month ahead, (horizon, 2).

    Args:
        quantiles: (horizon, 19) of each month of a level, not decreasing.
        correlations: (horizon,) from ``correlation_by_distance``.
    """
    months = len(quantiles)
    scores = np.random.default_rng(SEED).standard_normal((PATHS // 2, months)) @ _root(correlations[:months])
    both = np.concatenate([scores, -scores]).astype(np.float32).T
    block = quantiles.astype(np.float32)
    by_month = [units_at(block[[month]], both[[month]])[0] for month in range(months)]
    sums = np.cumsum(np.array(by_month, dtype=float), axis=0)
    bands: Floats = np.quantile(sums, [QUANTILE_LEVELS[P10], QUANTILE_LEVELS[P90]], axis=1).T
    return bands


def _root(correlations: Floats) -> Floats:
    """Return R with R'R the matrix of correlations by distance; what is not positive in it is left out."""
    months = np.arange(len(correlations))
    values, vectors = np.linalg.eigh(correlations[np.abs(months[:, None] - months)])
    root = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    lengths = np.sqrt((root**2).sum(axis=0))
    scaled: Floats = root / lengths
    return scaled
