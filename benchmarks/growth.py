"""How the engine's time and memory grow with the number of series, on seeded synthetic series.

The series are like those of a competition set: levels, trends, seasons and noise of many strengths, a fifth of them
intermittent. Seconds and peak megabytes are measured in a process of its own per size; the exponent is the slope of
the logarithm of seconds over that of the number of series: 1 is linear.

    python -m benchmarks.growth                              # 1,000 to 50,000 series
    python -m benchmarks.growth --series 1000 5000 --threads 1
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.methods import METHODS, MissingPackageError, UnknownMethodError, require
from benchmarks.run_method import MethodFailedError, run_in_process

SIZES = (1_000, 5_000, 20_000, 50_000)
HISTORY_MONTHS = 100
HORIZON_MONTHS = 18
INTERMITTENT_SHARE = 0.2
SEED = 20240601


def synthetic_table(n_series: int) -> pd.DataFrame:
    """A tidy table of ``n_series`` series over 100 known and 18 test months: ``market, sku, month, y, category``."""
    rng = np.random.default_rng(SEED)
    months = pd.date_range("2015-01-01", periods=HISTORY_MONTHS + HORIZON_MONTHS, freq="MS")
    shape = (n_series, len(months))
    phase = rng.integers(0, 12, (n_series, 1))
    season = 1 + rng.uniform(0.0, 0.5, (n_series, 1)) * np.sin((np.arange(len(months)) + phase) * 2 * np.pi / 12)
    walk = np.exp(np.cumsum(rng.normal(0.002, 0.03, shape), axis=1))
    noise = np.exp(rng.normal(0, rng.uniform(0.02, 0.4, (n_series, 1)), shape))
    units = np.exp(rng.normal(5, 1.2, (n_series, 1))) * season * walk * noise
    sporadic = rng.random((n_series, 1)) < INTERMITTENT_SHARE
    units = np.round(np.where(sporadic & (rng.random(shape) < 0.5), 0.0, units), 1)
    return pd.DataFrame(
        {
            "market": "ALL",
            "sku": np.repeat([f"S{number:06d}" for number in range(n_series)], len(months)),
            "month": np.tile(months, n_series),
            "y": units.ravel(),
            "category": np.repeat([f"C{number % 12:02d}" for number in range(n_series)], len(months)),
        }
    )


def growth_exponent(sizes: list[int], seconds: list[float]) -> float:
    """Slope of log seconds over log size by least squares; NaN for fewer than two sizes."""
    if len(sizes) < 2:
        return float("nan")
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def measure_size(n_series: int, method: str, threads: int) -> tuple[float, float]:
    """Seconds and peak megabytes of the method on ``n_series`` series."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / f"growth_{n_series}.parquet"
        synthetic_table(n_series).to_parquet(data, index=False)
        _, seconds, peak = run_in_process(data, method, HORIZON_MONTHS, 0, 12, threads)
    return seconds, peak


def main() -> int:
    """Print one line per size and the exponent. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=int, nargs="+", default=SIZES, help="numbers of series (default %(default)s)")
    parser.add_argument("--method", default="engine", help=f"one of {', '.join(METHODS)} (default engine)")
    cores = max(1, (os.cpu_count() or 2) - 1)
    parser.add_argument("--threads", type=int, default=cores, help="threads of the method (default cores - 1)")
    options = parser.parse_args()
    sizes, seconds = sorted(options.series), []
    try:
        require([options.method])
        for n_series in sizes:
            took, peak = measure_size(n_series, options.method, options.threads)
            seconds.append(took)
            print(f"{n_series:7d} series: {took:8.1f} s, {took / n_series * 1000:6.2f} s per 1000, {peak:7.0f} MB")
    except (UnknownMethodError, MissingPackageError, MethodFailedError) as error:
        print(f"benchmarks.growth: {error}", file=sys.stderr)
        return 1
    print(f"seconds grow with series to the power of {growth_exponent(sizes, seconds):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
