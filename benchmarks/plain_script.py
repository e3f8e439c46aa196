"""The script that a team would write instead of a platform: one market, its deliveries to a file of forecasts.

Holt-Winters and AutoETS of statsforecast and a LightGBM of mlforecast are backtested at three origins. The method with
the least WAPE forecasts 18 months. Nothing is checked, stored by month, explained or reported. ``benchmarks.scale``
runs it on the deliveries of the measured companies.

    python -m benchmarks.plain_script --landing var/landing --market FR --month 2024-11 --out forecasts
"""

import argparse
import warnings
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean
from mlforecast.target_transforms import Differences, GlobalSklearnTransformer
from sklearn.preprocessing import FunctionTransformer
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, HoltWinters, SeasonalNaive

HORIZON_MONTHS, SEASON_MONTHS = 18, 12
# The origins of the backtest: as many months before the last.
MONTHS_BACK = (18, 12, 6)
SHORTEST_SERIES = 2 * SEASON_MONTHS
# A SKU without sales in the last year is no longer forecast.
LIVE_MONTHS = 12


def sales(landing: Path, market: str, month: pd.Timestamp) -> pd.DataFrame:
    """``unique_id, ds, y`` of the SKUs still on sale, every month from the first sale on, 0 where there is no row."""
    rows = pd.concat([pd.read_parquet(file) for file in sorted((landing / "sell_in").glob(f"{market}_*.parquet"))])
    rows["month"] = pd.to_datetime(rows["month"])
    units = rows[rows["month"] <= month].pivot_table(index="month", columns="sku", values="units", aggfunc="sum")
    units = units.reindex(pd.date_range(units.index[0], month, freq="MS"))
    units = units.loc[:, units.tail(LIVE_MONTHS).notna().any()]
    since_first_sale = units.notna().cummax()
    tidy = units.fillna(0).where(since_first_sale).stack().rename("y").rename_axis(["ds", "unique_id"]).reset_index()
    return tidy[["unique_id", "ds", "y"]]


def statistical(known: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of Holt-Winters and AutoETS; of the seasonal naive where one of them fails."""
    models = [HoltWinters(season_length=SEASON_MONTHS), AutoETS(season_length=SEASON_MONTHS)]
    naive = SeasonalNaive(season_length=SEASON_MONTHS)
    return StatsForecast(models=models, freq="MS", n_jobs=1, fallback_model=naive).forecast(df=known, h=HORIZON_MONTHS)


def boosted(known: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of one LightGBM over all SKUs, on differences of the logarithm."""
    model = lightgbm.LGBMRegressor(
        n_estimators=200, learning_rate=0.05, num_leaves=31, num_threads=1, random_state=20, verbosity=-1
    )
    logarithm = FunctionTransformer(func=np.log1p, inverse_func=np.expm1)
    forecaster = MLForecast(
        models={"LightGBM": model},
        freq="MS",
        lags=list(range(1, 14)),
        lag_transforms={1: [RollingMean(3), RollingMean(6), RollingMean(12)]},
        date_features=["month"],
        target_transforms=[GlobalSklearnTransformer(logarithm), Differences([1])],
        num_threads=1,
    )
    forecaster.fit(known.assign(y=known["y"].clip(lower=0)), static_features=[])
    return forecaster.predict(HORIZON_MONTHS)


def forecasts(known: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of every method for the SKUs with two years of sales."""
    months = known.groupby("unique_id")["ds"].transform("size")
    known = known[months >= SHORTEST_SERIES]
    return statistical(known).merge(boosted(known), on=["unique_id", "ds"], how="outer", validate="1:1")


def backtest(known: pd.DataFrame, month: pd.Timestamp) -> pd.Series:
    """WAPE of each method over the three origins."""
    errors = []
    for back in MONTHS_BACK:
        origin = month - pd.DateOffset(months=back)
        made = forecasts(known[known["ds"] <= origin]).merge(known, on=["unique_id", "ds"], validate="1:1")
        methods = made.columns.difference(["unique_id", "ds", "y"])
        errors.append(made[methods].clip(lower=0).sub(made["y"], axis=0).abs().assign(actual=made["y"]))
    sums = pd.concat(errors).sum()
    return sums.drop("actual") / sums["actual"]


def main() -> None:
    """Forecast the markets one after the other."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.plain_script", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--landing", type=Path, required=True, help="folder of the deliveries")
    parser.add_argument("--market", nargs="+", required=True, help="codes of the markets")
    parser.add_argument("--month", type=pd.Timestamp, required=True, help="last closed month")
    parser.add_argument("--out", type=Path, required=True, help="folder of the forecasts")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    options.out.mkdir(parents=True, exist_ok=True)
    for market in options.market:
        known = sales(options.landing, market, options.month)
        wape = backtest(known, options.month)
        best = wape.idxmin()
        made = forecasts(known)[["unique_id", "ds", best]].rename(columns={best: "forecast_units"})
        made.assign(method=best).to_parquet(options.out / f"{market}.parquet", index=False)
        print(f"{market}: {best}, WAPE {wape.round(4).to_dict()}, {made['unique_id'].nunique()} SKUs")


if __name__ == "__main__":
    main()
