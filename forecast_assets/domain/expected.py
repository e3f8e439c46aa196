"""What a SKU could be expected to sell in each month of its history: the median of the months around, with the season.

Robust and without a model, so that a single month says little about itself. Not a forecast: months after a month count.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.seasonality import seasonal_indices

# A year and a month around each month; at the ends of a history its half.
WINDOW_MONTHS, LEAST_MONTHS = 13, 6
# Added to both sides of a ratio as a share of the usual level: zero has a logarithm, and a small SKU is no outlier.
OFFSET_SHARE = 0.1


def expected_units(units: np.ndarray, calendar_months: np.ndarray, window_months: int = WINDOW_MONTHS) -> np.ndarray:
    """Median of the seasonally adjusted units of the months around, with the season put back.

    Args:
        units: (n, T) ending at the origin month; NaN where unknown.
        calendar_months: (T,), 1 .. 12.
        window_months: Width of the centred window.

    Returns:
        (n, T); NaN where fewer than 6 months around are known.
    """
    season = seasonal_indices(units, calendar_months).of_months(calendar_months)
    adjusted = pd.DataFrame((units / season).T)
    around = adjusted.rolling(window_months, center=True, min_periods=LEAST_MONTHS).median()
    return around.to_numpy().T * season


def log_ratio(units: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Logarithm of units by expected units, each plus a tenth of the SKU's usual level, (n, T); NaN where unknown."""
    level = pd.DataFrame(expected).median(axis=1).to_numpy()[:, None]
    offset = np.where(level > 0, OFFSET_SHARE * level, np.nan)
    return np.log(np.maximum(units, 0.0) + offset) - np.log(np.maximum(expected, 0.0) + offset)
