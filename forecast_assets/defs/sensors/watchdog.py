"""Tells of sensors and schedules whose last tick failed or is overdue.

It cannot tell of a daemon that has stopped: ``forecast-assets watchdog`` does, started from outside.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import dagster as dg

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings
from forecast_assets.operations.health.watch import tell_of_sensors, watch_sensors

WATCHDOG = "watchdog"


def build_watchdog_sensor(
    settings: Settings, sensors: Collection[str], schedules: Sequence[dg.ScheduleDefinition]
) -> dg.SensorDefinition:
    """The sensor of a company; ``sensors`` are the names of those it watches beside the schedules."""

    @dg.sensor(
        name=WATCHDOG,
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sensors and schedules whose last tick failed or is overdue.",
    )
    def watchdog(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        now = datetime.now(UTC)
        found = watch_sensors(context.instance, sensors, schedules, now)
        bad = tell_of_sensors(Outbox.of(settings), settings, found, now)
        return dg.SkipReason("\n".join(bad) or f"{len(found)} sensors and schedules are well.")

    return watchdog
