"""Sensor that marks runs as failed whose process has died, for example with its machine.

Dagster's run monitoring asks the code server that started a run. If that is gone too, the run stays "started", blocks
its market in the queue and is never retried. The run's lease is the evidence: a live process renews it.
"""

import time

import dagster as dg

from forecast_assets.config.settings import Settings
from forecast_assets.defs.schedules import default_status
from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.partitions import market_of_run
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
        dead = mark_dead_runs(settings, context.instance, time.time())
        return dg.SkipReason(f"Marked as failed: {', '.join(dead)}." if dead else "Every started run is alive.")

    return dead_runs


def mark_dead_runs(settings: Settings, instance: dg.DagsterInstance, now: float) -> list[str]:
    """Mark runs as failed that started, do not hold the lease of their market, and no longer wait for it.

    Returns:
        Ids of the runs marked.
    """
    store, dead = open_store(settings), []
    # A run takes its lease a few seconds after its start, or waits for it so long.
    grace = settings.store.lease_wait_seconds + 2 * settings.store.lease_seconds
    for record in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        run = record.dagster_run
        lease = lease_of(store, market_of_run(run.tags), settings.store.lease_seconds)
        if record.start_time is None or now - record.start_time < grace or lease.owner() == run.run_id:
            continue
        # It may have ended since the records were read.
        again = instance.get_run_by_id(run.run_id)
        if again is not None and again.status is dg.DagsterRunStatus.STARTED:
            instance.report_run_failed(again, MESSAGE.format(seconds=settings.store.lease_seconds))
            dead.append(run.run_id)
    return dead
