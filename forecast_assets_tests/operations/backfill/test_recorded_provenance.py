"""Knowledge that a backfill has of stored partitions, before and after the runs that it starts."""

import itertools
import logging
from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.operations.backfill.recorded_provenance import RecordedProvenance, month_number
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.storage.examples import SELL_IN, TOTALS, key, run, sell_in

JUNE, JULY, AUGUST = (pd.Timestamp(f"2024-0{month}-01") for month in (6, 7, 8))


@pytest.fixture
def store(tmp_path) -> TableStore:
    """Sell-in of FR in June and July, of DE in June, and totals of June."""
    store = TableStore(str(tmp_path))
    for partition in ("FR|2024-06-01", "FR|2024-07-01", "DE|2024-06-01"):
        store.write(SELL_IN, key(partition), sell_in(1.0), run(f"run-{partition[:2]}"))
    store.write(TOTALS, key("2024-06-01"), pd.DataFrame({"entity": ["FR"], "sell_in_units": 1.0}), run())
    return store


def test_each_market_has_its_months_with_number_partition_and_content(store):
    recorded = RecordedProvenance(store)
    assert recorded.countries("sell_in") == ["DE", "FR"]
    assert recorded.countries("demand_totals") == []
    assert list(recorded.of("sell_in", "FR")) == [JUNE, JULY]
    assert list(recorded.of("demand_totals", None)) == [JUNE]
    content = store.provenance("sell_in", key("FR|2024-06-01")).content_hash
    assert recorded.hashes("sell_in", "FR")[0] == (month_number(JUNE), "FR|2024-06-01", content)
    assert [number for number, *_ in recorded.hashes("sell_in", "FR")] == [month_number(JUNE), month_number(JUNE) + 1]


def test_months_are_numbered_without_a_gap_at_the_turn_of_the_year():
    months = pd.date_range("2023-11-01", "2026-02-01", freq="MS")
    numbers = [month_number(month) for month in months]
    assert [later - earlier for earlier, later in itertools.pairwise(numbers)] == [1] * (len(months) - 1)


def test_what_a_run_stored_is_known_once_its_partition_is_read_again(store):
    recorded = RecordedProvenance(store)
    hashes = recorded.hashes("sell_in", "FR")
    store.write(SELL_IN, key("FR|2024-06-01"), sell_in(2.0), run("run-b"))
    store.write(SELL_IN, key("FR|2024-08-01"), sell_in(3.0), run("run-c"))
    assert recorded.hashes("sell_in", "FR") == hashes
    for month in (JUNE, AUGUST):
        recorded.reread("sell_in", PartitionKey(month, "FR"))
    assert recorded.of("sell_in", "FR")[JUNE].run_id == "run-b"
    assert len(recorded.hashes("sell_in", "FR")) == 3
    store.write(SELL_IN, key("ES|2024-08-01"), sell_in(3.0), run())
    for _ in range(2):
        recorded.reread("sell_in", PartitionKey(AUGUST, "ES"))
    assert recorded.countries("sell_in") == ["DE", "ES", "FR"]


@pytest.mark.parametrize("damage", ["removed", "damaged"])
def test_a_partition_that_is_gone_or_damaged_after_a_run_counts_as_missing(store, damage):
    recorded = RecordedProvenance(store)
    assert JUNE in recorded.of("sell_in", "FR")
    path = Path(store.path("sell_in", key("FR|2024-06-01")))
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(b"PAR1")
    recorded.reread("sell_in", key("FR|2024-06-01"))
    assert list(recorded.of("sell_in", "FR")) == [JULY]
    recorded.reread("sell_in", PartitionKey(AUGUST, "FR"))
    assert list(recorded.of("sell_in", "FR")) == [JULY]


def test_documents_have_no_months_to_read_again(store):
    recorded = RecordedProvenance(store)
    recorded.reread("market_report", key("FR|2024-06-01"))
    assert recorded.document("market_report", key("FR|2024-06-01")) is None


def test_a_market_without_a_partition_is_none_although_one_was_looked_for(store, caplog):
    recorded = RecordedProvenance(store)
    recorded.reread("sell_in", key("ES|2024-06-01"))
    assert recorded.countries("sell_in") == ["DE", "FR"]


def test_a_damaged_partition_is_logged_with_its_path(store, caplog):
    path = Path(store.path("sell_in", key("FR|2024-06-01")))
    path.write_bytes(b"PAR1")
    with caplog.at_level(logging.WARNING, "forecast_assets.backfill"):
        assert list(RecordedProvenance(store).of("sell_in", "FR")) == [JULY]
    assert f"To be rebuilt: {path} is damaged" in caplog.text
