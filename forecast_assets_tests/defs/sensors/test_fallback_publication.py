"""Fallback after a cycle that failed for good: the job, its time, once, and never beside a run at work."""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from dagster._core.events import DagsterEvent, DagsterEventType, StepFailureData
from dagster._core.test_utils import create_run_for_test

from forecast_assets.defs.sensors.fallback_publication import after_failures, build_fallback_publication_sensor
from forecast_assets.domain.months import MonthRange
from forecast_assets.market_state.recipes import recipe_of
from forecast_assets.operations.cycle.fallback import steps_after_failure
from forecast_assets.operations.cycle.launch import Step
from forecast_assets.storage import PartitionKey
from forecast_assets.tags import STARTED_BY_TAG
from forecast_assets_tests.defs.sensors.company import make_company, published_forecast
from forecast_assets_tests.domain.selection.stored_rivals import CHAMPION_LEAVES, champion_table, tuned_table

OCTOBER, NOVEMBER = pd.Timestamp("2024-10-01"), pd.Timestamp("2024-11-01")
TENTH, OVERDUE = pd.Timestamp("2024-12-10T07:00Z"), pd.Timestamp("2024-12-15T06:01Z")
FAILURE, SUCCESS, STARTED = (dg.DagsterRunStatus[name] for name in ("FAILURE", "SUCCESS", "STARTED"))
BY_SCHEDULE = {"forecast/started_by": "monthly_cycle_schedule", "forecast/market": "FR"}


