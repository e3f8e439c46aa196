"""Order of a pruning within a market, and its lease, which is renewed in time and not more often."""

from types import SimpleNamespace

import pandas as pd
import pytest

from forecast_assets.operations.history import pruning
from forecast_assets.operations.history.pruning import prune
from forecast_assets.storage import Provenance, TableStore
from forecast_assets.storage.lease import Hold
from forecast_assets.storage.version_files import all_versions
from forecast_assets_tests.storage.examples import FEATURES, SELL_IN, key, sell_in

NOW = pd.Timestamp("2024-07-01", tz="UTC")
PARTITIONS = ("DE|2024-01-01", "FR|2024-01-01", "FR|2024-02-01")


@pytest.fixture
def store(tmp_path) -> TableStore:
    """Three partitions of sell-in and features, each written twice."""
    store = TableStore(str(tmp_path))
    for partition in map(key, PARTITIONS):
        for number in (1.0, 2.0):
            features = {"sku": ["1"], "origin_month": [partition.month], "category": ["a"], "lag": [number]}
            for spec, rows in ((SELL_IN, sell_in(number)), (FEATURES, pd.DataFrame(features))):
                store.write(spec, partition, rows, Provenance(f"run-{number:g}", "cycle", "sha"))
    return store


def first_versions(store):
    return [each for each in all_versions(store) if each.version.name == "run-1.parquet"]


def test_versions_go_market_by_market_table_by_table_and_by_month(store):
    removable = sorted(first_versions(store), key=lambda each: each.partition.month, reverse=True)
    done = prune(store, 60, removable, NOW)
    assert [(each.partition.to_dagster(), each.table) for each in done.removed] == [
        ("DE|2024-01-01", "features"), ("DE|2024-01-01", "sell_in"),
        ("FR|2024-01-01", "features"), ("FR|2024-02-01", "features"),
        ("FR|2024-01-01", "sell_in"), ("FR|2024-02-01", "sell_in"),
    ]  # fmt: skip


def test_the_lease_is_renewed_once_a_quarter_of_it_has_passed(store, monkeypatch):
    """Each partition takes 10 s, a lease 60 s: it is renewed before the third step of a market."""
    now, renewed_at = [0.0], []
    left_over = pruning.remove_left_over

    def slowly(*arguments):
        now[0] += 10
        left_over(*arguments)

    monkeypatch.setattr(pruning, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(pruning, "remove_left_over", slowly)
    monkeypatch.setattr(Hold, "renew", lambda hold: renewed_at.append((hold.lease.name, now[0])))
    prune(store, 60, first_versions(store), NOW)
    # DE from 0 to 20 s, FR from 20 to 60 s.
    assert renewed_at == [("FR", 40.0)]
