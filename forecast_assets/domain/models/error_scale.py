"""Scale of a SKU's forecast error by horizon, from how far its past months lay from what was expected of them.

One pass over the history smooths the seasonally adjusted units as the Theta forecast does. The mean distance from the
level of each month to the units h months later is the SKU's own error at horizon h. Not here: the quantiles of errors
in these scales (``domain/evaluation/intervals.py``).
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Ints
from forecast_assets.domain.demand.seasonality import seasonal_indices
from forecast_assets.domain.models.recipe import (
    ERROR_HALF_LIFE_MONTHS,
    ERRORS_OF_THE_MARKET,
    MONTHS_OF_THE_MARKET,
    USUAL_ALPHA,
)

# Months of a SKU before its level is compared with later months.
WARM_UP_MONTHS = 12
# The Theta forecast follows half of the least-squares slope.
SHARE_OF_SLOPE = 0.5


def error_scale(
    features: pd.DataFrame, units: Floats, calendar_months: Ints, dispersion: Floats, horizon_months: int
) -> Floats:
    """Return the typical error of each SKU at each horizon, (n, horizon_months) units, > 0.

    The ratio of the own error at a horizon to the one-step error is shrunken towards the median ratio of the market's
    SKUs, which weighs as much as 12 errors. The median never falls with the horizon.

    Args:
        features: ``theta_alpha, statistical_slope`` of one origin, (n,).
        units: (n, months) sell-in up to the origin that a level is learned from; NaN where unknown.
        calendar_months: (months,) 1 .. 12.
        dispersion: (n,) typical one-step error in units, > 0.
        horizon_months: Number of horizons.
    """
    alpha = features["theta_alpha"].fillna(USUAL_ALPHA).to_numpy(float)
    slope = features["statistical_slope"].fillna(0.0).to_numpy(float) * SHARE_OF_SLOPE
    errors, counts = multi_step_errors(units, calendar_months, alpha, slope, horizon_months)
    ratio = errors / dispersion[:, None]
    usual = _usual_ratio(ratio, counts)
    shrunken = (ratio * counts + usual * ERRORS_OF_THE_MARKET) / (counts + ERRORS_OF_THE_MARKET)
    scale: Floats = dispersion[:, None] * shrunken
    return scale


def towards_market(errors: Floats, level_units: Floats, known_months: Ints, is_regular: Bools) -> Floats:
    """Return errors of regular SKUs shrunken towards the median error of the market in relation to the level.

    A SKU of few months that was steady by chance would get too narrow an interval. The weight of the own error is
    known months / (known months + 6), between logarithms. Other rows are unchanged.

    Args:
        errors: (n, horizon_months) typical errors in units, > 0.
        level_units: (n,) level of each SKU, > 0.
        known_months: (n,) known months of each SKU.
        is_regular: (n,) True for SKUs that are shrunken and that the median is of.
    """
    shrunken = errors.copy()
    if is_regular.any():
        level = level_units[is_regular, None]
        own = np.log(errors[is_regular] / level)
        weight = (known_months / (known_months + MONTHS_OF_THE_MARKET))[is_regular, None]
        shrunken[is_regular] = level * np.exp(weight * own + (1.0 - weight) * np.median(own, axis=0))
    return shrunken


def multi_step_errors(
    units: Floats, calendar_months: Ints, alpha: Floats, slope: Floats, horizon_months: int
) -> tuple[Floats, Ints]:
    """Return the weighted mean absolute error at each horizon and the number of errors, each (n, horizon_months).

    Season and smoothing are those of the whole history, so the errors are in sample; their size is calibrated by the
    refits. An error weighs half if it is 36 months old. Without any error the mean is 0.

    Args:
        units: (n, months) ending at the origin month; NaN where unknown.
        calendar_months: (months,) 1 .. 12.
        alpha: (n,) smoothing of the level.
        slope: (n,) units a month that the forecast grows by.
        horizon_months: Number of horizons.
    """
    age = np.arange(units.shape[1])[::-1]
    weight_of_age = 0.5 ** (age / ERROR_HALF_LIFE_MONTHS)
    errors, counts = np.zeros((2, len(units), horizon_months))
    for ahead, signed in errors_ahead(units, calendar_months, alpha, slope, horizon_months):
        error = np.abs(signed)
        known = np.isfinite(error)
        weight = np.where(known, weight_of_age[ahead:], 0.0)
        total = weight.sum(axis=1)
        errors[:, ahead - 1] = (np.where(known, error, 0.0) * weight).sum(axis=1) / np.where(total > 0.0, total, 1.0)
        counts[:, ahead - 1] = known.sum(axis=1)
    return errors, counts.astype(int)


def errors_ahead(
    units: Floats, calendar_months: Ints, alpha: Floats, slope: Floats, horizon_months: int
) -> Iterator[tuple[int, Floats]]:
    """Generate each horizon h and the errors actual - expected of months h and later, (n, months - h); NaN if unknown.

    Args:
        units: As for ``multi_step_errors``, as are the others.
        calendar_months: (months,) 1 .. 12.
        alpha: (n,) smoothing of the level.
        slope: (n,) units a month that the forecast grows by.
        horizon_months: Number of horizons.
    """
    index = seasonal_indices(units, calendar_months).of_months(calendar_months)
    levels = _levels(units / index, alpha)
    for ahead in range(1, min(horizon_months, units.shape[1] - 1) + 1):
        yield ahead, units[:, ahead:] - (levels[:, :-ahead] + slope[:, None] * ahead) * index[:, ahead:]


def _levels(adjusted: Floats, alpha: Floats) -> Floats:
    """Return the smoothed level after each month, (n, months); NaN before the 12th known month."""
    level, n_known = np.zeros((2, len(adjusted)))
    levels = np.full(adjusted.shape, np.nan)
    for month, units in enumerate(adjusted.T):
        known = np.isfinite(units)
        n_known += known
        # The mean of the months so far, until the smoothing of the SKU weighs the last one more.
        share = np.maximum(alpha, 1.0 / np.maximum(n_known, 1.0))
        level += np.where(known, share * (units - level), 0.0)
        levels[:, month] = np.where(n_known >= WARM_UP_MONTHS, level, np.nan)
    return levels


def _usual_ratio(ratio: Floats, counts: Ints) -> Floats:
    """Return the median ratio over the SKUs with an error at each horizon, (horizon_months,), never falling."""
    medians = [
        float(np.median(ratio[known, place])) if known.any() else 0.0 for place, known in enumerate((counts > 0).T)
    ]
    return np.maximum.accumulate(np.maximum(medians, 0.0)) if any(medians) else np.ones(len(medians))
