"""Features that are forecasts: the cheap statistical methods, their parameters and their seasonal index."""

import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS, target_months
from forecast_assets.domain.features.columns import horizon_column
from forecast_assets.domain.statistical.seasonal_smoothing import forecast_statistical


def statistical_features(
    units: Floats, origin: pd.Timestamp, horizon_months: int = HORIZON_MONTHS
) -> dict[str, Floats]:
    """Return statistical forecasts and seasonal index as features, each (n,).

    ``ses_hNN, theta_hNN, damped_holt_hNN, statistical_mean_hNN`` in units, ``seasonal_index_hNN`` of the target month,
    ``seasonal_strength``, ``statistical_slope`` in units a month, and per method the smoothing parameters and
    ``<method>_one_step_mae`` in units.

    Args:
        units: (n, T) ending at the origin month, NaN where unknown.
        origin: The origin month.
        horizon_months: Number of target months.
    """
    calendar_months = pd.date_range(end=origin, periods=units.shape[1], freq="MS").month.to_numpy()
    forecasts = forecast_statistical(units, calendar_months, horizon_months)
    ahead = target_months(origin, horizon_months).month.to_numpy()
    by_horizon = {
        "ses": forecasts.ses,
        "theta": forecasts.theta,
        "damped_holt": forecasts.damped_holt,
        "statistical_mean": forecasts.mean,
        "seasonal_index": forecasts.season.index[:, ahead - 1],
    }
    features = {
        horizon_column(name, month): values[:, month - 1]
        for name, values in by_horizon.items()
        for month in range(1, horizon_months + 1)
    }
    return features | forecasts.parameters()
