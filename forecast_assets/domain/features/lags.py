"""Features that are single earlier values: lags, and the same calendar month in earlier years.

Averages over months are in ``windows``. Lag n counts from the first target month, so lag 1 is the origin month itself.
"""

import numpy as np

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.demand_panel import known_mean

SELL_IN_LAGS = 24
SELL_OUT_LAGS = 12
YEARS_BACK = (1, 2, 3)


def _column_before_end(units: Floats, months_before_end: int) -> Floats:
    """Return the column ``months_before_end`` before the last one; NaN before the first column."""
    position = units.shape[1] - 1 - months_before_end
    return units[:, position].astype(float) if position >= 0 else np.full(len(units), np.nan)


def lag_features(units: Floats | None, prefix: str, lags: int, n_sku: int) -> dict[str, Floats]:
    """Return ``<prefix>_lag_1 .. <prefix>_lag_<lags>``, each (n_sku,): lag n is n months before the first target month.

    Args:
        units: (n_sku, T) ending at the origin month; None if the market has no such data: NaN throughout.
        prefix: First part of the names.
        lags: Number of lags.
        n_sku: Number of SKUs.

    Returns:
        Float arrays; NaN where history is shorter or the month is unknown.
    """
    if units is None:
        return {f"{prefix}_lag_{lag}": np.full(n_sku, np.nan) for lag in range(1, lags + 1)}
    return {f"{prefix}_lag_{lag}": _column_before_end(units, lag - 1) for lag in range(1, lags + 1)}


def same_month_features(units: Floats, horizon_months: int = HORIZON_MONTHS) -> dict[str, Floats]:
    """Return the target month's calendar month in earlier years, per horizon, each (n,).

    - ``same_month_<k>_years_ago_hNN`` for k = 1, 2, 3: units 12 k months before target month NN. For horizons above 12,
      one year ago is after the origin and NaN.
    - ``same_month_mean_hNN``: mean over the known years.
    - ``same_month_latest_hNN``: the most recent known year, as in a seasonal naive forecast.

    Args:
        units: (n, T) ending at the origin month.
        horizon_months: Number of target months.
    """
    features: dict[str, Floats] = {}
    for horizon in range(1, horizon_months + 1):
        years = [_years_ago(units, horizon, year) for year in YEARS_BACK]
        for year, values in zip(YEARS_BACK, years, strict=True):
            features[f"same_month_{year}_years_ago_h{horizon:02d}"] = values
        stacked = np.stack(years, axis=1)
        features[f"same_month_mean_h{horizon:02d}"] = known_mean(stacked)
        features[f"same_month_latest_h{horizon:02d}"] = _first_known(stacked)
    return features


def _years_ago(units: Floats, horizon: int, years: int) -> Floats:
    months_before_origin = 12 * years - horizon
    if months_before_origin < 0:
        return np.full(len(units), np.nan)
    return _column_before_end(units, months_before_origin)


def _first_known(values: Floats) -> Floats:
    first = np.argmax(~np.isnan(values), axis=1)[:, None]
    known: Floats = np.take_along_axis(values, first, axis=1)[:, 0]
    return known
