"""``forecast-assets doctor`` as a person types it: what works, what fails, and what Dagster was never told."""

import dagster as dg
import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.config import key_vault, secret_store
from forecast_assets.config.settings import load_settings
from forecast_assets.operations.health.connections import FAILS, UNUSED, WORKS, check_connections
from forecast_assets.operations.health.unrecorded import unrecorded
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.alerts.teams_server import CANARY, FakeTeams
from forecast_assets_tests.repository_settings import MARKETS

JUNE = pd.Timestamp("2024-06-01")
FR_JUNE = PartitionKey(JUNE, "FR")


@pytest.fixture
def doctor(monkeypatch, tmp_path):
    """The command on a laptop whose deliveries are in place and which knows no MLflow, vault or Teams."""
    for name in ("TEAMS_WEBHOOK_URL", "AZURE_KEY_VAULT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "FORECAST_MARKETS": MARKETS, "FORECAST_STORE": str(tmp_path / "store"), "NO_PROXY": "127.0.0.1",
        "FORECAST_LANDING": str(tmp_path / "landing"), "DAGSTER_HOME": str(tmp_path / "home"),
        "MLFLOW_TRACKING_URI": "", "COLUMNS": "400",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for name in ("store", "home"):
        (tmp_path / name).mkdir()
    folder = tmp_path / "landing" / "sell_in"
    folder.mkdir(parents=True)
    (folder / "FR.csv").write_text("country,sku,month,units\nFR,A,2024-06-01,5\n")
    monkeypatch.setattr(secret_store, "_resolved", set())
    return lambda *arguments: CliRunner().invoke(app, ["doctor", *arguments])


def states() -> dict[str, str]:
    return {each.name: each.state for each in check_connections(load_settings())}


def test_what_is_configured_is_used_and_what_is_not_is_said(doctor, tmp_path):
    result = doctor()
    assert result.exit_code == 0, result.output
    assert "Dagster knows every published partition." in result.output
    assert states() == {
        "markets": WORKS, "store": WORKS, "deliveries": WORKS, "Dagster": WORKS,
        "MLflow": UNUSED, "Key Vault": UNUSED, "Teams default": UNUSED,
    }  # fmt: skip
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_verify_names_the_damaged_partition_and_what_brings_it_back(doctor, tmp_path):
    store_totals(tmp_path, "run-a", 1.0)
    assert "0 are damaged" in doctor("--verify").output
    path = tmp_path / "store/demand_totals/month=2024-06-01/demand_totals.parquet"
    path.write_bytes(b"")
    result = doctor("--verify")
    assert result.exit_code == 1
    assert f"{path} is damaged: it is empty. forecast-assets restore demand_totals 2024-06" in result.output
    assert doctor().exit_code == 0


def test_one_that_fails_is_named_with_what_to_do_and_stops_no_other(doctor, tmp_path):
    (tmp_path / "landing" / "sell_in" / "FR.csv").unlink()
    result = doctor()
    assert result.exit_code == 1
    assert "no sell_in in" in result.output
    assert states()["deliveries"] == FAILS
    assert states()["Dagster"] == WORKS


def test_a_store_that_cannot_be_written_fails(doctor, tmp_path):
    (tmp_path / "store").rmdir()
    (tmp_path / "store").write_text("a file in the place of the folder")
    result = doctor()
    assert result.exit_code == 1
    assert states()["store"] == FAILS


def test_servers_that_are_down_fail_within_seconds_and_without_their_secrets(doctor, monkeypatch):
    monkeypatch.setattr(key_vault, "TRIES", 1)
    key_vault.vault_at.cache_clear()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://planner:{CANARY}@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("TEAMS_WEBHOOK_URL", f"http://127.0.0.1:9/workflows/{CANARY}")
    # Another process's vault: secrets that variables hold are not asked for there.
    monkeypatch.setenv("AZURE_KEY_VAULT_URL", "https://127.0.0.1:9")
    result = doctor()
    assert result.exit_code == 1
    assert CANARY not in result.output
    assert {name: state for name, state in states().items() if state == FAILS} == {
        "MLflow": FAILS, "Key Vault": FAILS, "Teams default": FAILS
    }  # fmt: skip
    assert "Check AZURE_KEY_VAULT_URL" in result.output


def test_teams_is_reached_and_nothing_is_sent(doctor, monkeypatch):
    with FakeTeams().listening() as teams:
        monkeypatch.setenv("TEAMS_WEBHOOK_URL", teams.url())
        result = doctor()
        assert result.exit_code == 0, result.output
        assert states()["Teams default"] == WORKS
        assert teams.received == []


def store_totals(tmp_path, run_id: str, units: float) -> TableStore:
    store, spec = TableStore(str(tmp_path / "store")), table_specs()["demand_totals"]
    frame = pd.DataFrame(
        {column: pd.Series([units if str(kind) == "double" else "x"]) for column, kind in
         zip(spec.arrow_schema.names, spec.arrow_schema.types, strict=True)}
    )  # fmt: skip
    store.write(
        spec, PartitionKey(JUNE), frame,
        Provenance(run_id=run_id, cycle_id="dev-2024-06", git_sha="0a1b2c3", code_version="1", inputs={}),
    )  # fmt: skip
    return store


def test_what_was_published_and_never_reported_is_found_and_recorded(doctor, tmp_path):
    store = store_totals(tmp_path, "killed", 1.0)
    assert "not in Dagster's event log (--record adds them): demand_totals 2024-06-01" in doctor().output
    assert "Recorded now: demand_totals 2024-06-01" in doctor("--record").output
    assert "Dagster knows every published partition." in doctor().output
    with dg.DagsterInstance.get() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("demand_totals")).asset_materialization
        assert event.metadata["run_id"].value == "killed"
        # A later version that was not reported is seen where versions are compared.
        store_totals(tmp_path, "killed-again", 2.0)
        assert list(unrecorded(instance, store, [])) == []
        ((table, written),) = unrecorded(instance, store, [JUNE])
        assert (table, written.provenance.run_id) == ("demand_totals", "killed-again")
