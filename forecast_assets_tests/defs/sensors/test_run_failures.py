"""Failed runs in a real instance: reported after the last try only, closed by a later success, never lost."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.defs.sensors.ended_runs import RunCursor
from forecast_assets.defs.sensors.run_failures import build_run_failures_sensor, report_ended_runs
from forecast_assets_tests.defs.sensors.company import JUNE, make_company

KEY = ("run_failed", "FR", "monthly_cycle")


@dg.op(config_schema={"fails": bool})
def work(context):
    if context.op_config["fails"]:
        raise ValueError("sell_in: 3 rows without a month\nand more")


@dg.job
def monthly_cycle():
    work()


@pytest.fixture
def company(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield make_company(tmp_path, ["FR", "DE"], instance)


class Position:
    """The cursor of a sensor, from tick to tick."""

    def __init__(self, now: datetime) -> None:
        self.cursor = RunCursor.read(None, now)


@pytest.fixture
def cursor():
    return Position(datetime.now(UTC) - timedelta(hours=1))


def run(company, fails, country="FR", month="2024-06-01", **tags):
    """A run of the market's cycle; its id."""
    result = monthly_cycle.execute_in_process(
        instance=company.instance,
        run_config={"ops": {"work": {"config": {"fails": fails}}}},
        tags={"dagster/partition": f"{country}|{month}", **tags},
        raise_on_error=False,
    )
    return result.run_id


def tick(company, cursor, later=timedelta()):
    """One tick; ids of the runs that it reports."""
    now = datetime.now(UTC) + later
    failed, cursor.cursor = report_ended_runs(company.instance, company.settings, cursor.cursor, now)
    return failed


def test_a_failed_run_is_reported_once_with_step_and_error(company, cursor):
    run_id = run(company, fails=True)
    assert tick(company, cursor) == [run_id]
    (open_incident,) = company.outbox.open_incidents()
    assert (open_incident.kind, open_incident.country, open_incident.subject, open_incident.month) == (*KEY, JUNE)
    assert open_incident.headline == "monthly_cycle of FR 2024-06 failed in work"
    assert dict(open_incident.facts)["error"] == "ValueError: sell_in: 3 rows without a month"
    assert (open_incident.run_id, open_incident.severity) == (run_id, "critical")
    assert tick(company, cursor) == []
    assert len(company.events()) == 1


def test_a_failed_experiment_is_not_reported(company, cursor):
    experiments = dg.GraphDefinition("experiments", node_defs=[work]).to_job(name="experiments")
    config = {"ops": {"work": {"config": {"fails": True}}}}
    experiments.execute_in_process(instance=company.instance, run_config=config, raise_on_error=False)
    assert tick(company, cursor) == []
    assert company.outbox.open_incidents() == []


def test_of_a_retried_run_the_last_try_alone_is_reported(company, cursor):
    first = run(company, fails=True, **{"dagster/will_retry": "true"})
    assert tick(company, cursor) == []
    company.instance.add_run_tags(first, {"dagster/auto_retry_run_id": "another"})
    last = run(company, fails=True, **{"dagster/will_retry": "false", "dagster/retry_number": "1"})
    assert tick(company, cursor) == [last]
    (open_incident,) = company.outbox.open_incidents()
    assert dict(open_incident.facts)["try"] == "2"


def stopped(company, *reports):
    """A run of the market's cycle that was stopped: reported as failed, as canceled, or both, in this order."""
    run_id = create_run_for_test(
        company.instance, job_name="monthly_cycle", status=dg.DagsterRunStatus.CANCELING,
        tags={"dagster/partition": "FR|2024-06-01"},
    ).run_id  # fmt: skip
    for report in reports:
        {"failed": company.instance.report_run_failed, "canceled": company.instance.report_run_canceled}[report](
            company.instance.get_run_by_id(run_id), f"it was {report}"
        )
    return run_id


def test_a_run_stopped_by_its_limit_is_reported_even_if_canceled(company, cursor):
    run_id = stopped(company, "failed", "canceled")
    assert company.instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.CANCELED
    assert tick(company, cursor) == [run_id]
    (open_incident,) = company.outbox.open_incidents()
    assert dict(open_incident.facts)["error"] == "it was failed"


def test_a_run_that_a_person_stopped_is_not_reported(company, cursor):
    stopped(company, "canceled")
    assert tick(company, cursor) == []


def test_a_retry_that_never_starts_is_reported_after_an_hour(company, cursor):
    run_id = run(company, fails=True, **{"dagster/will_retry": "true"})
    assert tick(company, cursor) == []
    assert cursor.cursor.promised == [run_id]
    assert tick(company, cursor, timedelta(minutes=50)) == []
    assert tick(company, cursor, timedelta(minutes=70)) == [run_id]
    (open_incident,) = company.outbox.open_incidents()
    assert open_incident.headline.endswith("its retry was never started")
    assert tick(company, cursor, timedelta(minutes=80)) == []


def test_a_success_closes_the_failure_of_its_market_up_to_its_month(company, cursor):
    run(company, fails=True)
    tick(company, cursor)
    run(company, fails=False, country="DE")
    run(company, fails=False, month="2024-05-01")
    tick(company, cursor)
    assert company.open_kinds() == {KEY}
    run(company, fails=False)
    tick(company, cursor)
    assert company.open_kinds() == set()
    assert [event["what"] for event in company.events()].count("recovered") == 1


def test_failures_before_the_first_tick_are_not_reported(company):
    run(company, fails=True)
    later = Position(datetime.now(UTC) + timedelta(minutes=10))
    assert tick(company, later) == []


def test_the_cursor_stays_if_the_outbox_cannot_be_written(company, monkeypatch):
    sensor = build_run_failures_sensor(company.settings)

    def evaluated(cursor):
        with dg.build_sensor_context(instance=company.instance, cursor=cursor) as context:
            return sensor.evaluate_tick(context)

    first = evaluated(None).cursor
    run_id = run(company, fails=True)

    def full(self, incidents, cycle_id):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "report", full)
        with pytest.raises(OSError, match="no space left"):
            evaluated(first)
    assert run_id in evaluated(first).skip_message
    assert company.open_kinds() == {KEY}
    again = evaluated(first)
    assert len(company.events()) == 1
    assert evaluated(again.cursor).skip_message == "No run failed for good."


@pytest.mark.parametrize(("seconds_behind", "is_read"), [(0, True), (110, True), (130, False)])
def test_runs_that_ended_up_to_two_minutes_before_the_cursor_are_read(company, seconds_behind, is_read):
    run_id = run(company, fails=True)
    changed = company.instance.get_run_record_by_id(run_id).update_timestamp
    after = (changed if changed.tzinfo else changed.replace(tzinfo=UTC)) + timedelta(seconds=seconds_behind)
    assert tick(company, Position(after)) == ([run_id] if is_read else [])


def test_a_run_seen_in_the_overlap_is_not_reported_again(company, cursor):
    run_id = run(company, fails=True)
    assert tick(company, cursor) == [run_id]
    assert cursor.cursor.seen == [run_id]
    company.outbox.close([incident.key for incident in company.outbox.open_incidents()], "dev-2024-06")
    assert tick(company, cursor) == []
    assert company.open_kinds() == set()
