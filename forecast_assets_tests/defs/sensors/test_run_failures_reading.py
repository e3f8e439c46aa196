"""Reading of ended runs: each is read once and reported with its month and its first error."""

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest
from dagster._core.events import DagsterEvent, DagsterEventType, StepFailureData
from dagster._core.test_utils import create_run_for_test
from dagster_shared.error import SerializableErrorInfo

from forecast_assets.defs.sensors import run_failures
from forecast_assets.defs.sensors.ended_runs import RunCursor
from forecast_assets.defs.sensors.run_failures import ended_run, market_and_month, report_ended_runs
from forecast_assets_tests.defs.sensors.company import make_company

NOW = datetime(2024, 7, 10, 12, tzinfo=UTC)
STARTED = dg.DagsterRunStatus.STARTED


@pytest.fixture
def company(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield make_company(tmp_path, ["FR"], instance)


@pytest.fixture
def begin():
    """A cursor from before the test's runs."""
    return RunCursor.read(None, datetime.now(UTC) - timedelta(hours=1))


def failed_run(company, message="it failed", job="monthly_cycle", **tags):
    """A run that failed as a whole; its id."""
    created = create_run_for_test(company.instance, job_name=job, status=STARTED, tags=tags)
    company.instance.report_run_failed(created, message)
    return created.run_id


def tick(company, cursor):
    return report_ended_runs(company.instance, company.settings, cursor, datetime.now(UTC))


def test_runs_that_end_in_one_moment_are_all_read_a_few_at_a_time(company, begin, monkeypatch):
    monkeypatch.setattr(run_failures, "RUNS_AT_ONCE", 1)
    runs = [failed_run(company, job=f"job_{number}") for number in range(4)]
    told, cursor = [], begin
    for _ in range(4):
        failed, cursor = tick(company, cursor)
        told.append(failed)
    assert told == [[run_id] for run_id in runs]
    assert tick(company, cursor)[0] == []


def test_an_experiment_that_failed_is_passed_over_and_hides_no_run_after_it(company, begin):
    first, _, last = (failed_run(company, job=job) for job in ("ingest", run_failures.EXPERIMENTS, "measure"))
    assert tick(company, begin)[0] == [first, last]


def test_a_run_that_is_recorded_late_is_read_within_two_minutes_of_the_cursor(company):
    run_id = failed_run(company)
    ended = company.instance.get_run_record_by_id(run_id).update_timestamp.timestamp()
    within, beyond = (RunCursor(ended + seconds) for seconds in (119, 121))
    assert tick(company, within)[0] == [run_id]
    assert tick(company, beyond)[0] == []


def test_a_run_whose_retry_was_promised_and_that_was_deleted_is_forgotten(company, begin):
    run_id = failed_run(company, **{"dagster/will_retry": "true"})
    failed, cursor = tick(company, begin)
    assert (failed, cursor.promised) == ([], [run_id])
    company.instance.delete_run(run_id)
    failed, cursor = tick(company, cursor)
    assert (failed, cursor.promised) == ([], [])


def test_a_promised_run_is_judged_once_although_it_is_read_again(company, begin):
    run_id = failed_run(company, **{"dagster/will_retry": "true"})
    _, cursor = tick(company, begin)
    company.instance.add_run_tags(run_id, {"dagster/will_retry": "false"})
    failed, cursor = tick(company, cursor)
    assert (failed, cursor.promised) == ([run_id], [])


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"dagster/partition": "FR|2024-06-01"}, ("FR", "2024-06-01")),
        ({"dagster/partition": "2024-06-01"}, (None, "2024-06-01")),
        (
            {
                "dagster/asset_partition_range_start": "FR|2024-01-01",
                "dagster/asset_partition_range_end": "FR|2024-03-01",
                "dagster/partition": "DE|2023-01-01",
            },
            ("FR", "2024-03-01"),
        ),
        (
            {"dagster/asset_partition_range_start": "FR|2024-01-01", "dagster/partition": "DE|2023-01-01"},
            ("FR", "2024-01-01"),
        ),
        # Without a partition: the month that closed by the calendar of the company.
        ({}, (None, "2024-06-01")),
    ],
)
def test_a_run_is_of_the_last_month_of_its_range(tags, expected):
    country, month = market_and_month(SimpleNamespace(tags=tags), NOW, "UTC")
    assert (country, month) == (expected[0], pd.Timestamp(expected[1]))


