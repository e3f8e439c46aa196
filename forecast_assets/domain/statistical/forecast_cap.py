"""The limits of every forecast: not negative, not far beyond recent sales, never missing.

This module holds the cap that all models share. Planners' overrides and publication rules are elsewhere.
"""

import numpy as np

from forecast_assets.domain.arrays import Floats

CAP_FACTOR = 4.0
CAP_WINDOW_MONTHS = 36


def cap_forecasts(forecasts: Floats, units: Floats) -> Floats:
    """Clip forecasts to 0 .. 4 x the largest known month of the last 36.

    Trends fitted on short or intermittent history explode; the cap is far above any real growth over 18 months.

    Args:
        forecasts: (n_sku, horizon_months).
        units: (n_sku, n_months) ending at the origin month; NaN where unknown.

    Returns:
        (n_sku, horizon_months), never NaN: 0 where a forecast is missing or no month of the last 36 is known.
    """
    recent = units[:, -CAP_WINDOW_MONTHS:]
    largest = np.where(np.isfinite(recent), recent, 0.0).max(axis=1, initial=0.0)
    return np.clip(np.nan_to_num(forecasts, nan=0.0), 0.0, CAP_FACTOR * largest[:, None])
