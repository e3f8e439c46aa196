"""The first step of a cycle that nobody watches: it ends where the month has not been delivered."""

import dagster as dg
import pytest
from dagster._core.execution.plan.resume_retry import ReexecutionStrategy
from dagster._daemon.auto_run_reexecution.auto_run_reexecution import get_reexecution_strategy

from forecast_assets.definitions import build_definitions
from forecast_assets.operations.cycle.launch import QUIET
from forecast_assets_tests.defs.assets.company import DECEMBER, IN_MEMORY, Company

LOOKED_AT = ["delivery", "sell_in", "covid_policy"]


@pytest.fixture
def undelivered(company, tmp_path) -> Company:
    copy = company.copied_to(tmp_path / "copy")
    (copy.landing / "sell_in" / "FR_2024-12.parquet").unlink()
    (copy.landing / "sell_in" / "FR_2024-12.csv.gz").write_bytes(b"cut off")
    for source in copy.landing.iterdir():
        (source / "_SUCCESS").touch()
    return copy


def run_by_the_clock(company: Company, instance: dg.DagsterInstance) -> dg.DagsterRun:
    """The first steps of FR's cycle as the schedule starts it."""
    job = build_definitions(company.settings(), mlflow_tracking=IN_MEMORY).resolve_job_def("monthly_cycle")
    result = job.execute_in_process(
        run_config=QUIET,
        asset_selection=[dg.AssetKey(name) for name in LOOKED_AT],
        partition_key=dg.MultiPartitionKey({"month": DECEMBER, "country": "FR"}),
        tags={"forecast/started_by": "monthly_cycle_schedule"},
        instance=instance,
    )
    assert result.success
    return instance.get_run_by_id(result.run_id)


def test_a_waiting_run_stores_no_sell_in_and_says_what_it_waits_for(undelivered):
    with dg.DagsterInstance.ephemeral() as instance:
        run = run_by_the_clock(undelivered, instance)
    expected = "no sell_in of the month; cannot be read: sell_in/FR_2024-12.csv.gz: found an unreadable file"
    assert run.tags["forecast/waits_for"].startswith(expected)
    assert not undelivered.has("sell_in", "FR", DECEMBER)
    assert undelivered.has("covid_policy", "FR", DECEMBER)


def test_a_waiting_run_that_dies_looks_again_when_it_is_started_again(undelivered):
    """From the step it was in it would take what was skipped for done, and its features for made of nothing."""
    with dg.DagsterInstance.ephemeral() as instance:
        run = run_by_the_clock(undelivered, instance)
        assert get_reexecution_strategy(run, instance) is ReexecutionStrategy.ALL_STEPS
