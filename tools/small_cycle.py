"""A monthly cycle of a small simulated company by this Python's own command: ``make test-python``.

One market, six SKUs and thirty months; every variable of the caller that the product reads is left out.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from tools.quick_training import QUICK_TRAINING

MONTH = "2024-12"
HORIZON_MONTHS = 18
SKUS = 6
SMALL = {
    **QUICK_TRAINING,
    "FORECAST_MAX_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH")


def main() -> None:
    """Run the commands; exit with 1 at the first that fails."""
    command, started = Path(sys.executable).parent / "forecast-assets", time.monotonic()
    with tempfile.TemporaryDirectory(prefix="small-cycle-") as name:
        folder = Path(name)
        places = {
            "FORECAST_LANDING": str(folder / "landing"),
            "FORECAST_STORE": str(folder / "store"),
            "FORECAST_MARKETS": str(folder / "markets.yaml"),
            "DAGSTER_HOME": str(folder / "home"),
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
        }
        environment = {key: os.environ[key] for key in KEPT if key in os.environ} | SMALL | places
        for arguments in (
            ["sample", "--markets", "1", "--skus", str(SKUS), "--months", "30", "--last-month", MONTH,
             "--markets-file", places["FORECAST_MARKETS"]],
            ["prepare"],
            ["doctor"],
            ["cycle", "--month", MONTH, "--history", "12"],
        ):  # fmt: skip
            done = subprocess.run(
                [command, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False
            )
            if done.returncode:
                sys.exit(
                    f"small-cycle: {arguments[0]} exits with {done.returncode}: {done.stdout}{done.stderr}"[-4000:]
                )
        files = list((folder / "store" / "published_forecasts").rglob("*.parquet"))
        rows = sum(pq.read_metadata(file).num_rows for file in files)
    if not rows or rows % HORIZON_MONTHS:
        sys.exit(f"small-cycle: {rows} published numbers, expected {HORIZON_MONTHS} per SKU")
    seconds = time.monotonic() - started
    print(f"small-cycle: passed on Python {platform.python_version()}, {rows} published numbers, {seconds:.0f} s")


if __name__ == "__main__":
    main()
