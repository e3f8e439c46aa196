"""The limits every forecast obeys: not negative, not far beyond anything sold lately, never missing.

Here belongs the cap shared by the classic models. Not here: planners' overrides and publication rules.
"""

import numpy as np

CAP_FACTOR = 4.0
CAP_WINDOW_MONTHS = 36


def cap_forecasts(forecasts: np.ndarray, units: np.ndarray) -> np.ndarray:
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
