"""Commands in the wrong folder: one message that names the folder looked for, at once, and nothing is written."""

import shutil
import stat
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.config.settings import load_settings
from forecast_assets.operations.health.connections import check_connections
from forecast_assets_tests.repository_settings import MARKETS

MONTH = ["--month", "2024-06"]
LANDING, STORE, HOME = (
    "no landing folder {}/var/landing",
    "no store {}/var/store",
    "no Dagster instance in {}/var/dagster_home",
)
# Every command, and the folders that it names if none is there.
NEEDS = {
    ("cycle", *MONTH): (LANDING, HOME),
    ("backfill", "--from", "2024-05", "--to", "2024-06", "--all"): (LANDING, HOME),
    ("doctor", "--verify"): (LANDING, HOME),
    ("tune", "--country", "FR"): (STORE, HOME),
    ("forecast-run", *MONTH): (HOME,),
    ("measure", "--through", "2024-06"): (STORE, HOME),
    ("champion", "--country", "FR"): (STORE,),
    ("champion", "--country", "FR", "--accept", "x", "--reason", "y"): (STORE, HOME),
    ("rollback", "--country", "FR", "--reason", "x"): (STORE, HOME),
    ("withdraw", "FR", "2024-06", "--reason", "x"): (STORE, HOME),
    ("override", "import", "filled.xlsx", "--author", "Ann"): (STORE, LANDING),
    ("override", "import", "filled.xlsx", "--author", "Ann", "--run"): (STORE, LANDING, HOME),
    ("override", "list"): (STORE, LANDING),
    ("override", "submit", "FR", "2024-06"): (STORE, LANDING),
    ("override", "approve", "FR", "2024-06", "--run"): (STORE, LANDING, HOME),
    ("override", "reject", "FR", "2024-06", "--note", "no"): (STORE, LANDING),
    ("whatif", "--country", "FR", "--promotions", "plan.csv"): (STORE,),
    ("export", *MONTH): (STORE,),
    ("override", "withdraw", "FR", "2024-06", "--sku", "a"): (STORE, LANDING),
    ("override", "withdraw", "FR", "2024-06", "--sku", "a", "--run"): (STORE, LANDING, HOME),
    ("experiment", "--country", "FR", "--name", "x"): (STORE,),
    ("watchdog",): (STORE, HOME),
    ("accept", "FR", "2024-06", "vanished_skus", "--reason", "x"): (STORE,),
    ("versions", "sell_in", *MONTH): (STORE,),
    ("restore", "sell_in", "FR", "2024-06"): (STORE,),
    ("prune",): (STORE,),
    ("migrate",): (STORE,),
    ("evidence", "--out", "evidence"): (STORE, HOME),
    ("replay", "--cycle", "dev-2024-06"): (STORE,),
    ("why", "FR", "A", "2024-06"): (STORE,),
    ("review", "FR", "2024-06"): (STORE,),
    ("alerts",): (STORE,),
    ("alerts", "resend"): (STORE,),
    ("alerts", "drop", "x"): (STORE,),
    ("market", "add", "NO", "--name", "Norway", "--region", "Europe"): (LANDING,),
    ("market", "check", "FR", *MONTH): (LANDING,),
    ("market", "promote", "FR"): (LANDING,),
    ("market", "rename", "FR", "FX"): (STORE,),
}
# Without a folder: these create it, or read and write none.
CREATE, NEED_NONE = {"demo", "sample", "prepare"}, {"alerts test", "market retire"}


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("FORECAST_STORE", "FORECAST_LANDING", "FORECAST_ENV", "FORECAST_SOURCE"):
        monkeypatch.delenv(name, raising=False)
    markets = Path(shutil.copy(MARKETS, tmp_path / "markets.yaml"))
    markets.write_text(markets.read_text().replace("stage: live", "stage: shadow"))
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("FORECAST_MARKETS", str(markets))
    monkeypatch.setenv("FORECAST_RETENTION_DAYS", "400")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(("command", "folders"), NEEDS.items(), ids=" ".join)
def test_folders_that_are_missing_are_named_in_one_line_and_nothing_is_written(run, tmp_path, command, folders):
    before = (tmp_path / "markets.yaml").read_bytes()
    result = run(*command)
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    for folder in (LANDING, STORE, HOME):
        assert (folder.format(tmp_path) + ":" in line) == (folder in folders)
    assert line.endswith(". Nothing was written.")
    assert [path.name for path in tmp_path.iterdir()] == ["markets.yaml"]
    assert (tmp_path / "markets.yaml").read_bytes() == before


def test_every_command_is_tried_without_its_folders():
    tried = {" ".join(command) for command in NEEDS} | CREATE | NEED_NONE
    for name in command_names():
        assert any(f"{command} ".startswith(f"{name} ") for command in tried), name


def command_names(group=None, before: str = "") -> list[str]:
    """Names of all commands, those of a group with its name in front."""
    found = []
    for name, command in (group or typer.main.get_command(app)).commands.items():
        within = command_names(command, f"{before}{name} ") if hasattr(command, "commands") else []
        found += within or [f"{before}{name}"]
    return found


def test_a_doctor_without_a_store_names_it_and_creates_none(run, tmp_path):
    (tmp_path / "var/landing").mkdir(parents=True)
    (tmp_path / "var/dagster_home").mkdir()
    assert run("doctor").exit_code == 1
    (store,) = [each for each in check_connections(load_settings()) if each.name == "store"]
    assert store.result == f"no folder {tmp_path}/var/store: set FORECAST_STORE or run forecast-assets prepare"
    assert not (tmp_path / "var/store").exists()


def test_prepare_creates_store_and_home_for_their_owner_alone(run, tmp_path):
    assert run("prepare").exit_code == 0
    for name in ("store", "dagster_home"):
        assert stat.S_IMODE(Path(tmp_path, "var", name).stat().st_mode) == 0o700
