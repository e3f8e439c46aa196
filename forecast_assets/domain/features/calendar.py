"""Features of the calendar: the origin month, and each target month of the market.

They depend on months and the market's country alone, so they may look ahead; public holidays are those known at the
origin. All SKUs have the same value.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain import calendar
from forecast_assets.domain.arrays import Floats


def calendar_features(
    origin: pd.Timestamp, iso2: str | None, n_sku: int, horizon_months: int = calendar.HORIZON_MONTHS
) -> dict[str, Floats]:
    """Return ``origin_month_number`` and, per horizon NN, the calendar of the target month, each (n_sku,).

    ``target_month_number_hNN`` (1..12), ``target_quarter_hNN``, ``working_days_hNN``, ``public_holidays_hNN`` (0 in an
    unknown country), ``easter_days_hNN`` (0..4), ``easter_shift_days_hNN`` (compared with the same month a year before)
    and ``month_length_hNN`` (days).
    """
    months = calendar.target_months(origin, horizon_months)
    of_country = calendar.holidays_of_months(iso2, months, origin)
    by_name = {
        "target_month_number": months.month.to_numpy(dtype=float),
        "target_quarter": months.quarter.to_numpy(dtype=float),
        "working_days": calendar.working_days(months, of_country),
        "public_holidays": calendar.public_holidays(months, of_country),
        "easter_days": calendar.easter_days(months),
        "easter_shift_days": calendar.easter_shift_days(months),
        "month_length": calendar.month_lengths(months),
    }
    features = {"origin_month_number": np.full(n_sku, float(pd.Timestamp(origin).month))}
    for name, values in by_name.items():
        features |= {f"{name}_h{step:02d}": np.full(n_sku, value) for step, value in enumerate(values, start=1)}
    return features
