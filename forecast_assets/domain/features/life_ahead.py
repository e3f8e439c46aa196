"""Features of a SKU's life at each target month, and of the SKU it replaces.

Ages at the origin itself stand in ``age``. Whether a launch or end was known is decided when products are read.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS, months_since
from forecast_assets.domain.demand.demand import DemandPanel, known_mean
from forecast_assets.domain.features.columns import horizon_column

REFERENCE_MONTHS = 12


def life_ahead_features(origin: pd.Timestamp, launch_month: np.ndarray, end_month: np.ndarray) -> dict[str, np.ndarray]:
    """``age_from_launch_hNN`` and ``months_left_hNN`` at the target month, each (n,), NaN where unknown.

    Before the launch the former, after the end the latter is negative. Columns of a month that no SKU has are left out.

    Args:
        launch_month, end_month: (n,) months, NaT where unknown.
    """
    features = {}
    for name, months, sign in (("age_from_launch", launch_month, 1.0), ("months_left", end_month, -1.0)):
        at_origin = sign * months_since(months, origin)
        if np.isfinite(at_origin).any():
            features |= {horizon_column(name, h): at_origin + sign * h for h in range(1, HORIZON_MONTHS + 1)}
    return features


def reference_features(reference_sku: pd.Series | None, sell_in: DemandPanel) -> dict[str, np.ndarray]:
    """``reference_mean_12``: mean units of the SKU it replaces over that SKU's last 12 known months, (n,).

    NaN without a reference, or one that was never sold here. Left out where no SKU has a reference.

    Args:
        reference_sku: (n,) per SKU of the features, null without one; None where products name none.
        sell_in: All SKUs of the market up to the origin, those that have ended too.
    """
    if reference_sku is None or reference_sku.isna().all():
        return {}
    places = pd.Index(sell_in.skus, dtype=object).get_indexer(reference_sku.to_numpy(dtype=object))
    places = np.where(reference_sku.notna(), places, -1)
    if (places < 0).all():
        return {}
    level = _mean_of_last_known(sell_in.units)
    return {"reference_mean_12": np.where(places >= 0, level[places], np.nan)}


def _mean_of_last_known(units: np.ndarray) -> np.ndarray:
    known = np.isfinite(units)
    from_end = np.cumsum(known[:, ::-1], axis=1)[:, ::-1]
    return known_mean(np.where(known & (from_end <= REFERENCE_MONTHS), units, np.nan))
