"""A full disk and an unreadable database of Dagster are one line that says what to do."""

import errno
import sqlite3
from concurrent.futures import Future

import pandas as pd
import pytest
import sqlalchemy
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.cycle import _result
from forecast_assets.operations.cycle.launch import Step
from forecast_assets.operations.failure_text import DagsterDatabaseDamaged, check_dagster_files, in_one_line
from forecast_assets.tracking.mlflow_store import TrackingUnavailable, prepare_mlflow_store
from forecast_assets_tests.repository_settings import MARKETS

JUNE = pd.Timestamp("2024-06-01")


def wrapped(error: BaseException) -> BaseException:
    try:
        raise sqlalchemy.exc.OperationalError("INSERT INTO event_logs\nVALUES (?)", {"event": "x"}, error)
    except sqlalchemy.exc.OperationalError as outer:
        return outer


FULL = {
    "file": OSError(errno.ENOSPC, "No space left on device", "/store/sell_in.parquet"),
    "quota": OSError(errno.EDQUOT, "Disk quota exceeded"),
    "database": wrapped(sqlite3.OperationalError("database or disk is full")),
}


@pytest.mark.parametrize("kind", FULL)
def test_a_full_disk_fails_one_market_with_one_line(kind):
    future = Future()
    future.set_exception(FULL[kind])
    result = _result(future, "FR", Step("monthly_cycle", MonthRange(JUNE, JUNE)))
    (line,) = result.failures
    assert "\n" not in line
    assert line.startswith("monthly_cycle could not run: no space left on the disk")
    assert "run the same command again" in line
    assert ("/store/sell_in.parquet" in line) == (kind == "file")


def test_other_errors_are_their_type_and_first_line():
    assert in_one_line(ValueError("first\nsecond")) == "ValueError: first"
    assert in_one_line(KeyError()) == "KeyError"
    assert "cannot be read (database disk image is malformed" in in_one_line(
        sqlite3.DatabaseError("database disk image is malformed")
    )


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name, value in {
        "FORECAST_MARKETS": MARKETS, "FORECAST_STORE": str(tmp_path / "store"), "MLFLOW_TRACKING_URI": "",
        "FORECAST_LANDING": str(tmp_path / "landing"), "DAGSTER_HOME": str(tmp_path / "home"), "COLUMNS": "400",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    (tmp_path / "landing").mkdir()
    (tmp_path / "home" / "history" / "runs").mkdir(parents=True)
    return tmp_path / "home"


@pytest.mark.parametrize("file", ["history/runs.db", "history/runs/index.db"])
@pytest.mark.parametrize("content", [b"x" * 5_000, b"SQLite format 3\0" + b"\xff" * 5_000])
def test_an_unreadable_database_of_dagster_is_named_before_a_command_runs(home, file, content):
    (home / file).write_bytes(content)
    result = CliRunner().invoke(app, ["cycle", "--month", "2024-06"])
    assert result.exit_code == 2, result.output
    assert f"{home / file} of Dagster cannot be read" in result.output
    assert "doctor --record" in result.output
    assert "Traceback" not in result.output
    assert (home / file).read_bytes() == content
    with pytest.raises(DagsterDatabaseDamaged):
        check_dagster_files(home)


def test_a_sound_or_locked_database_of_dagster_passes(home):
    connection = sqlite3.connect(home / "history" / "runs.db")
    connection.execute("CREATE TABLE runs (id INTEGER)")
    connection.commit()
    connection.execute("BEGIN EXCLUSIVE")
    check_dagster_files(home)
    connection.close()


def test_an_unreadable_store_of_mlflow_is_named(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5_000)
    with pytest.raises(TrackingUnavailable, match=r"mlflow\.db cannot be read .* forecasts do not depend on it"):
        prepare_mlflow_store(f"sqlite:///{tmp_path}/mlflow.db")


def test_a_command_on_a_full_disk_prints_one_line(home, monkeypatch):
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(home))

    monkeypatch.setattr("forecast_assets.cli.prepare.prepare_home", full)
    result = CliRunner().invoke(app, ["cycle", "--month", "2024-06"])
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert f"no space left on the disk ({home}): free some" in result.output
