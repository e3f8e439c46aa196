"""Partitions of a company, and those of a run."""

from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest
from dagster._core.definitions.automation_tick_evaluation_context import build_run_requests_with_backfill_policies
from dagster._core.definitions.events import AssetKeyPartitionKey

from forecast_assets.partitions import (
    build_partitions,
    country_of_run,
    cycle_id_of_run,
    months_of_run,
    partition_key,
    require_one_market,
)
from forecast_assets.tags import RANGE_END_TAG, RANGE_START_TAG
from forecast_assets_tests.repository_settings import MARKETS, loaded

JUNE = pd.Timestamp("2024-06-01")


def run_of(*keys: str, tags: dict[str, str] | None = None) -> SimpleNamespace:
    """The part of a run's context that the functions read: partition keys and tags."""
    months = dg.MonthlyPartitionsDefinition(start_date="2024-01-01")
    countries = dg.StaticPartitionsDefinition(["FR", "NO"])
    definition = dg.MultiPartitionsDefinition({"month": months, "country": countries})
    partition_keys = [definition.get_partition_key_from_str(key) if "|" in key else key for key in keys]
    return SimpleNamespace(partition_keys=partition_keys, run=SimpleNamespace(tags=tags or {}))


def test_months_start_with_the_first_data_and_end_with_the_last_closed_month():
    months = build_partitions(loaded()).months.get_partition_keys(current_time=pd.Timestamp("2019-04-10", tz="UTC"))
    assert months == ["2019-01-01", "2019-02-01", "2019-03-01"]


def test_a_month_is_a_partition_on_the_day_after_its_end_and_not_before():
    months = build_partitions(loaded()).months
    assert months.get_partition_keys(current_time=pd.Timestamp("2019-01-31 23:59", tz="UTC")) == []
    assert months.get_partition_keys(current_time=pd.Timestamp("2019-02-01", tz="UTC")) == ["2019-01-01"]


def test_countries_are_the_markets_of_the_file_retired_ones_included(tmp_path):
    file = tmp_path / "markets.yaml"
    with open(MARKETS, encoding="utf-8") as given:
        file.write_text(given.read().replace("stage: live", "stage: retired", 1), encoding="utf-8")
    settings = loaded(FORECAST_MARKETS=str(file))
    assert settings.market_table["FR"].stage == "retired"
    countries = build_partitions(settings).market_months.get_partitions_def_for_dimension("country")
    assert countries.get_partition_keys() == ["FR", "DE", "BR", "MX"]


@pytest.mark.parametrize("asset", ["demand_totals", "demand_totals_known"])
def test_totals_over_markets_have_months_alone(asset):
    partitions = build_partitions(loaded())
    assert partitions.of(asset) is partitions.months


def test_all_other_tables_have_month_and_country():
    partitions = build_partitions(loaded())
    assert partitions.of("sell_in") is partitions.of("mlflow_run") is partitions.market_months


def test_a_key_reads_country_then_month():
    assert str(partition_key(JUNE, "NO")) == "NO|2024-06-01"


def test_months_of_a_run_are_ascending_and_each_once():
    assert months_of_run(run_of("FR|2024-07-01", "FR|2024-06-01")) == [JUNE, pd.Timestamp("2024-07-01")]
    assert months_of_run(run_of("2024-06-01")) == [JUNE]


def test_a_run_over_two_markets_is_rejected():
    with pytest.raises(dg.DagsterInvalidInvocationError, match=r"A run computes one market, this one .* FR, NO"):
        country_of_run(run_of("NO|2024-06-01", "FR|2024-06-01"))


@pytest.mark.parametrize(
    "tags",
    [
        {}, {"dagster/partition": "FR|2024-06-01"}, {RANGE_START_TAG: "2024-05-01", RANGE_END_TAG: "2024-06-01"},
        {RANGE_START_TAG: "FR|2024-05-01", RANGE_END_TAG: "FR|2024-06-01"},
    ],
)  # fmt: skip
def test_a_run_of_one_market_or_over_all_markets_may_begin(tags):
    require_one_market(tags)


@pytest.mark.parametrize("months", [1, 2])
def test_a_range_that_dagster_spans_over_markets_is_refused_with_the_command(months):
    """Dagster's own split of a backfill of two markets and at most as many months."""
    partitions = build_partitions(loaded()).market_months

    @dg.asset(partitions_def=partitions, backfill_policy=dg.BackfillPolicy.single_run())
    def features(): ...

    graph = dg.Definitions([features]).resolve_asset_graph()
    first, second = list(loaded().market_table)[:2]
    keys = [AssetKeyPartitionKey(features.key, f"{code}|2024-0{month}-01") for code in (first, second)
            for month in range(1, months + 1)]  # fmt: skip
    with dg.DagsterInstance.ephemeral() as instance:
        requests = build_run_requests_with_backfill_policies(keys, graph, instance)
    assert len(requests) == months
    for request in requests:
        assert request.tags[RANGE_START_TAG][:2] == first
        month = request.tags[RANGE_START_TAG][3:10]
        message = rf"from {first} to {second} .* backfill --all --from {month} --to {month} --assets"
        with pytest.raises(dg.DagsterInvalidInvocationError, match=message):
            require_one_market(request.tags)


def test_all_markets_and_retries_of_a_month_derive_the_same_cycle():
    assert cycle_id_of_run(run_of("NO|2024-06-01"), "prod") == "prod-2024-06"


def test_a_reopened_month_takes_its_cycle_from_the_tag():
    run = run_of("FR|2024-06-01", tags={"forecast/cycle_id": "prod-2024-06.r2"})
    assert cycle_id_of_run(run, "prod") == "prod-2024-06.r2"
