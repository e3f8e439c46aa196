"""Tells of runs that failed for good: not of those that Dagster will start again.

Has its own cursor: Dagster's run failure sensor moves on even where telling of a run failed.
"""

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import dagster as dg
import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings
from forecast_assets.storage import PartitionKey
from forecast_assets.tags import RANGE_END_TAG, RANGE_START_TAG

RUN_FAILURES = "run_failures"
WILL_RETRY, RETRY_RUN, PARTITION = "dagster/will_retry", "dagster/auto_retry_run_id", "dagster/partition"
RUNS_AT_ONCE = 200
# A retry that was promised and has not been started after so long will not come.
RETRY_PATIENCE = timedelta(hours=1)
# Two runs may end in one moment, and a change may be seen late: look back, and skip what was seen.
OVERLAP = timedelta(minutes=2)
ERROR_LENGTH = 300


@dataclasses.dataclass
class RunCursor:
    """Where the reading of runs stands.

    ``after`` is the latest change looked at, ``seen`` the runs changed shortly before it, ``promised`` failed runs
    whose retry has not been started yet.
    """

    after: float
    seen: list[str]
    promised: list[str]

    @classmethod
    def read(cls, text: str | None, now: datetime) -> "RunCursor":
        """What a sensor stored; at first, nothing that ended before now is told."""
        return cls(**json.loads(text)) if text else cls(now.timestamp(), [], [])

    def to_text(self) -> str:
        """As a sensor stores it."""
        return json.dumps(dataclasses.asdict(self))


def build_run_failures_sensor(settings: Settings) -> dg.SensorDefinition:
    """The sensor of a company."""

    @dg.sensor(
        name=RUN_FAILURES,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs that failed and are not tried again; closed when a later run of the same job succeeds.",
    )
    def run_failures(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = datetime.now(UTC)
        cursor = RunCursor.read(context.cursor, now)
        failed = tell_of_runs(context.instance, settings, cursor, now)
        reason = f"Failed for good: {', '.join(failed)}." if failed else "No run failed for good."
        return dg.SensorResult(skip_reason=reason, cursor=cursor.to_text())

    return run_failures


def tell_of_runs(instance: dg.DagsterInstance, settings: Settings, cursor: RunCursor, now: datetime) -> list[str]:
    """Keep an incident for each run that failed for good since the cursor, a recovery for each that put one right.

    Moves the cursor on. The outbox is written first, and keeps what it has: a tick that is repeated changes nothing.

    Returns:
        Ids of the runs told of.
    """
    ended = instance.get_run_records(
        dg.RunsFilter(
            statuses=[dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.SUCCESS],
            updated_after=datetime.fromtimestamp(cursor.after, UTC) - OVERLAP,
        ),
        limit=RUNS_AT_ONCE + len(cursor.seen),
        order_by="update_timestamp",
        ascending=True,
    )
    fresh = [record for record in ended if record.dagster_run.run_id not in cursor.seen]
    outbox, told, promised = Outbox.of(settings), [], []
    waiting = [record for run_id in cursor.promised if (record := instance.get_run_record_by_id(run_id)) is not None]
    for record in [*waiting, *fresh]:
        run = record.dagster_run
        if run.status is dg.DagsterRunStatus.SUCCESS:
            _recovered(outbox, settings, run)
        elif not has_failed(instance, run):
            continue
        elif retry_is_to_come(record, now):
            promised.append(run.run_id)
        elif not _is_tried_again(run):
            told.append(_report(outbox, settings, instance, run, ""))
        elif RETRY_RUN not in run.tags:
            told.append(_report(outbox, settings, instance, run, "its retry was never started"))
    cursor.promised = promised
    cursor.after = max([cursor.after, *(_utc(record.update_timestamp).timestamp() for record in ended)])
    edge = cursor.after - OVERLAP.total_seconds()
    cursor.seen = [r.dagster_run.run_id for r in ended if _utc(r.update_timestamp).timestamp() >= edge]
    return told


def has_failed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run failed, not counting those that a person stopped.

    One that was stopped by its time limit is reported as failed by Dagster's daemon and as canceled by its own process;
    its status is that of whichever came last.
    """
    if run.status is not dg.DagsterRunStatus.CANCELED:
        return run.status is dg.DagsterRunStatus.FAILURE
    return bool(instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE))


def retry_is_to_come(record: dg.RunRecord, now: datetime) -> bool:
    """Whether Dagster has promised to start a failed run again, has not done so, and still may."""
    run = record.dagster_run
    is_promised = _is_tried_again(run) and RETRY_RUN not in run.tags
    return is_promised and now - _utc(record.update_timestamp) < RETRY_PATIENCE


def _is_tried_again(run: dg.DagsterRun) -> bool:
    return run.tags.get(WILL_RETRY) == "true"


def _report(outbox: Outbox, settings: Settings, instance: dg.DagsterInstance, run: dg.DagsterRun, note: str) -> str:
    country, month = market_and_month(run)
    step, error = _first_error(instance, run.run_id)
    where = f"{country or 'all markets'} {month:%Y-%m}"
    outbox.report(
        [
            Incident(
                kind="run_failed",
                country=country,
                subject=run.job_name,
                month=month,
                severity="critical",
                headline=f"{run.job_name} of {where} failed{f' in {step}' if step else ''}"
                + (f"; {note}" if note else ""),
                facts=(("error", error), ("try", str(int(run.tags.get("dagster/retry_number", 0)) + 1))),
                run_id=run.run_id,
                asset=step,
            )
        ],
        f"{settings.env}-{month:%Y-%m}",
    )
    return run.run_id


def _recovered(outbox: Outbox, settings: Settings, run: dg.DagsterRun) -> None:
    """Close the failure of the same job and market, if it is of this month or an earlier one."""
    country, month = market_and_month(run)
    key = Incident("run_failed", country, run.job_name, month, "critical", "").key
    if any(incident.key == key and incident.month <= month for incident in outbox.open_incidents()):
        outbox.close([key], f"{settings.env}-{month:%Y-%m}")


def market_and_month(run: dg.DagsterRun) -> tuple[str | None, pd.Timestamp]:
    """Market and last month that a run is for, by its tags; without a partition no market and the month of today."""
    text = run.tags.get(RANGE_END_TAG) or run.tags.get(RANGE_START_TAG) or run.tags.get(PARTITION)
    if text is None:
        return None, pd.Timestamp.now().normalize().replace(day=1)
    key = PartitionKey.from_dagster(text)
    return key.country, key.month


def _first_error(instance: dg.DagsterInstance, run_id: str) -> tuple[str | None, str]:
    """Step that failed first and the first line of its message; of the run where no step failed."""
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    for entry in instance.all_logs(run_id, of_type=kinds):
        data = entry.dagster_event.event_specific_data
        error = getattr(data, "error", None)
        cause = error
        while cause is not None and cause.cause is not None:
            cause = cause.cause
        if cause is not None:
            return entry.dagster_event.step_key, cause.message.strip().splitlines()[0][:ERROR_LENGTH]
        return entry.dagster_event.step_key, (entry.dagster_event.message or "no message")[:ERROR_LENGTH]
    return None, "no error was recorded: the run's process ended without a word"


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
