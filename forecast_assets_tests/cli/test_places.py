"""Commands in the wrong folder: one message that names the folder looked for, at once, and nothing is written."""

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets_tests.repository_settings import MARKETS

CYCLE = ["cycle", "--month", "2024-06"]


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("FORECAST_STORE", "FORECAST_LANDING", "FORECAST_ENV", "FORECAST_SOURCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("FORECAST_MARKETS", MARKETS)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    monkeypatch.setattr("forecast_assets.cli.console.console.width", 400)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("command", [CYCLE, ["backfill", "--from", "2024-05", "--to", "2024-06", "--all"]])
def test_without_a_landing_folder_the_folder_is_named_and_nothing_is_written(run, tmp_path, command):
    result = run(*command)
    assert result.exit_code == 2
    assert f"no landing folder {tmp_path}/var/landing: set FORECAST_LANDING (now 'var/landing')" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["watchdog"], ["measure", "--through", "2024-06"]])
def test_a_command_on_an_instance_that_is_not_there_names_it_and_creates_none(run, tmp_path, command):
    result = run(*command)
    assert result.exit_code == 2
    assert f"no Dagster instance in {tmp_path}/var/dagster_home: set DAGSTER_HOME" in result.output
    assert list(tmp_path.iterdir()) == []


def test_prepare_creates_store_and_home_for_their_owner_alone(run, tmp_path):
    assert run("prepare").exit_code == 0
    for name in ("store", "dagster_home"):
        assert stat.S_IMODE(Path(tmp_path, "var", name).stat().st_mode) == 0o700
