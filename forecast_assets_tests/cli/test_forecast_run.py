"""The command forecast-run: what it prints of recorded runs, and its exit codes."""

from importlib import import_module

import dagster as dg
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets_tests.cli.company_folders import set_company
from forecast_assets_tests.operations.cycle.recorded_runs import record

MODULE = import_module("forecast_assets.cli.forecast_run")
MARKETS = """markets:
  - {code: "FR", name: F, iso2: "FR", iso3: FRA, region: Europe, since: 2020-01-01}
  - {code: "DE", name: D, iso2: "DE", iso3: DEU, region: Europe, since: 2020-01-01}
"""


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Runs the command in a company whose FR took 900 s and DE 1,800 s."""
    set_company(monkeypatch, tmp_path)
    (tmp_path / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    monkeypatch.setenv("FORECAST_MARKETS", str(tmp_path / "markets.yaml"))
    monkeypatch.setenv("FORECAST_MAX_THREADS", "1")
    monkeypatch.setattr(MODULE, "prepare_instance", lambda **_: None)
    with dg.DagsterInstance.ephemeral() as instance:
        record(instance, "FR", "2024-10", "2024-11-10T06:00Z", takes=900)
        record(instance, "DE", "2024-10", "2024-11-10T06:00Z", takes=1800)
        # The cycle of November began on time: what a person sees later.
        record(instance, "FR", "2024-11", "2024-12-10T06:00Z", starts=0, takes=990)
        record(instance, "DE", "2024-11", "2024-12-10T06:00Z", starts=990, takes=1800)
        monkeypatch.setattr(dg.DagsterInstance, "get", staticmethod(lambda: instance))
        yield lambda *arguments: CliRunner().invoke(app, ["forecast-run", *arguments], env={"COLUMNS": "160"})


def test_it_prints_queue_path_and_cost_and_what_happened(command, monkeypatch):
    monkeypatch.setenv("FORECAST_CORE_HOUR_EUR", "0.4")
    result = command("--month", "2024-11", "--at-a-time", "1")
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.replace("│", " ").split()) for line in result.output.splitlines()]
    # A quarter of an hour of one core at 0.40 EUR.
    assert "FR 15 min 2024-12-10 06:00 2024-12-10 06:15 0.1000 EUR" in lines
    assert "DE 30 min 2024-12-10 06:15 2024-12-10 06:45 0.2000 EUR" in lines
    assert "FR 15 min 16 min +10.0% 2024-12-10 06:15 2024-12-10 06:16 0.1100 EUR" in lines
    text = " ".join(lines)
    assert "Critical path: FR until 2024-12-10 06:15, then DE until 2024-12-10 06:45." in text
    assert "In all 0.75 core hours at 1 a run, cost 0.3000 EUR." in text
    # 2,790 s for 2,700 s.
    assert (
        "Markets with ended runs: 2. They took 46 min, predicted 45 min (+3.3%). Mean absolute difference 5.0%." in text
    )


def test_without_a_rate_it_shows_core_hours(command):
    assert "0.250 core hours" in command("--month", "2024-11", "--at-a-time", "2").output


def test_without_a_past_cycle_it_says_so(command):
    dg.DagsterInstance.get().wipe()
    result = command("--month", "2023-12", "--at-a-time", "1")
    assert result.exit_code == 0
    assert "there is nothing to predict from" in result.output


def test_a_market_that_will_be_late_makes_it_exit_with_1(command):
    result = command("--month", "2025-01", "--at-a-time", "1")
    assert result.exit_code == 1
    assert "DE will be ready at" in result.output


def test_a_month_without_markets_is_refused(command):
    result = command("--month", "2019-01")
    assert result.exit_code == 2
    assert "no market of" in result.output
