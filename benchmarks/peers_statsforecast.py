"""Methods of statsforecast, each with its defaults and a season of 12 months.

Here belongs only the way to them. Series with gaps are given the last known month there: the library takes no NaN.
"""

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import (
    ADIDA,
    IMAPA,
    TSB,
    AutoCES,
    AutoETS,
    CrostonSBA,
    DynamicOptimizedTheta,
    HistoricAverage,
)

from benchmarks.protocol import Forecasts, KnownSeries

SEASON_LENGTH = 12
INTERVAL_PERCENT = 80
# Their ends and the point forecast are the quantiles 0.1, 0.2, ... 0.9.
INTERVALS_PERCENT = (20, 40, 60, INTERVAL_PERCENT)
# The values Teunter, Syntetos and Babai recommend as a start; the library has no default for them.
TSB_SMOOTHING = 0.2


def long_rows(known: KnownSeries) -> pd.DataFrame:
    """``unique_id, ds, y`` of all series without gaps, each ending at its own last known month."""
    wide = pd.DataFrame(known.units).ffill(axis=1)
    rows = wide.stack().rename("y").rename_axis(["unique_id", "place"]).reset_index()
    ahead = rows["place"].to_numpy() - (known.units.shape[1] - 1)
    month = known.last_month[rows["unique_id"].to_numpy()] + ahead.astype("timedelta64[M]")
    return rows.assign(ds=month.astype("datetime64[ns]")).drop(columns="place").astype({"unique_id": int})


def _forecast(known: KnownSeries, horizon_months: int, threads: int, model: object, intervals: bool) -> Forecasts:
    made = StatsForecast(models=[model], freq="MS", n_jobs=threads, fallback_model=HistoricAverage()).forecast(
        df=long_rows(known), h=horizon_months, level=list(INTERVALS_PERCENT) if intervals else None
    )
    made = made.sort_values(["unique_id", "ds"])

    def array(column: str) -> np.ndarray:
        return made[column].to_numpy(dtype=float).reshape(len(known), horizon_months)

    name = str(model)
    if not intervals:
        return Forecasts(array(name))
    below = [array(f"{name}-lo-{percent}") for percent in INTERVALS_PERCENT[::-1]]
    above = [array(f"{name}-hi-{percent}") for percent in INTERVALS_PERCENT]
    point = array(name)
    return Forecasts(point, below[0], above[-1], np.stack([*below, point, *above], axis=-1))


def auto_ets(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """Exponential smoothing, the form chosen by AICc, with intervals."""
    return _forecast(known, horizon_months, threads, AutoETS(season_length=SEASON_LENGTH), intervals=True)


def theta(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """Dynamic optimised Theta, with intervals."""
    return _forecast(known, horizon_months, threads, DynamicOptimizedTheta(season_length=SEASON_LENGTH), intervals=True)


def auto_ces(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """Complex exponential smoothing, with intervals."""
    return _forecast(known, horizon_months, threads, AutoCES(season_length=SEASON_LENGTH), intervals=True)


def mean_ets_theta_ces(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """Mean of the three, each clipped at 0 first; no interval."""
    members = [method(known, horizon_months, threads).point.clip(0) for method in (auto_ets, theta, auto_ces)]
    return Forecasts(sum(members) / len(members))


def adida(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """Aggregate-disaggregate intermittent demand approach."""
    return _forecast(known, horizon_months, threads, ADIDA(), intervals=False)


def imapa(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """Intermittent multiple aggregation."""
    return _forecast(known, horizon_months, threads, IMAPA(), intervals=False)


def sba(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """Croston with the correction of Syntetos and Boylan."""
    return _forecast(known, horizon_months, threads, CrostonSBA(), intervals=False)


def tsb(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """Teunter, Syntetos and Babai: the chance of a sale fades when there is none."""
    return _forecast(known, horizon_months, threads, TSB(alpha_d=TSB_SMOOTHING, alpha_p=TSB_SMOOTHING), intervals=False)
