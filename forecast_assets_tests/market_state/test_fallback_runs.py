"""Fallback runs: what they do without, and how they are told from cycles."""

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.market_state.fallback_runs import (
    UPSTREAM,
    is_commanded_fallback,
    is_fallback_run,
    is_published,
    missing_upstream,
)
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.tags import FALLBACK_JOBS, SET_ASIDE_TAG

MAY, JUNE, JULY = (pd.Timestamp(f"2024-{month:02d}-01") for month in (5, 6, 7))


def touch(folder, table: str, month: pd.Timestamp, country: str = "FR") -> None:
    file = folder / table / PartitionKey(month, country).folder / f"{table}.parquet"
    file.parent.mkdir(parents=True)
    file.touch()


def test_the_tables_that_only_a_fallback_does_without_are_named(tmp_path):
    store = TableStore(str(tmp_path))
    upstream = ["forecasts", "champion", "baseline_forecasts", "overrides", "features", "sell_in", "products"]
    assert missing_upstream(store, "FR", MAY) == upstream == list(UPSTREAM)
    for table in upstream[2:]:
        touch(tmp_path, table, MAY)
    assert missing_upstream(store, "FR", MAY) == ["forecasts", "champion"]


def test_a_run_with_the_tag_of_a_command_is_a_fallback():
    assert is_commanded_fallback({SET_ASIDE_TAG: "the cycle failed"})
    assert not is_commanded_fallback({"forecast/market": "FR"})


@pytest.mark.parametrize(("month", "expected"), [(MAY, True), (JUNE, True), (JULY, False)])
def test_a_month_counts_as_published_with_it_or_a_later_one(tmp_path, month, expected):
    touch(tmp_path, "published_forecasts", JUNE)
    touch(tmp_path, "published_forecasts", JULY, "DE")
    assert is_published(TableStore(str(tmp_path)), "FR", month) is expected


def test_a_run_is_a_fallback_by_its_job():
    with dg.instance_for_test() as instance:
        for name in (sorted(FALLBACK_JOBS)[0], "monthly_cycle"):
            run_id = f"00000000-0000-0000-0000-{len(name):012d}"
            instance.add_run(dg.DagsterRun(name, run_id=run_id))
            assert is_fallback_run(instance, run_id) is (name in FALLBACK_JOBS)
        assert not is_fallback_run(instance, "")
        assert not is_fallback_run(instance, "00000000-0000-0000-0000-000000000000")
