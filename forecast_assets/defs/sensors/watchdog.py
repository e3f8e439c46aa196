"""Sensor that reports sensors and schedules whose last tick failed or is overdue, and a bad markets file.

It cannot report a stopped daemon: ``forecast-assets watchdog`` does, started from outside.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import dagster as dg

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings
from forecast_assets.operations.health.watchdog import SENSOR_FAILED, check_markets_file, check_sensors, report_health

WATCHDOG = "watchdog"


def build_watchdog_sensor(
    settings: Settings, sensors: Collection[str], schedules: Sequence[dg.ScheduleDefinition]
) -> dg.SensorDefinition:
    """Build the sensor of a company; ``sensors`` are the names of those it checks beside the schedules."""

    @dg.sensor(
        name=WATCHDOG,
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sensors and schedules whose last tick failed or is overdue; a markets file that cannot be used.",
    )
    def watchdog(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        now = datetime.now(UTC)
        health = check_sensors(context.instance, sensors, schedules, now) | check_markets_file(settings)
        bad = report_health(Outbox.of(settings), settings, SENSOR_FAILED, health, now)
        return dg.SkipReason("\n".join(bad) or f"{len(health)} sensors and schedules are well.")

    return watchdog
