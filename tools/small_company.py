"""The small company of ``make same-tables``: its settings, and the commands that fill its store.

Nothing here imports the package. The code under test runs in processes of its own, reached by its command line alone.
The digest of this file is part of the key under which a built store is kept.
"""

import csv
import os
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tools.quick_training import QUICK_TRAINING

SAMPLE = "sample --markets 6 --skus 12 --months 48 --last-month 2024-12"
# The sample delivers six markets. The files of the others are removed: a landing folder holds listed markets alone.
MARKETS = ["FR", "NA"]
MARKETS_FILE = """markets:
  - {code: "FR", name: "France", iso2: "FR", iso3: "FRA", region: "Europe", since: 2021-01-01}
"""
SETTINGS = {
    **QUICK_TRAINING,
    "FORECAST_MAX_THREADS": "1",
    # Every challenger is promoted, so that two recipes are in force one after the other and one can be rolled back.
    "FORECAST_PROMOTION_TOLERANCE": "1",
    "FORECAST_PROMOTION_BASELINE_TOLERANCE": "1",
    "FORECAST_PROMOTION_MAX_BIAS": "5",
    "FORECAST_PROMOTION_CLASS_TOLERANCE": "5",
    "MLFLOW_TRACKING_URI": "",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DAGSTER_DISABLE_TELEMETRY": "true",
    "FORECAST_GIT_SHA": "same-tables",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
}
# Of the caller's environment only this: a setting of the product would reach one build and be missing in the next.
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
PRINT_ORIGIN = "import forecast_assets, dbt_like_sql; print(forecast_assets.__file__); print(dbt_like_sql.__file__)"

Progress = Callable[[str], None]


class BuildError(RuntimeError):
    """A command of the scenario failed, or the code did not come from the tree under test."""


class SmallCompany:
    """Landing files, markets file, store and Dagster's records in one folder, filled by the code of one tree."""

    def __init__(self, tree: Path, folder: Path, progress: Progress) -> None:
        self._tree = tree
        self._folder = folder
        self._progress = progress

    def build(self) -> None:
        """Fill the store.

        Raises:
            BuildError: If a command exits with an unexpected code; the message ends with what the command printed.
        """
        (self._folder / "dagster_home").mkdir(parents=True)
        self._check_origin()
        self._forecast(f"{SAMPLE} --landing {self._landing}")
        self._limit_landing()
        (self._folder / "markets.yaml").write_text(MARKETS_FILE, encoding="utf-8")
        self._forecast("market add NA --name Namibia --region Africa --missing-month unknown")
        self._forecast("cycle --month 2024-02 --history 26")
        # Another number of trees is another recipe: the second cycle holds a contest between it and the first one's.
        self._forecast("cycle --month 2024-06 --history 30", FORECAST_BOOSTING_ROUNDS="24")
        # A search reads nothing of the last 18 months, and needs two years of origins before them.
        self._forecast("tune --country FR --month 2024-12 --trials 2")
        self._forecast("rollback --country FR --reason test --author test")
        self._restate_delivery()
        # Without marks: 2c248ec plans them as stale and runs nothing that rebuilds them.
        self._forecast(
            "backfill --country FR --from 2024-01 --to 2024-02 --assets 'not history_marks' --include-frozen"
        )
        self._forecast("measure --through 2024-08")

    @property
    def _landing(self) -> Path:
        return self._folder / "landing"

    def _check_origin(self) -> None:
        """Raise if the processes would import either package from another tree."""
        printed = self._run("import of the packages", [sys.executable, "-c", PRINT_ORIGIN], {})
        for line in printed.split():
            if not Path(line).resolve().is_relative_to(self._tree.resolve()):
                raise BuildError(f"{line} was imported, which is not part of {self._tree}")

    def _forecast(self, arguments: str, **settings: str) -> None:
        """Run a command of ``forecast-assets`` by the entry point that the tree's pyproject.toml declares."""
        with (self._tree / "pyproject.toml").open("rb") as file:
            module, name = tomllib.load(file)["project"]["scripts"]["forecast-assets"].split(":")
        entry = f"from {module} import {name}; {name}(prog_name='forecast-assets')"
        began = time.monotonic()
        self._run(arguments, [sys.executable, "-c", entry, *shlex.split(arguments)], settings)
        self._progress(f"{time.monotonic() - began:5.0f} s  {arguments}")

    def _run(self, title: str, command: list[str], settings: dict[str, str]) -> str:
        """Run a command by the tree's code, log what it printed, and return its standard output."""
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        places = {
            "PYTHONPATH": str(self._tree),
            "DAGSTER_HOME": str(self._folder / "dagster_home"),
            "FORECAST_STORE": str(self._folder / "store"),
            "FORECAST_LANDING": str(self._landing),
            "FORECAST_MARKETS": str(self._folder / "markets.yaml"),
        }
        environment = kept | SETTINGS | settings | places
        ended = subprocess.run(
            command, cwd=self._tree, env=environment, capture_output=True, text=True, errors="replace", check=False
        )
        with (self._folder / "log.txt").open("a", encoding="utf-8") as log:
            log.write(f"== {title}\n{ended.stdout}{ended.stderr}")
        if ended.returncode != 0:
            last_lines = "\n".join((ended.stdout + ended.stderr).splitlines()[-30:])
            raise BuildError(f"exit code {ended.returncode} of: {title}\n(code of {self._tree})\n{last_lines}")
        return ended.stdout

    def _limit_landing(self) -> None:
        """Remove the deliveries of unlisted markets, and mark the folders of sources as complete."""
        for file in [*self._landing.rglob("*.parquet"), *self._landing.rglob("*.csv")]:
            if file.name[:2] not in MARKETS and "oxcgrt" not in file.parts:
                file.unlink()
        for source in self._landing.iterdir():
            (source / "_SUCCESS").touch()

    def _restate_delivery(self) -> None:
        """Raise a month's deliveries of France by a tenth, and add an override that planners wrote without a date."""
        path = self._landing / "sell_in" / "FR_2024-02.parquet"
        rows = pq.read_table(path)
        units = rows.schema.get_field_index("units")
        raised = pc.multiply(rows.column("units").cast(pa.float64()), 1.1)
        pq.write_table(rows.set_column(units, "units", raised), path)
        with (self._landing / "overrides" / "FR_restated.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["country", "sku", "origin_month", "target_month", "forecast_units", "author", "reason"])
            writer.writerow(["FR", rows.column("sku")[0].as_py(), "2024-02", "2024-05", 900, "planner", "new listing"])
