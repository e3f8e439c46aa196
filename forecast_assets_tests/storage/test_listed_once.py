"""Listings: of one market from its own folder, and once of each table for one pass over many markets."""

import pandas as pd
import pytest

from forecast_assets.storage import ListedOnce, MissingPartition, PartitionKey, TableStore
from forecast_assets_tests.storage.examples import SELL_IN, TOTALS, key, run, sell_in

FR, DE = (PartitionKey.from_dagster(f"{code}|2024-01-01") for code in ("FR", "DE"))


@pytest.fixture
def store(tmp_path):
    store = TableStore(str(tmp_path))
    store.write(SELL_IN, FR, sell_in(1.0), run("run-a"))
    return store


def test_a_table_is_listed_once_and_its_partitions_are_read_anew(store):
    tables = ListedOnce(store)
    assert tables.list_partitions("sell_in") == [FR]
    store.write(SELL_IN, DE, sell_in(1.0), run("run-b"))
    assert tables.list_partitions("sell_in") == [FR]
    assert tables.exists("sell_in", DE)
    assert tables.provenance("sell_in", DE).run_id == "run-b"
    assert tables.read("sell_in", [DE])["country"].tolist() == ["DE"]
    assert ListedOnce(store).list_partitions("sell_in") == [DE, FR]


def test_a_missing_partition_is_the_same_error_as_in_the_store(store):
    tables = ListedOnce(store)
    assert not tables.exists("sell_in", DE)
    with pytest.raises(MissingPartition):
        tables.provenance("sell_in", DE)
    assert tables.read("sell_in", [FR, DE], missing="skip")["country"].tolist() == ["FR"]


def test_a_market_is_listed_as_of_the_first_listing_of_all(store):
    tables = ListedOnce(store)
    assert tables.list_market("sell_in", "FR") == [FR]
    store.write(SELL_IN, DE, sell_in(1.0), run("run-b"))
    assert tables.list_market("sell_in", "DE") == tables.list_market("sell_in", None) == []
    assert ListedOnce(store).list_market("sell_in", "DE") == [DE]


def test_it_cannot_write(store):
    assert not hasattr(ListedOnce(store), "write")


def test_a_market_is_listed_from_its_own_folder(tmp_path, monkeypatch):
    folder = TableStore(str(tmp_path))
    for text in ("FR|2024-02-01", "FR|2024-01-01", "FRA|2024-01-01"):
        folder.write(SELL_IN, key(text), sell_in(1.0), run())
    folder.write(TOTALS, key("2024-01-01"), pd.DataFrame({"entity": ["FR"], "sell_in_units": [1.0]}), run())
    find, listed = folder.find, []
    monkeypatch.setattr(TableStore, "find", lambda _, path: listed.append(path) or find(path))
    assert folder.list_market("sell_in", "FR") == [key("FR|2024-01-01"), key("FR|2024-02-01")]
    assert folder.list_market("sell_in", "DE") == []
    assert listed == [f"{folder.base}/sell_in/country=FR/", f"{folder.base}/sell_in/country=DE/"]
    assert folder.list_market("demand_totals", None) == [key("2024-01-01")]
    assert folder.list_market("sell_in", None) == []
