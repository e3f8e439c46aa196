"""A LightGBM of mlforecast, as its documentation would have one build it: recursive, one model over all series.

The logarithm and the first differences are what makes it good: without them growth cannot be learned from trees.
"""

import lightgbm
import numpy as np
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean
from mlforecast.target_transforms import Differences, GlobalSklearnTransformer
from sklearn.preprocessing import FunctionTransformer

from benchmarks.peers_statsforecast import long_rows
from benchmarks.protocol import Forecasts, KnownSeries

LAGS = list(range(1, 14))
SEASON_LENGTH = 12


def mlforecast_lightgbm(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """Lags 1 to 13, rolling means and the month of the year on log1p and differences; no interval.

    Negative units (returns) count as 0: the logarithm has no place for them.
    """
    rows = long_rows(known)
    logarithm = FunctionTransformer(func=np.log1p, inverse_func=np.expm1)
    model = lightgbm.LGBMRegressor(
        n_estimators=200, learning_rate=0.05, num_leaves=31, num_threads=threads, random_state=20, verbosity=-1
    )
    forecaster = MLForecast(
        models={"lightgbm": model},
        freq="MS",
        lags=LAGS,
        lag_transforms={1: [RollingMean(3), RollingMean(6), RollingMean(SEASON_LENGTH)]},
        date_features=["month"],
        target_transforms=[GlobalSklearnTransformer(logarithm), Differences([1])],
        num_threads=threads,
    )
    forecaster.fit(rows.assign(y=rows["y"].clip(lower=0)), static_features=[])
    made = forecaster.predict(horizon_months).sort_values(["unique_id", "ds"])
    return Forecasts(made["lightgbm"].to_numpy(dtype=float).reshape(len(known), horizon_months))
