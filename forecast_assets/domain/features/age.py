"""Features of a SKU's life: how long it has been sold, and how long it still will be.

Products are read as known at the origin, so the months here count as known.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Days, Floats
from forecast_assets.domain.calendar import months_since


def age_features(
    units: Floats,
    origin: pd.Timestamp,
    launch_month: pd.Series | Days | None = None,
    end_month: pd.Series | Days | None = None,
) -> dict[str, Floats]:
    """Return ages at the origin in months, each (n,).

    - ``months_since_first_sale``: 0 if the first sale was in the origin month, NaN without a sale. A first sale before
      the first month of ``units`` is not visible, so the maximum is T - 1.
    - ``months_since_launch``: negative if the launch is ahead, NaN where it is unknown.
    - ``months_until_end``: negative if the end has passed, NaN where no end is known.

    Args:
        units: (n, T) ending at the origin month.
        origin: The origin month.
        launch_month: (n,) launch months, NaT where unknown; None: unknown for all.
        end_month: (n,) last months, NaT where unknown; None: unknown for all.
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