@pytest.fixture
def company(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield make_company(tmp_path, ["FR"], instance)


@pytest.fixture
def rival(company):
    """The champion could make the forecast in place of the challenger."""
    recipe = recipe_of(company.settings.training, {"leaves": CHAMPION_LEAVES})
    company.write("champion", "FR", OCTOBER, champion_table(recipe, OCTOBER))
    company.write("tuned_recipe", "FR", OCTOBER, tuned_table(leaves=7))
    features = Path(company.store.path("features", PartitionKey(NOVEMBER, "FR")))
    features.parent.mkdir(parents=True)
    features.touch()


def run(company, status=FAILURE, job="monthly_cycle", failed_in=(), tags=BY_SCHEDULE, country="FR"):
    """A run of November; its id."""
    created = create_run_for_test(
        company.instance, job_name=job, status=status, tags={"dagster/partition": f"{country}|2024-11-01", **tags}
    )
    for step in failed_in:
        failure = DagsterEvent(
            DagsterEventType.STEP_FAILURE.value, job, step_key=step, event_specific_data=StepFailureData(None, None)
        )
        company.instance.report_dagster_event(failure, created.run_id)
    return created.run_id


def look(company, now=TENTH):
    """Job, run key and tags of what is to be started, and why nothing is for others."""
    result = after_failures(company.settings, company.instance, now)
    return [(request.job_name, request.run_key, request.tags) for request in result.requests], result.reasons


def jobs(company, now=TENTH):
    return [job for job, *_ in look(company, now)[0]]


def test_a_model_that_failed_is_followed_at_once_by_what_is_left_under_a_key_of_the_failed_run(company):
    failed = run(company, failed_in=["model"])
    ((job, key, tags),) = look(company)[0]
    assert (job, key) == ("publish_fallback", f"publish_fallback:dev-2024-11:FR:{failed}")
    assert tags["forecast/after_run"] == failed
    assert (tags["forecast/market"], tags["forecast/started_by"]) == ("FR", "fallback_publication")


def test_a_run_stopped_by_its_limit_is_followed_whatever_its_process_says_and_one_stopped_by_a_person_is_not(company):
    stopped = run(company, status=dg.DagsterRunStatus.CANCELING)
    company.instance.report_run_canceled(company.instance.get_run_by_id(stopped))
    assert jobs(company) == []
    stopped = run(company, status=dg.DagsterRunStatus.CANCELING)
    company.instance.report_run_failed(company.instance.get_run_by_id(stopped), "Exceeded maximum runtime")
    company.instance.report_run_canceled(company.instance.get_run_by_id(stopped))
    assert jobs(company) == ["publish_fallback"]


def test_the_champion_alone_comes_first_and_what_is_left_after_it_failed_too(company, rival):
    failed = run(company, failed_in=["model"])
    assert jobs(company) == ["champion_cycle"]
    after = {"forecast/after_run": failed}
    run(company, job="champion_cycle", tags=after)
    assert jobs(company) == ["publish_fallback"]
    run(company, job="publish_fallback", tags=after)
    assert look(company) == ([], ["FR: nothing is left to try"])


def test_the_command_asks_for_the_same_jobs_in_the_same_order(company, rival):
    wanted = [step.job for step in steps_after_failure(company.settings, "FR", NOVEMBER)]
    assert wanted == ["champion_cycle", "publish_fallback"]


def test_a_champion_that_cannot_be_read_makes_no_forecast_so_what_is_left_is_published(company):
    run(company, failed_in=["model"])
    for table, month, content in (("features", NOVEMBER, b""), ("champion", OCTOBER, b"no parquet")):
        file = Path(company.store.path(table, PartitionKey(month, "FR")))
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
    assert jobs(company) == ["publish_fallback"]


def test_a_market_whose_tables_are_damaged_keeps_no_other_from_its_fallback(tmp_path, company, monkeypatch):
    (tmp_path / "both").mkdir()
    both = make_company(tmp_path / "both", ["FR", "DE"], company.instance)
    for code in ("FR", "DE"):
        run(both, failed_in=["model"], country=code, tags=BY_SCHEDULE | {"forecast/market": code})

    def damaged_for_fr(settings, store, country, *_):
        if country == "FR":
            raise ValueError("a table is damaged")
        return Step("publish_fallback", MonthRange(NOVEMBER, NOVEMBER))

    monkeypatch.setattr("forecast_assets.defs.sensors.fallback_publication.step_after_failure", damaged_for_fr)
    result = after_failures(both.settings, both.instance, TENTH)
    assert [str(request.partition_key) for request in result.requests] == ["DE|2024-11-01"]
    assert result.reasons == ["FR: ValueError: a table is damaged"]


def test_what_the_command_asks_for_may_wait_behind_a_cycle_and_then_changes_nothing(company, rival):
    tags = next(steps_after_failure(company.settings, "FR", NOVEMBER)).tags
    assert STARTED_BY_TAG in tags


def test_the_command_stops_once_the_champion_has_published(company, rival):
    steps = steps_after_failure(company.settings, "FR", NOVEMBER)
    assert next(steps).job == "champion_cycle"
    company.write("published_forecasts", "FR", NOVEMBER, published_forecast(NOVEMBER))
    assert next(steps, None) is None


def test_the_command_leaves_a_month_alone_that_a_later_one_followed(company, rival):
    company.write(
        "published_forecasts", "FR", pd.Timestamp("2024-12-01"), published_forecast(pd.Timestamp("2024-12-01"))
    )
    assert list(steps_after_failure(company.settings, "FR", NOVEMBER)) == []


def test_bad_data_is_given_until_the_deadline_because_a_corrected_delivery_may_come(company):
    run(company, failed_in=["sell_out"])
    assert look(company) == (
        [], ["FR: failed in sell_out; a corrected delivery may come until 15 December 06:00"],
    )  # fmt: skip
    assert jobs(company, OVERDUE) == ["publish_fallback"]


def test_a_run_that_died_without_a_failed_step_is_followed_at_once(company):
    run(company)
    assert jobs(company) == ["publish_fallback"]


def test_a_run_that_dagster_starts_again_is_waited_for(company):
    first = run(company, tags=BY_SCHEDULE | {"dagster/will_retry": "true"})
    assert look(company) == ([], ["FR: its run will be started again"])
    company.instance.add_run_tags(first, {"dagster/auto_retry_run_id": "second"})
    second = run(company, tags=BY_SCHEDULE | {"dagster/will_retry": "false", "dagster/retry_number": "1"})
    assert [key.rpartition(":")[2] for _, key, _ in look(company)[0]] == [second]


@pytest.mark.parametrize("tags", [{"forecast/market": "FR"}, {"dagster/partition": "FR|2024-11-01"}])
def test_beside_a_run_of_the_market_nothing_is_started_whoever_started_it(company, tags):
    run(company, failed_in=["model"])
    create_run_for_test(company.instance, job_name="ingest", status=STARTED, tags=tags)
    assert look(company) == ([], ["FR: a run is under way"])


def test_a_cycle_that_a_person_started_is_theirs_but_not_one_they_started_again(company):
    run(company, tags={})
    assert look(company) == ([], [])
    again = run(company, tags=BY_SCHEDULE | {"dagster/parent_run_id": "x"})
    assert [key.rpartition(":")[2] for _, key, _ in look(company)[0]] == [again]


def test_a_run_that_failed_again_on_a_new_delivery_is_followed_once_more(company):
    first = run(company, failed_in=["model"])
    run(company, job="publish_fallback", tags={"forecast/after_run": first})
    assert jobs(company) == []
    second = run(company, failed_in=["model"], tags=BY_SCHEDULE | {"forecast/started_by": "arrivals"})
    assert [key.rpartition(":")[2] for _, key, _ in look(company)[0]] == [second]


@pytest.mark.parametrize("month", ["2024-11-01", "2024-12-01"])
def test_a_month_that_is_published_or_closed_is_left_alone(company, month):
    run(company, failed_in=["model"])
    month = pd.Timestamp(month)
    company.write("published_forecasts", "FR", month, published_forecast(month))
    assert look(company) == ([], [])


def test_a_cycle_that_succeeded_waited_or_was_stopped_is_not_followed(company):
    for status in (SUCCESS, dg.DagsterRunStatus.CANCELED):
        run(company, status)
        assert look(company) == ([], [])


def test_only_the_month_that_is_due_is_looked_at(company):
    run(company, failed_in=["model"])
    assert jobs(company, pd.Timestamp("2025-01-09T12:00Z")) == ["publish_fallback"]
    assert jobs(company, pd.Timestamp("2025-01-10T07:00Z")) == []


def test_a_retired_market_is_passed_over(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        company = make_company(tmp_path, ["FR"], instance, stage="retired")
        run(company, failed_in=["model"])
        assert look(company) == ([], [])


def test_the_sensor_as_the_daemon_calls_it_says_why_it_starts_nothing(company):
    with dg.build_sensor_context(instance=company.instance) as context:
        data = build_fallback_publication_sensor(company.settings).evaluate_tick(context)
    assert data.run_requests == []
    assert data.skip_message == "No cycle of the month has failed without a forecast in its place."
