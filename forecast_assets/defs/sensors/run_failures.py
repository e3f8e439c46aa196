"""Sensor that reports failed runs, and closes the incident when a later run of the same job succeeds.

It has a cursor of its own: Dagster's run failure sensor moves on even if reporting a run failed. The outbox is written
before the cursor moves and keeps what it has, so a repeated tick changes nothing. Decisions are in ``ended_runs``.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg
import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings
from forecast_assets.defs.sensors.ended_runs import EndedRun, Ending, RunCursor
from forecast_assets.domain.cycle_calendar import closed_month
from forecast_assets.storage import PartitionKey
from forecast_assets.tags import EXPERIMENTS, PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, RETRY_NUMBER_TAG

RUN_FAILURES = "run_failures"
RUNS_AT_ONCE = 200
ERROR_LENGTH = 300
NO_ERROR = "no error recorded: the run process exited unexpectedly"
ENDED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.SUCCESS]


def build_run_failures_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    @dg.sensor(
        name=RUN_FAILURES,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs that failed and are not tried again; closed when a later run of the same job succeeds.",
    )
    def run_failures(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = datetime.now(UTC)
        cursor = RunCursor.read(context.cursor, now)
        failed, cursor = report_ended_runs(context.instance, settings, cursor, now)
        reason = f"Failed for good: {', '.join(failed)}." if failed else "No run failed for good."
        return dg.SensorResult(skip_reason=reason, cursor=cursor.to_text())

    return run_failures


def report_ended_runs(
    instance: dg.DagsterInstance, settings: Settings, cursor: RunCursor, now: datetime
) -> tuple[list[str], RunCursor]:
    """Report each run that failed for good since the cursor, and close the failure that a success has put right.

    Experiments are left out: the person who started one sees its failure, and no forecast waits for it.

    Returns:
        Ids of the runs reported, and the cursor behind the runs that were read.
    """
    latest = _ended_since(instance, cursor)
    promised = [instance.get_run_record_by_id(run_id) for run_id in cursor.promised]
    known = {*cursor.seen, *cursor.promised}
    fresh = [record for record in latest if record.dagster_run.run_id not in known]
    outbox, failed, pending = Outbox.of(settings), [], []
    for record in [*(record for record in promised if record is not None), *fresh]:
        run, ending = record.dagster_run, ended_run(instance, record).ending(now)
        if run.job_name == EXPERIMENTS:
            continue
        if ending is Ending.SUCCEEDED:
            _close(outbox, settings, run, now)
        elif ending is Ending.RETRY_PENDING:
            pending.append(run.run_id)
        elif ending in (Ending.FAILED, Ending.RETRY_NEVER_STARTED):
            _report(outbox, settings, instance, run, ending, now)
            failed.append(run.run_id)
    changes = {record.dagster_run.run_id: _utc(record.update_timestamp) for record in latest}
    return failed, cursor.moved_behind(changes, pending)


def ended_run(instance: dg.DagsterInstance, record: dg.RunRecord) -> EndedRun:
    """Return the facts of a run that the decision reads."""
    run = record.dagster_run
    return EndedRun(
        run.run_id,
        _utc(record.update_timestamp),
        run.tags,
        has_succeeded=run.status is dg.DagsterRunStatus.SUCCESS,
        has_failed=has_failed(instance, run),
    )


def has_failed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Return True if a run failed, not counting those that a person stopped.

    A run that its time limit stopped is reported as failed by Dagster's daemon and as canceled by its own process. The
    later of the two sets its status.
    """
    if run.status is not dg.DagsterRunStatus.CANCELED:
        return run.status is dg.DagsterRunStatus.FAILURE
    return bool(instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE))


def is_retry_pending(instance: dg.DagsterInstance, record: dg.RunRecord, now: datetime) -> bool:
    """Return True if a retry is pending: Dagster announced it, has not started it, and still may."""
    return ended_run(instance, record).ending(now) is Ending.RETRY_PENDING


def _ended_since(instance: dg.DagsterInstance, cursor: RunCursor) -> Sequence[dg.RunRecord]:
    return instance.get_run_records(
        dg.RunsFilter(statuses=ENDED, updated_after=cursor.read_from),
        limit=RUNS_AT_ONCE + len(cursor.seen),
        order_by="update_timestamp",
        ascending=True,
    )


def _report(
    outbox: Outbox, settings: Settings, instance: dg.DagsterInstance, run: dg.DagsterRun, ending: Ending, now: datetime
) -> None:
    country, month = market_and_month(run, now, settings.automation.time_zone)
    step, error = _first_error(instance, run.run_id)
    step_in_words = f" in {step}" if step else ""
    note = "; its retry was never started" if ending is Ending.RETRY_NEVER_STARTED else ""
    incident = Incident(
        kind="run_failed",
        country=country,
        subject=run.job_name,
        month=month,
        severity="critical",
        headline=f"{run.job_name} of {country or 'all markets'} {month:%Y-%m} failed{step_in_words}{note}",
        facts=(("error", error), ("try", str(int(run.tags.get(RETRY_NUMBER_TAG, 0)) + 1))),
        run_id=run.run_id,
        asset=step,
    )
    outbox.report([incident], f"{settings.env}-{month:%Y-%m}")


def _close(outbox: Outbox, settings: Settings, run: dg.DagsterRun, now: datetime) -> None:
    """Close the failure of the same job and market, if it is of this month or an earlier one."""
    country, month = market_and_month(run, now, settings.automation.time_zone)
    key = Incident("run_failed", country, run.job_name, month, "critical", "").key
    if any(incident.key == key and incident.month <= month for incident in outbox.open_incidents()):
        outbox.close([key], f"{settings.env}-{month:%Y-%m}")


def market_and_month(run: dg.DagsterRun, now: datetime, time_zone: str) -> tuple[str | None, pd.Timestamp]:
    """Return market and last month of a run, by its tags; without a partition no market and the last closed month."""
    text = run.tags.get(RANGE_END_TAG) or run.tags.get(RANGE_START_TAG) or run.tags.get(PARTITION_TAG)
    if text is None:
        return None, closed_month(now, time_zone)
    key = PartitionKey.from_dagster(text)
    return key.country, key.month


def _first_error(instance: dg.DagsterInstance, run_id: str) -> tuple[str | None, str]:
    """Return the step that failed first and the first line of its message; of the run if no step failed."""
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    events = [entry.dagster_event for entry in instance.all_logs(run_id, of_type=kinds)]
    event = next((each for each in events if each is not None), None)
    if event is None:
        return None, NO_ERROR
    cause = getattr(event.event_specific_data, "error", None)
    while cause is not None and cause.cause is not None:
        cause = cause.cause
    if cause is not None:
        return event.step_key, cause.message.strip().splitlines()[0][:ERROR_LENGTH]
    return event.step_key, (event.message or "no message")[:ERROR_LENGTH]


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
