"""A cycle that has nothing to do: what the command prints, and what makes it run."""

from importlib import import_module

import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.operations.cycle.launch import RunResult
from forecast_assets.tracking.mlflow_tracking import TrackingUnavailable
from forecast_assets_tests.cli.company_folders import set_company

# By name: in the package the module is hidden behind the command that it holds.
CYCLE = import_module("forecast_assets.cli.cycle")
ARGUMENTS = ("cycle", "--month", "2024-06", "--country", "FR", "--country", "DE")


class Runs:
    """Stands for the runs of a cycle; ``failures`` by market, "" for those over all markets."""

    def __init__(self) -> None:
        self.started: list[list[str]] = []
        self.failures: dict[str, tuple[str, ...]] = {}

    def __call__(self, settings, load, request, countries, report, watch=None) -> dict[str, list[RunResult]]:
        self.started.append(list(countries))
        return {code: [RunResult("x", code, "run", self.failures.get(code, ()))] for code in (*countries, "")}


@pytest.fixture
def runs(monkeypatch, tmp_path) -> Runs:
    set_company(monkeypatch, tmp_path)
    runs = Runs()
    for name in ("prepare_instance", "print_markets"):
        monkeypatch.setattr(CYCLE, name, lambda *_: None)
    monkeypatch.setattr(CYCLE, "run_cycles", runs)
    return runs


def cycle(*more: str):
    return CliRunner().invoke(app, [*ARGUMENTS, *more])


def test_a_second_cycle_has_nothing_to_do_unless_it_is_forced(runs):
    assert cycle().exit_code == 0
    second = cycle()
    assert second.exit_code == 0
    assert "DE, FR: nothing to do. The cycle of 2024-06 ended at " in second.output
    assert runs.started == [["FR", "DE"]]
    assert cycle("--force").exit_code == 0
    assert runs.started == [["FR", "DE"]] * 2


def test_a_market_that_failed_is_run_again_alone(runs):
    runs.failures["DE"] = ("model: too few rows",)
    assert cycle().exit_code == 1
    runs.failures.clear()
    assert "FR: nothing to do" in cycle().output
    assert runs.started == [["FR", "DE"], ["DE"]]


def test_a_delivery_makes_the_cycle_run_again(runs, tmp_path):
    cycle()
    (tmp_path / "landing/FR.csv").write_text("country,sku,month,units\n", encoding="utf-8")
    cycle()
    assert runs.started == [["FR", "DE"]] * 2


def test_after_failed_totals_no_market_is_unchanged(runs):
    runs.failures[""] = ("demand_totals: broken",)
    cycle()
    cycle()
    assert runs.started == [["FR", "DE"]] * 2


def test_a_cycle_without_its_mlflow_run_is_run_again(runs, monkeypatch):
    def unavailable(_: str) -> None:
        raise TrackingUnavailable("MLflow does not answer.")

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    monkeypatch.setattr(CYCLE, "prepare_mlflow_store", unavailable)
    cycle()
    cycle()
    assert runs.started == [["FR", "DE"]] * 2
