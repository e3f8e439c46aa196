"""The forecasts every model is measured against: seasonal naive and Holt-Winters, ours and statsmodels'.

Here belong thin adapters. The product's own methods live in ``forecast_assets.domain.models``.
"""

import warnings

import numpy as np
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from benchmarks.protocol import Forecasts, KnownSeries
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters
from forecast_assets.domain.statistical.seasonal_naive import forecast_seasonal_naive

SEASON_LENGTH = 12


def seasonal_naive(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """The same month a year before; one thread."""
    return Forecasts(forecast_seasonal_naive(known.units, horizon_months))


def holt_winters(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """The product's vectorised Holt-Winters on the last 120 months; one thread."""
    return Forecasts(forecast_holt_winters(known.units, horizon_months))


def holt_winters_statsmodels(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """Additive trend and season by statsmodels, one fit per series on all its months; one thread.

    Months before the first known one and gaps are cut out. A series of less than two seasons has a trend only: the
    seasonal model cannot be started on it.
    """
    forecasts = np.empty((len(known), horizon_months))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row, series in enumerate(known.units):
            months = series[np.isfinite(series)]
            season = "add" if len(months) >= 2 * SEASON_LENGTH else None
            model = ExponentialSmoothing(months, trend="add", seasonal=season, seasonal_periods=SEASON_LENGTH)
            forecasts[row] = model.fit().forecast(horizon_months)
    return Forecasts(forecasts)
