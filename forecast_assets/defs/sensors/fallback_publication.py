"""Sensor that starts the fallback of a failed cycle: first the champion's recipe alone, then the best forecast left.

Each tick reads runs from the instance and published months from the store, so no state is kept in between. The steps
are decided in ``operations/cycle/fallback.py``; ``forecast-assets cycle`` runs the same ones.
"""

import dataclasses
from collections.abc import Sequence

import dagster as dg
import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.config.settings import Settings
from forecast_assets.defs import jobs
from forecast_assets.defs.schedules import PRIORITY, SCHEDULE, default_status, is_forecast
from forecast_assets.defs.sensors.arrivals import ACTIVE, ARRIVALS
from forecast_assets.defs.sensors.run_failures import has_failed, is_retry_pending
from forecast_assets.defs.sensors.verdict_alerts import UNREADABLE
from forecast_assets.domain.cycle_calendar import cycle_id_of, deadline_at, due_month
from forecast_assets.operations.cycle.fallback import step_after_failure
from forecast_assets.partitions import partition_key
from forecast_assets.storage import ListedOnce, TableReader
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import (
    AFTER_RUN_TAG,
    CYCLE_ID_TAG,
    MARKET_TAG,
    PARTITION_TAG,
    PRIORITY_TAG,
    SOURCES,
    STARTED_BY_TAG,
)

FALLBACK_PUBLICATION = "fallback_publication"
# A failure in one of these is a failure of the delivery, which may be corrected.
STEPS_OF_A_DELIVERY = {"delivery", *SOURCES}


@dataclasses.dataclass(frozen=True)
class AfterFailures:
    """Runs to start, and for each other market with a failed cycle the reason why none is started."""

    requests: list[dg.RunRequest]
    reasons: list[str]


def build_fallback_publication_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    @dg.sensor(
        name=FALLBACK_PUBLICATION,
        jobs=[jobs.champion_cycle, jobs.publish_fallback],
        minimum_interval_seconds=settings.automation.sensor_seconds,
        default_status=dg.DefaultSensorStatus[default_status(settings)],
        description="After a cycle that failed for good: the champion alone, then the best that is left to publish.",
    )
    def fallback_publication(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        fallback = after_failures(settings, context.instance, pd.Timestamp.now("UTC"))
        reason = ". ".join(fallback.reasons[:10]) or "No cycle of the month has failed without a forecast in its place."
        return fallback.requests or dg.SkipReason(reason)

    return fallback_publication


def after_failures(settings: Settings, instance: dg.DagsterInstance, now: pd.Timestamp) -> AfterFailures:
    """Return the runs to start after failed cycles of the month that is due; a market with such a run gets none."""
    month, store = due_month(now, settings.automation.time_zone), ListedOnce(open_store(settings))
    partitions = store.list_partitions("published_forecasts")
    published = {partition.country for partition in partitions if partition.month >= month}
    fallback = AfterFailures([], [])
    for market in settings.market_table.values():
        if not is_forecast(market, month) or market.code in published:
            continue
        failed = _latest_cycle(instance, market, month)
        if failed is None or not has_failed(instance, failed.dagster_run):
            continue
        try:
            request, why = _after(settings, instance, store, failed, market, month, now)
        except UNREADABLE as error:
            # The damaged table of one market must not keep the others from their fallback.
            request, why = None, f"{type(error).__name__}: {error}"[:300]
        if request:
            fallback.requests.append(request)
        else:
            fallback.reasons.append(f"{market.code}: {why}")
    return fallback


def _after(
    settings: Settings,
    instance: dg.DagsterInstance,
    store: TableReader,
    failed: dg.RunRecord,
    market: Market,
    month: pd.Timestamp,
    now: pd.Timestamp,
) -> tuple[dg.RunRequest | None, str]:
    """Return the run after one failed cycle, or the reason why there is none."""
    failed_id = failed.dagster_run.run_id
    after = list(instance.get_run_records(dg.RunsFilter(tags={AFTER_RUN_TAG: failed_id})))
    why = _why_not_yet(settings, instance, [failed, *after], market, month, now)
    tried = {record.dagster_run.job_name for record in after}
    step = None if why else step_after_failure(settings, store, market.code, month, tried)
    if step is None:
        return None, why or "nothing is left to try"
    return _request(settings, step.job, failed_id, market, month), ""


def _latest_cycle(instance: dg.DagsterInstance, market: Market, month: pd.Timestamp) -> dg.RunRecord | None:
    """Return the latest run of the cycle that the platform started, or a person repeated from such a run.

    A run that a person starts is watched by that person; ``forecast-assets cycle`` runs the same steps by itself.
    """
    tags = {PARTITION_TAG: str(partition_key(month, market.code)), STARTED_BY_TAG: [SCHEDULE, ARRIVALS]}
    records = instance.get_run_records(dg.RunsFilter(job_name=jobs.monthly_cycle.name, tags=tags), limit=1)
    return records[0] if records else None


def _why_not_yet(
    settings: Settings,
    instance: dg.DagsterInstance,
    runs: Sequence[dg.RunRecord],
    market: Market,
    month: pd.Timestamp,
    now: pd.Timestamp,
) -> str:
    """Return why the failed cycle, the first of the runs, gets no fallback now; empty if it does."""
    if any(is_retry_pending(instance, record, now.to_pydatetime()) for record in runs):
        return "its run will be started again"
    for tags in ({MARKET_TAG: market.code}, {PARTITION_TAG: str(partition_key(month, market.code))}):
        if instance.get_runs(dg.RunsFilter(tags=tags, statuses=ACTIVE), limit=1):
            return "a run is under way"
    deadline = deadline_at(month, settings.automation.time_zone, settings.automation.arrival_deadline_days)
    at_fault = sorted(_failed_steps(instance, runs[0].dagster_run.run_id) & STEPS_OF_A_DELIVERY)
    if at_fault and now <= deadline:
        return f"failed in {', '.join(at_fault)}; a corrected delivery may come until {deadline:%d %B %H:%M}"
    return ""


def _failed_steps(instance: dg.DagsterInstance, run_id: str) -> set[str]:
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    return {entry.dagster_event.step_key for entry in entries if entry.dagster_event and entry.dagster_event.step_key}


def _request(settings: Settings, job: str, failed_id: str, market: Market, month: pd.Timestamp) -> dg.RunRequest:
    """Return the next run after a failed one; its run key allows one per failed run and job."""
    cycle_id = cycle_id_of(settings.env, month)
    return dg.RunRequest(
        run_key=f"{job}:{cycle_id}:{market.code}:{failed_id}",
        job_name=job,
        partition_key=partition_key(month, market.code),
        tags={
            **settings.automation.tags_of_runs(market.machine),
            CYCLE_ID_TAG: cycle_id,
            MARKET_TAG: market.code,
            STARTED_BY_TAG: FALLBACK_PUBLICATION,
            AFTER_RUN_TAG: failed_id,
            PRIORITY_TAG: PRIORITY[market.stage],
        },
    )
