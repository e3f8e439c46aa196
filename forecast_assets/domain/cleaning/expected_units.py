"""Expected units of a SKU in each month of its history: the median of the months around it, times the season.

The estimate is robust and uses no model, so a single month hardly affects its own expectation. It is not a forecast: it
uses later months too.
"""

import numpy as np

from forecast_assets.domain.arrays import Floats, Ints
from forecast_assets.domain.demand.demand_panel import known_median
from forecast_assets.domain.demand.seasonality import seasonal_indices

# A year and a month around each month; half of it at the ends of a history.
WINDOW_MONTHS, LEAST_MONTHS = 13, 6
# Added to both sides of a ratio as a share of the usual level: zero gets a logarithm, and a small SKU is no outlier.
OFFSET_SHARE = 0.1


def expected_units(units: Floats, calendar_months: Ints, window_months: int = WINDOW_MONTHS) -> Floats:
    """Return the median of the seasonally adjusted units of the months around each month, times the season.

    Args:
        units: (n, T) ending at the origin month; NaN if unknown.
        calendar_months: (T,), 1 .. 12.
        window_months: Width of the centred window, odd.

    Returns:
        (n, T); NaN if fewer than 6 months around are known.
    """
    season = seasonal_indices(units, calendar_months).of_months(calendar_months)
    half = window_months // 2
    padded = np.pad(units / season, ((0, 0), (half, half)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, window_months, axis=1)
    enough = np.isfinite(around).sum(axis=-1) >= LEAST_MONTHS
    return np.where(enough, known_median(around), np.nan) * season


def log_ratio(units: Floats, expected: Floats) -> Floats:
    """Return log(units / expected units), each plus a tenth of the SKU's usual level, (n, T); NaN if unknown."""
    offset = offset_units(expected)
    return np.log(np.maximum(units, 0.0) + offset) - np.log(np.maximum(expected, 0.0) + offset)


def offset_units(expected: Floats) -> Floats:
    """Return the units that ``log_ratio`` adds to both sides, (n, 1); NaN if nothing is expected."""
    level = known_median(expected)[:, None]
    return np.where(level > 0, OFFSET_SHARE * level, np.nan)
