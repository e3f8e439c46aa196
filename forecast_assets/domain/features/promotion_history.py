"""Features of promotions beyond the plans: those that earlier years suggest in and around each target month.

Known plans are in ``promotion_plans``, the effect of promotions on demand in ``expected_demand``.
"""

import numpy as np

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.promotions import PromotionCalendar
from forecast_assets.domain.features.columns import horizon_column

YEAR = 12


def promotion_history_features(
    promotions: PromotionCalendar, horizon_months: int = HORIZON_MONTHS
) -> dict[str, Floats]:
    """Return the promotions expected per target month and those of the last year, each (n,).

    - ``promotion_probability_hNN``: 1 where planned, else the chance that an earlier year's slot repeats.
    - ``discount_expected_hNN``: probability x discount, a fraction.
    - ``discount_expected_month_before_hNN``, ``discount_expected_month_after_hNN``: the same of the neighbouring
      months, because the trade loads stock before a promotion and orders less after it.
    - ``discount_same_month_hNN``: discount of the latest such calendar month up to the origin, 0 without a promotion,
      NaN where history is shorter.
    - ``promotions_planned_share_hNN``: planned share of the market's expected promotions.
    - ``promoted_months_12`` and ``usual_discount``.

    Args:
        promotions: Calendar that reaches at least one month beyond the horizon.
        horizon_months: Number of target months.
    """
    features = {
        "promoted_months_12": promotions.probability[:, : promotions.past_months][:, -YEAR:].sum(axis=1),
        "usual_discount": promotions.usual_discount,
    }
    depth = promotions.probability * promotions.discount
    for horizon in range(1, horizon_months + 1):
        month = promotions.past_months - 1 + horizon
        before = month - YEAR * -(-horizon // YEAR)
        by_horizon = {
            "promotion_probability": promotions.probability[:, month],
            "discount_expected": depth[:, month],
            "discount_expected_month_before": depth[:, month - 1],
            "discount_expected_month_after": depth[:, month + 1],
            "discount_same_month": depth[:, before] if before >= 0 else np.full(len(depth), np.nan),
            "promotions_planned_share": np.full(len(depth), promotions.planned_share[horizon - 1]),
        }
        features |= {horizon_column(name, horizon): values for name, values in by_horizon.items()}
    return features
