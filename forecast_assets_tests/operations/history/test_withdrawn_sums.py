"""Sums over markets after a market's publication was taken back: summed again, or gone with the last market."""

import pandas as pd
import pytest

from forecast_assets.domain.months import MonthRange
from forecast_assets.market_state.market_lease import MarketBusy, lease_of
from forecast_assets.operations.cycle.launch import Step
from forecast_assets.operations.history.withdraw import restore, withdraw
from forecast_assets.operations.history.withdrawn_sums import sums_after, withdraw_sums
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.market_state.publications import publish
from forecast_assets_tests.operations.history.withdrawals import order

JULY = pd.Timestamp("2024-07-01")
SUM_JULY = [Step("sum_forecasts", MonthRange(JULY, JULY))]


@pytest.fixture
def store(tmp_path) -> TableStore:
    """FR and DE with July published and summed."""
    store = TableStore(str(tmp_path))
    for country in ("FR", "DE"):
        publish(store, JULY, country=country)
        write(store, "forecast_levels", PartitionKey(JULY, country))
    sum_july(store)
    return store


def write(store: TableStore, table: str, partition: PartitionKey, **inputs: dict[str, str]) -> None:
    spec = table_specs()[table]
    store.write(spec, partition, spec.arrow_schema.empty_table().to_pandas(), Provenance("run", "dev", "sha", inputs))


def sum_july(store: TableStore) -> None:
    levels = [each for each in store.list_partitions("forecast_levels") if each.month == JULY]
    summed = {each.to_dagster(): store.provenance("forecast_levels", each).content_hash for each in levels}
    write(store, "forecast_totals", PartitionKey(JULY), forecast_levels=summed)
    provenance = Provenance("run", "dev", "sha")
    store.write_documents("company_report", PartitionKey(JULY), {"company_report.html": b"page"}, provenance)


def test_sums_that_hold_what_is_published_are_left_alone(store):
    assert sums_after(store, order(JULY)) == []
    assert withdraw_sums(store, order(JULY), 60) == {}
    assert store.exists("forecast_totals", PartitionKey(JULY))


def test_without_one_market_the_others_are_summed_again_and_so_they_are_after_undoing(store):
    withdraw(store, order(JULY), 60)
    assert withdraw_sums(store, order(JULY), 60) == {}
    assert sums_after(store, order(JULY)) == SUM_JULY
    sum_july(store)
    assert sums_after(store, order(JULY)) == []
    restore(store, order(JULY), 60)
    assert sums_after(store, order(JULY)) == SUM_JULY


def test_sums_and_company_report_go_with_the_last_market_and_come_back_by_a_run(store):
    for country in ("FR", "DE"):
        withdraw(store, order(JULY, country=country), 60)
    # In August another market is published: its levels are none of July.
    write(store, "forecast_levels", PartitionKey(pd.Timestamp("2024-08-01"), "FR"))
    assert list(withdraw_sums(store, order(JULY), 60)) == ["company_report", "forecast_totals"]
    assert not store.exists("forecast_totals", PartitionKey(JULY))
    assert store.published_provenance("company_report", PartitionKey(JULY)) is None
    assert sums_after(store, order(JULY)) == []
    # A command that was killed is repeated.
    assert list(withdraw_sums(store, order(JULY), 60)) == ["company_report", "forecast_totals"]
    restore(store, order(JULY, country="DE"), 60)
    assert sums_after(store, order(JULY)) == SUM_JULY


def test_while_a_run_writes_the_sums_they_stay(store):
    for country in ("FR", "DE"):
        withdraw(store, order(JULY, country=country), 60)
    lease_of(store, None, 60).take("a run")
    with pytest.raises(MarketBusy, match="all_markets: run a run is writing; nothing was changed there"):
        withdraw_sums(store, order(JULY), 60)
    assert store.exists("forecast_totals", PartitionKey(JULY))
