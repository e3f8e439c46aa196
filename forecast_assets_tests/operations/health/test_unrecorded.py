"""Published partitions that Dagster does not know: one that it knows, or that is damaged, hides no other."""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.operations.health.unrecorded import record, unrecorded
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.storage.examples import SELL_IN, run, sell_in

MAY, JUNE, JULY = (PartitionKey(pd.Timestamp(f"2024-0{month}-01"), "FR") for month in (5, 6, 7))


@pytest.fixture
def store(tmp_path):
    """Sell-in of three months of FR."""
    store = TableStore(str(tmp_path / "store"))
    for partition in (MAY, JUNE, JULY):
        store.write(SELL_IN, partition, sell_in(1.0), run("run-a"))
    return store


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def found(instance, store, *compared) -> list[PartitionKey]:
    return [written.partition for _, written in unrecorded(instance, store, [each.month for each in compared])]


def recorded(instance, store, *partitions) -> None:
    every = {written.partition: (table, written) for table, written in unrecorded(instance, store, [])}
    for partition in partitions:
        record(instance, *every[partition])


def test_every_published_partition_without_an_event_is_found(instance, store):
    assert found(instance, store) == [MAY, JUNE, JULY]
    recorded(instance, store, MAY)
    assert found(instance, store) == found(instance, store, MAY, JUNE) == [JUNE, JULY]
    recorded(instance, store, JUNE, JULY)
    assert found(instance, store, MAY, JUNE, JULY) == []


def test_another_version_is_found_in_the_months_that_are_compared(instance, store):
    recorded(instance, store, MAY, JUNE, JULY)
    for partition in (MAY, JUNE):
        store.write(SELL_IN, partition, sell_in(2.0), run("run-b"))
    assert found(instance, store) == []
    assert found(instance, store, JUNE, JULY) == [JUNE]


def test_an_event_without_a_version_is_of_another_one(instance, store):
    recorded(instance, store, MAY, JULY)
    instance.report_runless_asset_event(dg.AssetMaterialization("sell_in", partition=JUNE.to_dagster()))
    assert found(instance, store, MAY, JUNE, JULY) == [JUNE]


def test_a_damaged_file_hides_no_other(instance, store):
    Path(store.path("sell_in", MAY)).write_bytes(b"")
    assert found(instance, store) == [JUNE, JULY]
