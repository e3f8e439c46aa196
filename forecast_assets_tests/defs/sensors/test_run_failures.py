"""Failed runs in a real instance: told after the last try only, closed by a later success, never lost."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.defs.sensors.run_failures import RunCursor, build_run_failures_sensor, tell_of_runs
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


@pytest.fixture
def cursor():
    return RunCursor.read(None, datetime.now(UTC) - timedelta(hours=1))


def run(company, fails, country="FR", month="2024-06-01", **tags):
    """A run of the market's cycle; its id."""
    result = monthly_cycle.execute_in_process(
        instance=company.instance,
        run_config={"ops": {"work": {"config": {"fails": fails}}}},
        tags={"dagster/partition": f"{country}|{month}", **tags},
        raise_on_error=False,
    )
    return result.run_id


def tell(company, cursor, later=timedelta()):
    return tell_of_runs(company.instance, company.settings, cursor, datetime.now(UTC) + later)


def test_a_run_that_failed_for_good_is_told_once_with_step_and_error(company, cursor):
    run_id = run(company, fails=True)
    assert tell(company, cursor) == [run_id]
    (found,) = company.outbox.open_incidents()
    assert (found.kind, found.country, found.subject, found.month) == (*KEY, JUNE)
    assert found.headline == "monthly_cycle of FR 2024-06 failed in work"
    assert dict(found.facts)["error"] == "ValueError: sell_in: 3 rows without a month"
    assert (found.run_id, found.severity) == (run_id, "critical")
    assert tell(company, cursor) == []
    assert len(company.events()) == 1


def test_a_run_that_is_tried_again_is_told_of_by_its_last_try_only(company, cursor):
    first = run(company, fails=True, **{"dagster/will_retry": "true"})
    assert tell(company, cursor) == []
    company.instance.add_run_tags(first, {"dagster/auto_retry_run_id": "another"})
    last = run(company, fails=True, **{"dagster/will_retry": "false", "dagster/retry_number": "1"})
    assert tell(company, cursor) == [last]
    (found,) = company.outbox.open_incidents()
    assert dict(found.facts)["try"] == "2"


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


def test_a_run_stopped_by_its_limit_is_told_although_its_process_reported_itself_canceled(company, cursor):
    run_id = stopped(company, "failed", "canceled")
    assert company.instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.CANCELED
    assert tell(company, cursor) == [run_id]
    (found,) = company.outbox.open_incidents()
    assert dict(found.facts)["error"] == "it was failed"


def test_a_run_that_a_person_stopped_is_not_told(company, cursor):
    stopped(company, "canceled")
    assert tell(company, cursor) == []


def test_a_retry_that_was_promised_and_never_came_is_told_after_an_hour(company, cursor):
    run_id = run(company, fails=True, **{"dagster/will_retry": "true"})
    assert tell(company, cursor) == []
    assert cursor.promised == [run_id]
    assert tell(company, cursor, timedelta(minutes=50)) == []
    assert tell(company, cursor, timedelta(minutes=70)) == [run_id]
    (found,) = company.outbox.open_incidents()
    assert found.headline.endswith("its retry was never started")
    assert tell(company, cursor, timedelta(minutes=80)) == []


def test_a_later_success_closes_it_but_not_that_of_another_market_or_an_earlier_month(company, cursor):
    run(company, fails=True)
    tell(company, cursor)
    run(company, fails=False, country="DE")
    run(company, fails=False, month="2024-05-01")
    tell(company, cursor)
    assert company.open_kinds() == {KEY}
    run(company, fails=False)
    tell(company, cursor)
    assert company.open_kinds() == set()
    assert [event["what"] for event in company.events()].count("recovered") == 1


def test_failures_before_the_sensor_was_first_switched_on_are_history(company):
    run(company, fails=True)
    later = RunCursor.read(None, datetime.now(UTC) + timedelta(minutes=10))
    assert tell(company, later) == []


def test_the_sensor_keeps_its_cursor_and_does_not_move_on_where_the_outbox_fails(company, monkeypatch):
    sensor = build_run_failures_sensor(company.settings)

    def tick(cursor):
        with dg.build_sensor_context(instance=company.instance, cursor=cursor) as context:
            return sensor.evaluate_tick(context)

    first = tick(None).cursor
    run_id = run(company, fails=True)

    def full(self, incidents, cycle_id):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "report", full)
        with pytest.raises(OSError, match="no space left"):
            tick(first)
    assert run_id in tick(first).skip_message
    assert company.open_kinds() == {KEY}
    again = tick(first)
    assert len(company.events()) == 1
    assert tick(again.cursor).skip_message == "No run failed for good."