def step_failure(company, run_id, step, error):
    failure = DagsterEvent(
        DagsterEventType.STEP_FAILURE.value, "monthly_cycle", step_key=step,
        event_specific_data=StepFailureData(error, None), message=f"{step} of the run failed",
    )  # fmt: skip
    company.instance.report_dagster_event(failure, run_id)


def error_of(message, cause=None):
    return SerializableErrorInfo(message, [], "Error", cause)


def told(company, begin):
    tick(company, begin)
    (open_incident,) = company.outbox.open_incidents()
    return open_incident.asset, dict(open_incident.facts)["error"]


def test_the_error_told_is_the_innermost_cause_of_the_step_that_failed_first(company, begin):
    created = create_run_for_test(company.instance, job_name="monthly_cycle", status=STARTED)
    inner = error_of("\n  ValueError: 3 rows without a month\nand more\n")
    step_failure(company, created.run_id, "sell_in", error_of("outermost", error_of("outer", inner)))
    step_failure(company, created.run_id, "model", error_of("a later one"))
    company.instance.report_run_failed(created, "steps failed")
    assert told(company, begin) == ("sell_in", "ValueError: 3 rows without a month")


def test_without_an_error_the_message_is_told_and_without_an_event_that_there_is_none(company, begin):
    created = create_run_for_test(company.instance, job_name="monthly_cycle", status=STARTED)
    step_failure(company, created.run_id, "sell_in", None)
    company.instance.report_run_failed(created, "steps failed")
    assert told(company, begin) == ("sell_in", "sell_in of the run failed")


def test_a_run_without_any_event_is_told_too(company, begin):
    create_run_for_test(company.instance, job_name="monthly_cycle", status=dg.DagsterRunStatus.FAILURE)
    assert told(company, begin) == (None, "no error recorded: the run process exited unexpectedly")


def test_the_headline_names_step_and_market_only_where_there_are_any(company, begin):
    failed_run(company, "x" * 400)
    tick(company, begin)
    (open_incident,) = company.outbox.open_incidents()
    month = f"{open_incident.month:%Y-%m}"
    assert open_incident.headline == f"monthly_cycle of all markets {month} failed"
    assert dict(open_incident.facts) == {"error": "x" * 300, "try": "1"}


def test_a_time_without_a_zone_is_utc(company):
    run = company.instance.get_run_by_id(failed_run(company))
    naive, aware = datetime(2024, 7, 10, 12), datetime(2024, 7, 10, 14, tzinfo=timezone(timedelta(hours=2)))
    for moment in (naive, aware):
        record = SimpleNamespace(dagster_run=run, update_timestamp=moment)
        assert ended_run(company.instance, record).changed_at == NOW


def test_a_later_success_closes_an_earlier_failure_and_one_without_a_failure_nothing(company, begin):
    def succeeded(month):
        create_run_for_test(
            company.instance, job_name="monthly_cycle", status=dg.DagsterRunStatus.SUCCESS,
            tags={"dagster/partition": f"FR|{month}"},
        )  # fmt: skip

    failed_run(company, **{"dagster/partition": "FR|2024-05-01"})
    _, cursor = tick(company, begin)
    succeeded("2024-06-01")
    _, cursor = tick(company, cursor)
    assert [event["what"] for event in company.events()] == ["opened", "recovered"]
    assert company.events()[-1]["cycle_id"] == "dev-2024-06"
    succeeded("2024-06-01")
    tick(company, cursor)
    assert len(company.events()) == 2
