"""Features of a SKU's life at each target month, and of the SKU it replaces.

Ages at the origin itself are in ``age``. Products are read as known at the origin.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Days, Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS, months_since
from forecast_assets.domain.demand.demand_panel import DemandPanel, known_mean
from forecast_assets.domain.features.columns import horizon_column

REFERENCE_MONTHS = 12


def life_ahead_features(
    origin: pd.Timestamp,
    launch_month: pd.Series | Days,
    end_month: pd.Series | Days,
    horizon_months: int = HORIZON_MONTHS,
) -> dict[str, Floats]:
    """Return ``age_from_launch_hNN`` and ``months_left_hNN`` at the target month, each (n,), NaN where unknown.

    The age is negative before the launch, the months left are negative after the end. If no SKU has a launch month, or
    none an end month, its columns are omitted.

    Args:
        origin: The origin month.
        launch_month: (n,) launch months, NaT where unknown.
        end_month: (n,) last months, NaT where unknown.
        horizon_months: Number of target months.
    """
    features: dict[str, Floats] = {}
    for name, months, sign in (("age_from_launch", launch_month, 1.0), ("months_left", end_month, -1.0)):
        at_origin = sign * months_since(months, origin)
        if np.isfinite(at_origin).any():
            features |= {horizon_column(name, h): at_origin + sign * h for h in range(1, horizon_months + 1)}
    return features


def reference_features(reference_sku: pd.Series | None, sell_in: DemandPanel) -> dict[str, Floats]:
    """Return ``reference_mean_12``, (n,): mean units of the replaced SKU over its last 12 known months.

    NaN without a reference, or if the reference was never sold in this market. Omitted if no SKU has a reference.

    Args:
        reference_sku: (n,) replaced SKU, null without one; None if products have no such column.
        sell_in: All SKUs of the market up to the origin, including those that have ended.
    """
    if reference_sku is None or reference_sku.isna().all():
        return {}
    row = pd.Index(sell_in.skus, dtype=object).get_indexer(pd.Index(reference_sku, dtype=object))
    row = np.where(reference_sku.notna(), row, -1)
    if (row < 0).all():
        return {}
    level = _mean_of_last_known(sell_in.units)
    return {"reference_mean_12": np.where(row >= 0, level[row], np.nan)}


def _mean_of_last_known(units: Floats) -> Floats:
    known = np.isfinite(units)
    from_end = np.cumsum(known[:, ::-1], axis=1)[:, ::-1]
    return known_mean(np.where(known & (from_end <= REFERENCE_MONTHS), units, np.nan))
