"""Features of a SKU's life: how long it has been sold, and how long it still will be.

Whether a launch or end was known at the origin is decided when products are read; here the months are taken as known.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import months_since


def age_features(
    units: np.ndarray,
    origin: pd.Timestamp,
    launch_month: pd.Series | np.ndarray | None = None,
    end_month: pd.Series | np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Ages at the origin in months, each (n,).

    ``months_since_first_sale``: 0 when the first sale was in the origin month, NaN without one; a first sale before the
    first month of ``units`` cannot be seen, so it is at most T - 1. ``months_since_launch``: by ``launch_month``,
    negative when it lies ahead, NaN where unknown. ``months_until_end``: by ``end_month``, negative when it has passed,
    NaN where no end is known.

    Args:
        units: (n, T) ending at the origin month.
        launch_month, end_month: (n,) months, NaT where unknown; None: unknown for all.
    """
    sold = units > 0
    first = np.argmax(sold, axis=1).astype(float)
    since_first = np.where(sold.any(axis=1), units.shape[1] - 1 - first, np.nan)
    unknown = np.full(len(units), np.nan)
    return {
        "months_since_first_sale": since_first,
        "months_since_launch": unknown if launch_month is None else months_since(launch_month, origin),
        "months_until_end": unknown.copy() if end_month is None else 0.0 - months_since(end_month, origin),
    }
