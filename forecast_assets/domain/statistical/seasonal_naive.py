"""Seasonal naive: every month repeats the same calendar month of the last year; every model must beat it."""

import numpy as np

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS


def forecast_seasonal_naive(units: Floats, horizon_months: int = HORIZON_MONTHS, season_length: int = 12) -> Floats:
    """Repeat the last season.

    Args:
        units: (n_sku, n_months) ending at the origin month; NaN before the first row of a SKU and where unknown.
        horizon_months: Number of months after the origin to forecast; beyond a season the last one is repeated again.
        season_length: Months in a season.

    Returns:
        (n_sku, horizon_months) units: the same month of the last season; where that is unknown, of the season before;
        else the mean of the known months of the last season; else 0. Never negative, never NaN.

    Raises:
        ValueError: If ``units`` is not two-dimensional, or a length is < 1.
    """
    if units.ndim != 2:
        raise ValueError(f"units must be (n_sku, n_months), got shape {units.shape}: pass one row per SKU")
    if min(horizon_months, season_length) < 1:
        raise ValueError(f"horizon_months and season_length must be >= 1, got {horizon_months} and {season_length}")
    n_sku, n_months = units.shape
    missing = max(0, 2 * season_length - n_months)
    padded = np.concatenate([np.full((n_sku, missing), np.nan), np.asarray(units, dtype=float)], axis=1)
    last = padded[:, -season_length:]
    before = padded[:, -2 * season_length : -season_length]
    is_known = np.isfinite(last)
    mean = np.where(is_known, last, 0.0).sum(axis=1) / np.maximum(is_known.sum(axis=1), 1)
    season = np.where(is_known, last, np.where(np.isfinite(before), before, mean[:, None]))
    return np.clip(season[:, np.arange(horizon_months) % season_length], 0.0, None)
