"""Sensor that marks runs as failed whose process has died, for example with its machine.

Dagster's run monitoring asks the code server that started a run. If that is gone too, the run stays "started", blocks
its market in the queue and is never retried. The run's lease is the evidence: a live process renews it.
"""

import json
import time
from collections.abc import Mapping

import dagster as dg

from forecast_assets.config.settings import Settings
from forecast_assets.defs.schedules import default_status
from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.partitions import market_of_run
from forecast_assets.storage.lease import Lease, UnreadableLease
from forecast_assets.storage.opened import open_store

DEAD_RUNS = "dead_runs"
MESSAGE = "The process of this run is gone: it has not renewed its lease for {seconds:.0f} s or more."


def build_dead_runs_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    @dg.sensor(
        name=DEAD_RUNS,
        minimum_interval_seconds=settings.automation.sensor_seconds,
        default_status=dg.DefaultSensorStatus[default_status(settings)],
        description="Marks runs as failed whose process is gone, so that the daemon starts them again.",
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        unowned = json.loads(context.cursor or "{}")
        dead, unowned = mark_dead_runs(settings, context.instance, time.time(), unowned)
        context.update_cursor(json.dumps(unowned))
        return dg.SkipReason(f"Marked as failed: {', '.join(dead)}." if dead else "Every started run is alive.")

    return dead_runs


def mark_dead_runs(
    settings: Settings, instance: dg.DagsterInstance, now: float, unowned_since: Mapping[str, float]
) -> tuple[list[str], dict[str, float]]:
    """Mark runs as failed that started, do not hold the lease of their market, and no longer wait for it.

    Only times of one clock are compared: that of the sensor. The start of a run is a time of the run's machine, whose
    clock may differ by minutes.

    Args:
        settings: Settings of the company.
        instance: Instance with the runs.
        now: Seconds since 1970.
        unowned_since: By started run, when the sensor first saw it without the lease.

    Returns:
        Ids of the runs marked, and the new ``unowned_since``.
    """
    store, dead, unowned = open_store(settings), [], {}
    # A run takes its lease a few seconds after its start, or waits for it so long.
    grace = settings.store.lease_wait_seconds + 2 * settings.store.lease_seconds
    for record in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        run = record.dagster_run
        lease = lease_of(store, market_of_run(run.tags), settings.store.lease_seconds)
        if _may_own(lease, run.run_id):
            continue
        unowned[run.run_id] = unowned_since.get(run.run_id, now)
        if now - unowned[run.run_id] < grace:
            continue
        # It may have ended since the records were read.
        again = instance.get_run_by_id(run.run_id)
        if again is not None and again.status is dg.DagsterRunStatus.STARTED:
            instance.report_run_failed(again, MESSAGE.format(seconds=settings.store.lease_seconds))
            dead.append(run.run_id)
    return dead, {run_id: since for run_id, since in unowned.items() if run_id not in dead}


def _may_own(lease: Lease, run_id: str) -> bool:
    """Return True if a run owns a lease, or nobody can tell: an unreadable file marks no run as dead."""
    try:
        return lease.owner() == run_id
    except UnreadableLease:
        return True
