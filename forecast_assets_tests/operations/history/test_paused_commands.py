"""A command that is paused for longer than its lease changes nothing: the run that took over keeps its files."""

import os

import pandas as pd
import pytest

from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.operations.health.restore import restore as restore_damaged
from forecast_assets.operations.history.pruning import prune
from forecast_assets.operations.history.withdraw import Order, restore, withdraw
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.lease import Hold, LeaseLost
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.storage.version_files import all_versions
from forecast_assets_tests.market_state.publications import publication, publish

JUNE, JULY = pd.Timestamp("2024-06-01"), pd.Timestamp("2024-07-01")
FR = PartitionKey(JULY, "FR")
TABLE = "published_forecasts"
NOW = pd.Timestamp("2024-09-01 12:00", tz="UTC")
ORDER = Order("FR", JULY, "Ann", "wrong file", NOW)


@pytest.fixture
def store(tmp_path) -> TableStore:
    store = TableStore(str(tmp_path))
    publish(store, JUNE)
    publish(store, JULY, run="first")
    store.write_documents("market_report", FR, {"page.html": b"first"}, Provenance("first", "dev-2024-07", "sha"))
    return store


@pytest.fixture
def pause(store, monkeypatch):
    """The next command is paused before its first change: its lease expires, and a run publishes July."""
    checked = Hold.checked

    def sleep_and_check(hold: Hold):
        monkeypatch.setattr(Hold, "checked", checked)
        os.utime(hold.lease.path, (0, 0))
        successor = lease_of(store, "FR", 60).take("successor")
        provenance = Provenance("successor", "dev-2024-07", "sha")
        frame = publication(JULY, forecast_units=12.0)
        store.write_all(table_specs()[TABLE], {FR: frame}, {FR: provenance}, successor)
        store.write_documents("market_report", FR, {"page.html": b"successor"}, provenance, successor)
        return hold.checked()

    return lambda: monkeypatch.setattr(Hold, "checked", sleep_and_check)


def assert_successors(store: TableStore) -> None:
    assert store.provenance(TABLE, FR).run_id == "successor"
    assert store.read(TABLE, [FR])["forecast_units"].tolist() == [12.0]
    assert store.read_document("market_report", FR, "page.html") == b"successor"
    assert store.document_provenance("market_report", FR).run_id == "successor"


def test_a_paused_withdrawal_takes_nothing_back(store, pause):
    pause()
    with pytest.raises(LeaseLost):
        withdraw(store, ORDER, 60)
    assert_successors(store)
    assert not any(path.endswith("_withdrawn.json") for path in store.find(store.base))


def test_a_paused_undoing_publishes_nothing(store, pause):
    withdraw(store, ORDER, 60)
    pause()
    with pytest.raises(LeaseLost):
        restore(store, ORDER, 60)
    assert_successors(store)


@pytest.mark.parametrize("damaged", [TABLE, "market_report"])
def test_a_paused_restore_puts_no_older_version_in_place(store, pause, damaged):
    path = store.path(TABLE, FR) if damaged == TABLE else f"{store.document_folder(damaged, FR)}/page.html"
    store.files.replace(path, b"", store.files.state(path))
    pause()
    with pytest.raises(LeaseLost):
        restore_damaged(store, damaged, FR, 60)
    assert_successors(store)


def test_a_paused_pruning_removes_no_version(store, pause):
    publish(store, JULY, run="second")
    plan = [each for each in all_versions(store) if each.version.name == "first.parquet"]
    pause()
    pruned = prune(store, 60, plan, NOW)
    assert pruned.removed == ()
    assert list(pruned.busy) == ["FR"]
    assert "first.parquet" in {each.name for each in store.versions(TABLE, FR)}
