"""Through the graph: what is not published, by a run of the asset alone and by a fallback."""

import shutil

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.operations.history.withdraw import Order, restore, steps_after, withdraw
from forecast_assets.storage import PartitionKey, Provenance
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.defs.assets.company import DECEMBER, NOVEMBER, OCTOBER, Company, succeeded

NO_DATA_THERE = "2025-03-01"


@pytest.fixture(scope="module")
def without_forecasts(company, tmp_path_factory) -> Company:
    """FR with its deliveries and publications, but without the forecasts of any month."""
    return company.copied_to(tmp_path_factory.mktemp("guards") / "copy", "sell_in", "products", "published_forecasts")


def reason(result: dg.ExecuteInProcessResult) -> str:
    """Return why the run published nothing."""
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert not result.get_asset_materialization_events()
    # The same again would have the same end.
    assert not [event for event in result.all_events if event.event_type is dg.DagsterEventType.STEP_UP_FOR_RETRY]
    return str(failure.step_failure_data.error)


def alone(company: Company, month: str, **variables: str) -> dg.ExecuteInProcessResult:
    return company.run("monthly_cycle", "FR", month, assets=["published_forecasts"], **variables)


def fallback(company: Company, month: str, **variables: str) -> dg.ExecuteInProcessResult:
    return company.run("publish_fallback", "FR", month, assets=["published_forecasts"], **variables)


def test_a_run_of_a_closed_month_is_refused_and_what_was_published_stays(company):
    before = company.hashes("published_forecasts", "FR")
    assert "FR 2024-11 is closed: a later month is published, too" in reason(alone(company, NOVEMBER))
    assert company.hashes("published_forecasts", "FR") == before


@pytest.mark.parametrize("month", [OCTOBER, NO_DATA_THERE])
def test_the_asset_alone_publishes_nothing_without_its_upstream_and_closes_nothing(without_forecasts, month):
    """As a backfill of the UI over missing partitions asks for it."""
    before = without_forecasts.hashes("published_forecasts", "FR")
    text = reason(alone(without_forecasts, month))
    assert f"FR {month[:7]}: forecasts, champion, " in text
    assert " of the month are not in the store: nothing is published" in text
    assert without_forecasts.hashes("published_forecasts", "FR") == before


@pytest.mark.parametrize(
    ("stored", "why"),
    [
        (("features", "forecasts", "champion"), "overrides of the month is not in the store: nothing is published"),
        (("features", "forecasts"), "champion, overrides of the month are not in the store: nothing is published"),
    ],
)
def test_the_asset_alone_names_each_table_that_it_misses(company, tmp_path, stored, why):
    copy = company.copied_to(tmp_path / "copy", "sell_in", "products", "baseline_forecasts", *stored)
    assert f"FR 2024-12: {why}" in reason(alone(copy, DECEMBER))
    assert copy.hashes("published_forecasts", "FR") == {}


@pytest.mark.parametrize(
    ("month", "why"),
    [
        (OCTOBER, "2024-12 is published already"),
        (NO_DATA_THERE, "neither the month nor 2025-02 has sell-in in the store; the last month with data is 2024-12"),
    ],
)
def test_a_fallback_publishes_no_month_before_a_published_one_and_none_without_data(without_forecasts, month, why):
    assert f"FR {month[:7]}: {why}" in reason(fallback(without_forecasts, month))


def test_a_copy_of_a_copy_counts_from_the_month_that_forecast_its_numbers(company, tmp_path):
    copy = company.copied_to(tmp_path / "copy", "sell_in", "products", "published_forecasts")
    december, november = (PartitionKey(pd.Timestamp(month), "FR") for month in (DECEMBER, NOVEMBER))
    copy.store.files.remove(copy.store.path("published_forecasts", december))
    plant_copy_of_august(copy, november)
    assert "stale since 2024-08: 4 months old, at most 3 are allowed" in reason(fallback(copy, DECEMBER))
    succeeded(fallback(copy, DECEMBER, FORECAST_FALLBACK_MONTHS="4"))
    published = copy.read("published_forecasts", "FR", DECEMBER)
    assert set(published["status"]) == {"stale"}
    assert published["reason"].str.endswith("stale since 2024-08").all()
    assert copy.store.provenance("published_forecasts", december).answers["stale_since"] == "2024-08-01"


def test_performance_is_measured_without_a_publication_that_was_taken_back(company, tmp_path):
    copy = company.copied_to(tmp_path / "copy", "sell_in", "performance")
    for folder in ("published_forecasts", "_versions/published_forecasts"):
        shutil.copytree(company.base / "store" / folder, copy.base / "store" / folder)
    before = copy.hashes("performance", "FR")["2024-12"]
    order = Order("FR", pd.Timestamp(NOVEMBER), "Ann", "half a delivery", pd.Timestamp.now("UTC"))
    steps = steps_after(copy.store, order, withdraw(copy.store, order, 60))
    assert [(step.job, str(step.months)) for step in steps] == [("measure", "2024-12")]
    succeeded(copy.run("measure", "FR", DECEMBER))
    assert copy.read("performance", "FR", DECEMBER).empty
    restore(copy.store, order, 60)
    succeeded(copy.run("measure", "FR", DECEMBER))
    assert copy.hashes("performance", "FR")["2024-12"] == before


def plant_copy_of_august(company: Company, partition: PartitionKey) -> None:
    """Store what is published as a forecast that repeats one of August."""
    rows = company.store.read("published_forecasts", [partition]).drop(columns=["country", "month"])
    copied = Provenance("copy", "dev-2024-11", "sha", answers={"stale_since": "2024-08-01"})
    company.store.write(table_specs()["published_forecasts"], partition, rows, copied)
