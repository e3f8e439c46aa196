"""Quantiles of a forecast: levels, columns, and distributions that move with the forecast.

Arrays of quantiles are (..., 19), from 5 to 95 %. Here belongs what every step after the model does with them: keep
them in order, move them with a changed forecast, fill those that an older version did not store. Not here: learning
them (``intervals.py``).
"""

from statistics import NormalDist

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats

PERCENTS = tuple(range(5, 100, 5))
QUANTILE_LEVELS = tuple(percent / 100 for percent in PERCENTS)
QUANTILE_COLUMNS = tuple(f"forecast_units_p{percent:02d}" for percent in PERCENTS)
# The forecast with its whole distribution.
DISTRIBUTION = ("forecast_units", *QUANTILE_COLUMNS)
P10, MEDIAN, P90 = (PERCENTS.index(percent) for percent in (10, 50, 90))
NORMAL = np.array([NormalDist().inv_cdf(level) for level in QUANTILE_LEVELS])
# Each level's distance from the median in a normal distribution, in distances of the 90 % quantile.
OF_P90 = NORMAL / NORMAL[P90]


def around_forecast(quantiles: Floats, point: Floats) -> Floats:
    """Return quantiles (..., 19) that are >= 0, do not decrease, and hold the forecast (...) between p10 and p90."""
    ordered = np.maximum.accumulate(np.maximum(quantiles, 0.0), axis=-1)
    at_most = np.where(np.arange(len(PERCENTS)) <= P10, point[..., None], np.inf)
    at_least = np.where(np.arange(len(PERCENTS)) >= P90, point[..., None], 0.0)
    held: Floats = np.clip(ordered, at_least, at_most)
    return held


def from_interval(point: Floats, low: Floats, high: Floats) -> Floats:
    """Return the quantiles (..., 19) of two half normal distributions whose 10 and 90 % quantiles are given."""
    below = np.maximum(-OF_P90, 0.0) * (point - low)[..., None]
    above = np.maximum(OF_P90, 0.0) * (high - point)[..., None]
    quantiles: Floats = np.maximum(point[..., None] - below + above, 0.0)
    return quantiles


def moved(quantiles: Floats, point: Floats, number: Floats) -> Floats:
    """Return the quantiles of a forecast ``point`` shifted to another number, not below zero."""
    shifted: Floats = np.maximum(quantiles + (number - point)[..., None], 0.0)
    return shifted


def quantiles_of(rows: pd.DataFrame) -> Floats:
    """Return the quantiles of rows, (n, 19)."""
    values: Floats = rows[list(QUANTILE_COLUMNS)].to_numpy(float)
    return values


def with_quantiles(rows: pd.DataFrame, quantiles: Floats) -> pd.DataFrame:
    """Return rows with their quantiles (n, 19) as columns."""
    return rows.assign(**dict(zip(QUANTILE_COLUMNS, quantiles.T, strict=True)))


def with_every_quantile(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose missing quantiles are those of two half normals through p10 and p90.

    An older version stored p10 and p90 alone. Columns may be absent or null; p10 and p90 stay as they are.
    """
    known = rows.reindex(columns=list(DISTRIBUTION)).to_numpy(float)
    point, quantiles = known[:, 0], known[:, 1:]
    estimated = from_interval(point, quantiles[:, P10], quantiles[:, P90])
    return with_quantiles(rows, np.where(np.isnan(quantiles), estimated, quantiles))
