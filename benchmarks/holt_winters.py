"""The vectorised Holt-Winters against a loop over statsmodels: WAPE, bias and processor time, one thread.

Here belong reading tidy files, the loop and the comparison. Not here: other models (one benchmark per file).

    python -m benchmarks.holt_winters                               # seeded synthetic series
    python -m benchmarks.holt_winters --data m3.parquet hospital.parquet
    python -m benchmarks.holt_winters --data aus_retail.parquet --origin 2017-06
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path

# One thread for both sides, or the figures tell of the machine instead of the method. Read when numpy is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import pandas as pd
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters

HORIZON_MONTHS = 18
SEASON_LENGTH = 12
OTHER_NAMES = {"country": "market", "units": "y", "sell_in_units": "y"}


def read_series(path: Path, origin: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Known months (n_series, n_months) and the 18 months that follow, every series ending at its own origin.

    Args:
        path: Parquet or CSV with ``market, sku, month, y`` (``country``, ``units`` also do) and optionally ``split``:
            then each series' ``train`` months are the known ones.
        origin: Last known month where there is no ``split``; by default the last month of the file minus 18.
    """
    table = pd.read_csv(path, dtype={"sku": str}) if path.suffix == ".csv" else pd.read_parquet(path)
    table = table.rename(columns=OTHER_NAMES)
    absent = {"market", "sku", "month", "y"} - set(table.columns)
    if absent:
        raise ValueError(f"{path}: columns {sorted(absent)} are missing, found {sorted(table.columns)}")
    month = pd.PeriodIndex(pd.to_datetime(table["month"]), freq="M").astype("int64").to_numpy()
    series = table["market"].astype(str) + "|" + table["sku"].astype(str)
    if "split" in table:
        is_known = table["split"] == "train"
        last = series.map(pd.Series(month[is_known], index=series[is_known]).groupby(level=0).max())
    else:
        last = month.max() - HORIZON_MONTHS if origin is None else pd.Period(origin, freq="M").ordinal
    from_origin = month - last
    wide = pd.DataFrame({"series": series, "at": from_origin, "y": table["y"]}).pivot(
        index="series", columns="at", values="y"
    )
    wide = wide.reindex(columns=range(int(wide.columns.min()), HORIZON_MONTHS + 1)).to_numpy(dtype=float)
    return wide[:, :-HORIZON_MONTHS], wide[:, -HORIZON_MONTHS:]


def synthetic_series(n_series: int = 200, n_months: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """Seeded series with level, drifting trend, season and noise, cut 18 months before their end."""
    rng = np.random.default_rng(20240601)
    months = np.arange(n_months)
    phase = rng.integers(0, SEASON_LENGTH, (n_series, 1))
    season = 1 + rng.uniform(0.05, 0.6, (n_series, 1)) * np.sin((months + phase) * 2 * np.pi / SEASON_LENGTH)
    walk = np.exp(np.cumsum(rng.normal(0.002, 0.02, (n_series, n_months)), axis=1))
    noise = rng.normal(1, rng.uniform(0.02, 0.3, (n_series, 1)), (n_series, n_months)).clip(0)
    units = rng.uniform(10, 1000, (n_series, 1)) * season * walk * noise
    return units[:, :-HORIZON_MONTHS], units[:, -HORIZON_MONTHS:]


def forecast_by_loop(known: np.ndarray) -> np.ndarray:
    """One statsmodels fit per series, clipped at 0; months before the first known one are cut off."""
    forecasts = np.empty((len(known), HORIZON_MONTHS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row, series in enumerate(known):
            model = ExponentialSmoothing(
                series[np.isfinite(series)], trend="add", seasonal="add", seasonal_periods=SEASON_LENGTH
            )
            forecasts[row] = model.fit().forecast(HORIZON_MONTHS)
    return forecasts.clip(0)


def measure(
    forecast: Callable[[np.ndarray], np.ndarray], known: np.ndarray, future: np.ndarray
) -> tuple[float, float, float]:
    """WAPE and bias, pooled over all known cells of ``future``, and the seconds of processor time the forecast took."""
    begin = time.process_time()
    forecasts = forecast(known)
    seconds = time.process_time() - begin
    error = (forecasts - future)[np.isfinite(future)]
    actual = np.nansum(np.abs(future))
    return float(np.abs(error).sum() / actual), float(error.sum() / actual), seconds


def compare(name: str, known: np.ndarray, future: np.ndarray, history_months: int) -> dict[str, object]:
    """One row of the table. Series too young for statsmodels (two seasons) or without a test month are left out."""
    known = known[:, -history_months:]
    scored = (np.isfinite(known).sum(axis=1) >= 2 * SEASON_LENGTH) & np.isfinite(future).any(axis=1)
    known, future = known[scored], future[scored]
    wape, bias, seconds = measure(lambda units: forecast_holt_winters(units, HORIZON_MONTHS), known, future)
    loop_wape, loop_bias, loop_seconds = measure(forecast_by_loop, known, future)
    return {
        "set": name,
        "series": len(known),
        "wape": wape,
        "wape_statsmodels": loop_wape,
        "wape_ratio": wape / loop_wape,
        "bias": bias,
        "bias_statsmodels": loop_bias,
        "seconds": seconds,
        "seconds_statsmodels": loop_seconds,
        "seconds_per_1000": seconds / len(known) * 1000,
        "times_faster": loop_seconds / seconds,
    }


def main() -> None:
    """Print one row per set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="*", type=Path, default=[], help="tidy files: market, sku, month, y")
    parser.add_argument("--origin", help="last known month, YYYY-MM, for files without a split column")
    parser.add_argument("--history-months", type=int, default=120, help="last known months both sides see")
    arguments = parser.parse_args()
    sets = {path.stem: read_series(path, arguments.origin) for path in arguments.data}
    if not sets:
        sets = {"synthetic": synthetic_series()}
    rows = [compare(name, *series, arguments.history_months) for name, series in sets.items()]
    print(pd.DataFrame(rows).set_index("set").T.to_string(float_format=lambda value: f"{value:.4f}"))


if __name__ == "__main__":
    main()
