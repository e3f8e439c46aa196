"""Inputs of a past run: recorded versions only, none that were written since."""

import pytest

from forecast_assets.operations.history.historical_store import HistoricalStore
from forecast_assets.storage import MissingPartition, PartitionKey, StoredProvenance, TableStore
from forecast_assets_tests.storage.examples import SELL_IN, run, sell_in

JANUARY, FEBRUARY = (PartitionKey.from_dagster(f"FR|2024-0{month}-01") for month in (1, 2))


@pytest.fixture
def store(tmp_path):
    """January in two versions, February in one."""
    store = TableStore(str(tmp_path))
    store.write(SELL_IN, JANUARY, sell_in(1.0), run("first"))
    store.write(SELL_IN, JANUARY, sell_in(1.0).assign(sell_in_units=7.0), run("second"))
    store.write(SELL_IN, FEBRUARY, sell_in(1.0), run("first"))
    return store


def inputs_of(store: TableStore, **answers: str) -> HistoricalStore:
    """Return a store that shows January as the first run wrote it."""
    tables = HistoricalStore(store)
    provenance = StoredProvenance(run_id="r", cycle_id="c", git_sha="g", answers=answers)
    first = store.versions("sell_in", JANUARY)[0]
    tables.use(("published_forecasts", JANUARY), provenance, {("sell_in", JANUARY): first.path})
    return tables


def test_the_recorded_version_is_read_and_not_the_published_one(store):
    tables = inputs_of(store)
    assert tables.provenance("sell_in", JANUARY).run_id == "first"
    assert set(store.read("sell_in", [JANUARY])["sell_in_units"]) == {7.0}
    assert 7.0 not in set(tables.read("sell_in", [JANUARY])["sell_in_units"])


def test_a_partition_that_was_not_read_is_absent_though_the_store_has_it(store):
    tables = inputs_of(store)
    assert tables.list_partitions("sell_in") == [JANUARY]
    assert (tables.exists("sell_in", JANUARY), tables.exists("sell_in", FEBRUARY)) == (True, False)
    assert len(tables.read("sell_in", [JANUARY, FEBRUARY], missing="skip")) == len(tables.read("sell_in", [JANUARY]))
    with pytest.raises(MissingPartition):
        tables.read("sell_in", [FEBRUARY])
    with pytest.raises(MissingPartition):
        tables.provenance("sell_in", FEBRUARY)


def test_a_later_publication_of_that_time_is_listed(store):
    tables = inputs_of(store, later_published="2024-02-01")
    assert tables.list_partitions("published_forecasts") == [FEBRUARY]


def test_it_cannot_write(store):
    assert not hasattr(inputs_of(store), "write")
