"""From 2 markets to 40 by the commands of docs/onboarding.md, as a person types them; ``DRILL_MARKETS`` of them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.config.markets import load_markets
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.operate.platform import NOT_OF_THE_DRILL

pytestmark = pytest.mark.daemon
MARKETS = int(os.environ.get("DRILL_MARKETS", "4"))
REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "onboarding.md").read_text(encoding="utf-8")
COMMANDS = re.search(r"## From 2 markets to 40.*?```sh\n(.*?)```", PAGE, re.DOTALL)[1]
FIRST_TWO = {"FR", "DE"}
NOVEMBER, DECEMBER = pd.Timestamp("2024-11-01"), pd.Timestamp("2024-12-01")
SMALL = {
    "FORECAST_TRAINING_ROWS": "1000",
    "FORECAST_BACKTEST_TRAINING_ROWS": "1000",
    "FORECAST_BOOSTING_ROUNDS": "20",
    "MLFLOW_TRACKING_URI": "",
    "OMP_NUM_THREADS": "1",
}


class CommandLineCompany:
    """Folder in which commands run, with their latest output."""

    def __init__(self, base: Path) -> None:
        self.base, self.output = base, ""

    def type(self, commands: str) -> None:
        """Run the commands in a shell whose ``forecast-assets`` is this code."""
        tools = self.base / "tools"
        tools.mkdir()
        tool = tools / "forecast-assets"
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from forecast_assets.cli import app; app()" "$@"\n')
        tool.chmod(0o755)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OF_THE_DRILL)}
        environment = inherited | SMALL | {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY),
            "DAGSTER_HOME": str(self.base / "home"), "COLUMNS": "200",
        }  # fmt: skip
        done = subprocess.run(
            ["bash", "-c", commands], cwd=self.base, env=environment, capture_output=True, text=True, check=False
        )
        self.output = done.stdout + done.stderr
        assert done.returncode == 0, self.output[-4000:]

    @property
    def stages(self) -> dict[str, str]:
        return {code: market.stage for code, market in load_markets(self.base / "markets.yaml").items()}

    def statuses(self, month: pd.Timestamp) -> dict[str, set[str]]:
        """Status of the published rows of every market with a forecast of a month."""
        store = TableStore(str(self.base / "var" / "store"))
        places = [place for place in store.list_partitions("published_forecasts") if place.month == month]
        return {place.country: set(store.read("published_forecasts", [place])["status"]) for place in places}


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    company = CommandLineCompany(tmp_path_factory.mktemp("growth"))
    company.type(COMMANDS.replace("--markets 40", f"--markets {MARKETS}"))
    return company


def test_every_market_is_in_and_those_whose_check_did_not_fail_are_live(company):
    stages = company.stages
    assert len(stages) == MARKETS
    assert {code for code, stage in stages.items() if stage == "live"} > FIRST_TWO
    for code in set(stages) - FIRST_TWO:
        expected = f"{code} is live" if stages[code] == "live" else f"{code} stays in shadow"
        assert expected in company.output, code


def test_new_markets_were_forecast_in_shadow_before_anybody_promoted_them(company):
    expected = {code: {"published" if code in FIRST_TWO else "shadow"} for code in company.stages}
    assert company.statuses(NOVEMBER) == expected


def test_the_cycle_after_the_promotion_is_published_and_that_of_the_others_stays_in_shadow(company):
    expected = {code: {"published" if stage == "live" else "shadow"} for code, stage in company.stages.items()}
    assert company.statuses(DECEMBER) == expected


def test_every_forecast_reaches_18_months_ahead(company):
    store = TableStore(str(company.base / "var" / "store"))
    for code in company.stages:
        rows = store.read("published_forecasts", [PartitionKey(DECEMBER, code)])
        assert (rows.groupby("sku")["horizon_months"].nunique() == 18).all(), code
