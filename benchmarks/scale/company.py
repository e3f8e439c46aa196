"""A simulated company in a folder of its own and the commands that are measured on it. No figures are kept here."""

import dataclasses
import os
import shutil
import sys
from pathlib import Path

import pandas as pd

from benchmarks.scale.command import Usage, run
from forecast_assets.domain.calendar import add_months
from forecast_assets.sample import SAMPLE_MARKETS

REPOSITORY = Path(__file__).parents[2]
COMMAND_LINE = (sys.executable, "-c", "from forecast_assets.cli import app; app()")
# The first publication; the months after it are delivered, too, for the monthly cycles.
FIRST_MONTH = pd.Timestamp("2024-10-01")
LATER_MONTHS = 5
# PYTHONDONTWRITEBYTECODE: an installed package is compiled once, not by each process.
NOT_INHERITED = ("FORECAST_", "MLFLOW_", "DAGSTER_", "TEAMS_", "AZURE_", "DREMIO_", "PYTHONDONTWRITEBYTECODE")


@dataclasses.dataclass(frozen=True)
class Company:
    """Landing folder, store, databases and markets file of a simulated company.

    Attributes:
        base: Folder of all of them.
        skus: SKUs of each market.
        months: Delivered months up to the first publication.
    """

    base: Path
    skus: int
    months: int

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings: everything in the company's folder, one thread a process."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        return kept | {
            "FORECAST_LANDING": f"{self.base}/landing",
            "FORECAST_STORE": f"{self.base}/store",
            "FORECAST_MARKETS": f"{self.base}/markets.yaml",
            "DAGSTER_HOME": f"{self.base}/home",
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.base}/mlflow.db",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "FORECAST_MAX_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": str(REPOSITORY),
            "COLUMNS": "200",
        }

    def command(self, *arguments: str | Path) -> Usage:
        """Run a command of ``forecast-assets``."""
        return self.python(*COMMAND_LINE[1:], *arguments)

    def python(self, *arguments: str | Path) -> Usage:
        """Run this Python with the company's settings."""
        return run([sys.executable, *arguments], self.environment, self.base / "log.txt")

    def deliver(self, markets: int) -> Usage:
        """Simulate the deliveries of the first markets; those of fewer markets stay byte for byte."""
        (self.base / "home").mkdir(parents=True, exist_ok=True)
        return self.command(
            "sample", "--markets", str(markets), "--skus", str(self.skus), "--months", str(self.months + LATER_MONTHS),
            "--last-month", f"{add_months(FIRST_MONTH, LATER_MONTHS):%Y-%m}", "--markets-file",
            self.base / "markets.yaml",
        )  # fmt: skip

    def cycle(self, months_later: int, codes: list[str]) -> Usage:
        """Run the cycle of markets, so many months after the first publication."""
        markets = [part for code in codes for part in ("--country", code)]
        return self.command("cycle", "--month", f"{add_months(FIRST_MONTH, months_later):%Y-%m}", *markets)

    def keep_markets(self, codes: list[str]) -> None:
        """Leave only these markets in the markets file."""
        file = self.base / "markets.yaml"
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if "code:" not in line or any(f'"{code}", name' in line for code in codes)]
        file.write_text("".join(kept), encoding="utf-8")

    def copy_to(self, base: Path) -> "Company":
        """Return a company of its own with the same content."""
        shutil.rmtree(base, ignore_errors=True)
        shutil.copytree(self.base, base)
        return dataclasses.replace(self, base=base)

    def sizes(self) -> dict[str, float]:
        """Return the files and megabytes of the store, and the megabytes of the databases."""
        stored = [file.stat().st_size for file in (self.base / "store").rglob("*") if file.is_file()]
        databases = [file.stat().st_size for file in (self.base / "home").rglob("*") if file.is_file()]
        mlflow = [file.stat().st_size for file in self.base.glob("mlflow*") if file.is_file()]
        return {
            "store_files": len(stored),
            "store_mb": round(sum(stored) / 1e6, 1),
            "dagster_mb": round(sum(databases) / 1e6, 1),
            "mlflow_mb": round(sum(mlflow) / 1e6, 1),
        }


def codes_of(markets: int) -> list[str]:
    """Return the codes of the first sample markets."""
    return [market.code for market in SAMPLE_MARKETS[:markets]]
