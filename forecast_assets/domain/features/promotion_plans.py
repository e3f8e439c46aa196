"""Features of promotion plans: the promotions of the origin and target months as known at the origin.

Promotions are read as known at the origin (``known_from``), so every row passed here counts as known.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS, target_months


def plan_features(
    promotions: pd.DataFrame | None, skus: Labels, origin: pd.Timestamp, horizon_months: int = HORIZON_MONTHS
) -> dict[str, Floats]:
    """Return the planned promotions per SKU, each (n,).

    ``promoted_last_month``, ``promotion_planned_hNN`` (0 or 1) and ``discount_planned_hNN`` (percent).

    - Up to the last month of the market's promotions, a SKU without a row is 0.
    - Beyond that month, and in a market without promotions, plans are unknown: NaN, not 0.
    - A promotion of unknown discount has a NaN discount. A discount above 0 is a promotion.

    Args:
        promotions: ``sku, promotion_month, is_promoted, discount_pct`` (nullable) as known at the end of the origin
            month; None if the market has none.
        skus: (n,) SKUs in the order of the features; rows of others only extend the planned months.
        origin: The origin month.
        horizon_months: Number of target months.

    Raises:
        ValueError: If a SKU has two rows for a month.
    """
    months = target_months(origin, horizon_months).insert(0, pd.Timestamp(origin))
    promoted, discount = _planned(promotions, skus, months)
    features = {"promoted_last_month": promoted[:, 0]}
    features |= {f"promotion_planned_h{step:02d}": promoted[:, step] for step in range(1, horizon_months + 1)}
    features |= {f"discount_planned_h{step:02d}": discount[:, step] for step in range(1, horizon_months + 1)}
    return features


def _planned(promotions: pd.DataFrame | None, skus: Labels, months: pd.DatetimeIndex) -> tuple[Floats, Floats]:
    """Return the planned promotions (0 or 1) and their discounts, each (n, months)."""
    shape = (len(skus), len(months))
    promoted, discount = np.full(shape, np.nan), np.full(shape, np.nan)
    if promotions is None or promotions.empty:
        return promoted, discount
    twice = promotions.duplicated(["sku", "promotion_month"])
    if twice.any():
        first = promotions.loc[twice, ["sku", "promotion_month"]].iloc[0].tolist()
        raise ValueError(
            f"promotions: {twice.sum()} SKUs and months have two rows, first {first}: expected one row each"
        )
    planned = np.asarray(months <= promotions["promotion_month"].max())
    promoted[:, planned] = discount[:, planned] = 0.0
    row = pd.Index(skus, dtype=object).get_indexer(pd.Index(promotions["sku"], dtype=object))
    column = months.get_indexer(pd.DatetimeIndex(promotions["promotion_month"]))
    inside = (row >= 0) & (column >= 0)
    discounts = promotions["discount_pct"].to_numpy(dtype=float, na_value=np.nan)
    flags = promotions["is_promoted"].to_numpy(dtype=float, na_value=np.nan)
    is_promoted = np.where((flags > 0) | (discounts > 0), 1.0, 0.0)
    promoted[row[inside], column[inside]] = is_promoted[inside]
    discount[row[inside], column[inside]] = np.where(is_promoted > 0, discounts, 0.0)[inside]
    return promoted, discount
