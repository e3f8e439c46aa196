"""``forecast-assets replay`` as a person types it: exit codes, what differs, and what cannot be made again."""

import os
from datetime import UTC, datetime
from importlib import import_module

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.definitions import build_definitions
from forecast_assets.operations.history.replay import cycle_targets
from forecast_assets.sources.dremio.errors import DremioError
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.version_files import all_versions, remove_versions
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.defs.assets.company import DECEMBER, Company
from forecast_assets_tests.defs.assets.replays import CYCLE, QUICK, version_file

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("replays_keep_no_events")]

# By name: in the package the module is hidden behind the command it holds.
REPLAY_COMMAND = import_module("forecast_assets.cli.replay")


@pytest.fixture
def copy(company, tmp_path) -> Company:
    return company.copied_whole_to(tmp_path / "copy")


@pytest.fixture
def command(copy, monkeypatch):
    """The command in a copy of the company, on tables that are made within a second."""
    settings = copy.settings()
    for name, value in {
        "STORE": settings.store.address,
        "LANDING": settings.sources.landing,
        "MARKETS": settings.markets.file,
        "TRAINING_ROWS": settings.training.rows,
        "BACKTEST_TRAINING_ROWS": settings.training.backtest_rows,
        "POOLED_SKUS": settings.pooling.skus,
    }.items():
        monkeypatch.setenv(f"FORECAST_{name}", str(value))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")

    def quick(*arguments):
        return [target for target in cycle_targets(*arguments) if target.asset in QUICK]

    monkeypatch.setattr(REPLAY_COMMAND, "cycle_targets", quick)
    monkeypatch.setattr(REPLAY_COMMAND, "load_code_location", lambda: build_definitions(copy.settings()))
    return lambda *arguments: CliRunner().invoke(app, ["replay", *arguments])


def test_the_command_exits_with_0_where_all_is_identical_and_keeps_what_it_made(command, tmp_path):
    result = command("--cycle", CYCLE, "--country", "FR", "--keep", str(tmp_path / "kept"))
    assert (result.exit_code, "2 tables, 2 identical" in result.output) == (0, True), result.output
    assert [place.to_dagster() for place in TableStore(str(tmp_path / "kept")).list_partitions("history_marks")] == [
        f"FR|{DECEMBER}"
    ]
    again = command("--cycle", CYCLE, "--country", "FR", "--keep", str(tmp_path / "kept"))
    assert again.exit_code == 2
    assert "is not empty" in unboxed(again.output)


def test_the_command_exits_with_2_and_names_the_version_that_is_gone(command, copy):
    os.unlink(version_file(copy, "sell_in", "2024-05-01"))
    result = command("--cycle", CYCLE, "--country", "FR")
    assert result.exit_code == 2
    assert "sell_in FR|2024-05-01: no version with content" in " ".join(result.output.split())


def test_the_command_exits_with_2_where_a_table_of_the_cycle_was_pruned(command, copy):
    place = PartitionKey(pd.Timestamp(DECEMBER), "FR")
    gone = [each for each in all_versions(copy.store) if (each.table, each.partition) == ("forecasts", place)]
    remove_versions(copy.store, gone, datetime(2026, 1, 9, tzinfo=UTC))
    result = command("--cycle", CYCLE, "--country", "FR")
    assert result.exit_code == 2
    output = " ".join(result.output.split())
    assert (
        f"forecasts FR|{DECEMBER}: the cycle's version was pruned on 2026-01-09T00:00:00+00:00: not possible" in output
    )
    assert "2 tables, 2 identical" in output


def test_deliveries_that_cannot_be_asked_stop_no_replay(command, monkeypatch):
    def refuses(*_):
        raise DremioError("no access to the view")

    monkeypatch.setattr("forecast_assets.operations.backfill.deliveries.Deliveries.read", refuses)
    result = command("--cycle", CYCLE, "--country", "FR")
    assert result.exit_code == 0
    assert "sell_in of FR: deliveries cannot be read now: no access to the view" in " ".join(result.output.split())


def test_the_command_exits_with_1_and_shows_the_cells_that_differ(command, copy, monkeypatch):
    models = import_module("forecast_assets.defs.assets.models")
    usual = models.market_baseline
    monkeypatch.setattr(
        models, "market_baseline",
        lambda *arguments: usual(*arguments).assign(naive_units=lambda rows: rows["naive_units"] + 1.0),
    )  # fmt: skip
    result = command("--cycle", CYCLE, "--country", "FR")
    assert result.exit_code == 1
    cells = len(copy.read("baseline_forecasts", "FR", DECEMBER))
    assert "naive_units" in result.output
    assert f"{cells:,}" in result.output
    assert "1 identical, 1 different" in result.output


def test_a_delivery_that_changed_since_is_said_and_changes_nothing(command, copy):
    (file,) = (copy.landing / "sell_in").glob("FR_2024-12.parquet")
    rows = pq.read_table(file)
    pq.write_table(rows.set_column(rows.schema.get_field_index("units"), "units", [[1.0] * len(rows)]), file)
    result = command("--cycle", CYCLE, "--country", "FR")
    assert result.exit_code == 0
    assert "sell_in of FR: today's delivery differs from the stored one" in " ".join(result.output.split())


def test_a_cycle_that_never_was_is_refused_with_those_that_were(command):
    result = command("--cycle", "prod-2024-12")
    assert result.exit_code == 2
    assert "did you mean dev-2024-12?" in unboxed(result.output)
    assert command("--cycle", "December").exit_code == 2
