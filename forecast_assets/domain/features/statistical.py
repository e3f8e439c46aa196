"""Features that are forecasts: the cheap statistical methods, their parameters, and the seasonal index they rest on."""

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS, target_months
from forecast_assets.domain.features.columns import horizon_column
from forecast_assets.domain.statistical.statistical import forecast_statistical


def statistical_features(units: np.ndarray, origin: pd.Timestamp) -> dict[str, np.ndarray]:
    """Statistical forecasts and seasonal index as features, each (n,).

    ``ses_hNN, theta_hNN, damped_holt_hNN, statistical_mean_hNN`` in units, ``seasonal_index_hNN`` of the target month,
    ``seasonal_strength``, ``statistical_slope`` in units a month, and per method the smoothing parameters and
    ``<method>_one_step_mae`` in units.

    Args:
        units: (n, T) ending at the origin month, NaN where unknown.
        origin: The origin month.
    """
    calendar_months = pd.date_range(end=origin, periods=units.shape[1], freq="MS").month.to_numpy()
    made = forecast_statistical(units, calendar_months, HORIZON_MONTHS)
    ahead = target_months(origin).month.to_numpy()
    by_horizon = {
        "ses": made.ses,
        "theta": made.theta,
        "damped_holt": made.damped_holt,
        "statistical_mean": made.mean,
        "seasonal_index": made.season.index[:, ahead - 1],
    }
    features = {
        horizon_column(name, month): values[:, month - 1]
        for name, values in by_horizon.items()
        for month in range(1, HORIZON_MONTHS + 1)
    }
    return features | made.parameters()
