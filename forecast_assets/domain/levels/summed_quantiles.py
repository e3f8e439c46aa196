"""Quantiles of sums of series whose errors are correlated, from sample paths.

A path draws a common error, one of each group and one of each series, all normal. They are mixed in the shares learned
from past errors, and each series takes the quantile of its own distribution there. Sums over series have the quantiles
of the paths' sums. Draws are the same for all months, so a band does not jitter from month to month.
"""

import zlib

import numpy as np

from forecast_assets.domain.arrays import Floats, Floats32, Labels
from forecast_assets.domain.evaluation.quantiles import MEDIAN, NORMAL, P10, P90, QUANTILE_LEVELS
from forecast_assets.domain.levels.shared_errors import SharedErrors

PATHS = 2_000
# Series in memory at a time: 500 x 2,000 paths in single precision are 4 MB a matrix.
SERIES_AT_ONCE = 500
SEED = 20


def summed_quantiles(
    quantiles: Floats, groups: Labels, shared: SharedErrors, paths: int = PATHS
) -> tuple[dict[str, Floats], Floats]:
    """Return the quantiles of the sum of each group, and of all series.

    Args:
        quantiles: (n, horizon, 19) of each series, not decreasing.
        groups: (n,) name of the group of each series.
        shared: Correlations of the errors.
        paths: Number of sample paths.

    Returns:
        (horizon, 19) by group, in sorted order, and (horizon, 19) of the total.
    """
    names = groups.astype(str)
    common = _spread_normals(paths, np.random.default_rng(SEED))
    total = np.zeros((quantiles.shape[1], paths))
    by_group = {}
    for name in np.unique(names):
        sums = _sums_of_group(quantiles[names == name], name, common, shared)
        total += sums
        by_group[str(name)] = _quantiles_of(sums)
    return by_group, _quantiles_of(total)


def _sums_of_group(quantiles: Floats, name: str, common: Floats, shared: SharedErrors) -> Floats:
    """Return the sums of a group's series on each path, (horizon, paths)."""
    # A group's draws depend on its name alone, so a new group changes no other.
    draws = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    of_group = _spread_normals(len(common), draws)
    sums = np.zeros((quantiles.shape[1], len(common)))
    for begin in range(0, len(quantiles), SERIES_AT_ONCE):
        block = quantiles[begin : begin + SERIES_AT_ONCE].astype(np.float32)
        own = draws.standard_normal((len(block), len(common)), dtype=np.float32)
        for month in range(len(sums)):
            within, between = shared.within[month], shared.between[month]
            shift = np.sqrt(between) * common + np.sqrt(within - between) * of_group
            scores = np.float32(np.sqrt(1.0 - within)) * own + shift.astype(np.float32)
            sums[month] += units_at(block[:, month], scores).sum(axis=0, dtype=float)
    return sums


def _spread_normals(count: int, draws: np.random.Generator) -> Floats:
    """Return normal numbers in random order, one of each of ``count`` equally likely ranges: less noise than draws."""
    from scipy.special import ndtri

    spread: Floats = ndtri((draws.permutation(count) + 0.5) / count)
    return spread


def units_at(quantiles: Floats32, scores: Floats32) -> Floats32:
    """Return the units of series at normal scores, (n, paths), >= 0.

    Units are linear in the score between two quantiles. Beyond the outer ones they go on with the slope from the median
    to p10 or p90: a p95 that rests on few errors may be far off.

    Args:
        quantiles: (n, 19) of each series.
        scores: (n, paths).
    """
    nodes = NORMAL.astype(scores.dtype)
    right = np.searchsorted(nodes, scores)
    left = np.clip(right - 1, 0, len(nodes) - 1)
    inner = np.diff(quantiles, axis=1) / np.diff(nodes)
    below, above = ((quantiles[:, [end]] - quantiles[:, [MEDIAN]]) / nodes[end] for end in (P10, P90))
    slope = np.take_along_axis(np.concatenate([below, inner, above], axis=1), right, axis=1)
    units: Floats32 = np.maximum(np.take_along_axis(quantiles, left, axis=1) + slope * (scores - nodes[left]), 0.0)
    return units


def _quantiles_of(sums: Floats) -> Floats:
    quantiles: Floats = np.quantile(sums, QUANTILE_LEVELS, axis=1).T
    return quantiles
