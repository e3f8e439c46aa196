"""What a SKU could be expected to sell in each month of its history: the median of the months around, with the season.

Robust and without a model, so that a single month says little about itself. Not a forecast: months after a month count.
"""

import numpy as np

from forecast_assets.domain.demand.demand import known_median
from forecast_assets.domain.demand.seasonality import seasonal_indices

# A year and a month around each month; at the ends of a history its half.
WINDOW_MONTHS, LEAST_MONTHS = 13, 6
# Added to both sides of a ratio as a share of the usual level: zero has a logarithm, and a small SKU is no outlier.
OFFSET_SHARE = 0.1


def expected_units(units: np.ndarray, calendar_months: np.ndarray, window_months: int = WINDOW_MONTHS) -> np.ndarray:
    """Median of the seasonally adjusted units of the months around, with the season put back.

    Args:
        units: (n, T) ending at the origin month; NaN where unknown.
        calendar_months: (T,), 1 .. 12.
        window_months: Width of the centred window, odd.

    Returns:
        (n, T); NaN where fewer than 6 months around are known.
    """
    season = seasonal_indices(units, calendar_months).of_months(calendar_months)
    half = window_months // 2
    padded = np.pad(units / season, ((0, 0), (half, half)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, window_months, axis=1)
    enough = np.isfinite(around).sum(axis=-1) >= LEAST_MONTHS
    return np.where(enough, known_median(around), np.nan) * season


def log_ratio(units: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Logarithm of units by expected units, each plus a tenth of the SKU's usual level, (n, T); NaN where unknown."""
    offset = offset_units(expected)
    return np.log(np.maximum(units, 0.0) + offset) - np.log(np.maximum(expected, 0.0) + offset)


def offset_units(expected: np.ndarray) -> np.ndarray:
    """What ``log_ratio`` adds to both sides, (n, 1) in units; NaN where nothing is expected."""
    level = known_median(expected)[:, None]
    return np.where(level > 0, OFFSET_SHARE * level, np.nan)
