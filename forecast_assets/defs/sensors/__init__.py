"""Sensors, one module per concern, and the list of them."""

from collections.abc import Sequence

import dagster as dg

from forecast_assets.config.settings import Settings
from forecast_assets.defs.sensors.arrivals import build_arrivals_sensor
from forecast_assets.defs.sensors.champion_alerts import build_champion_alerts_sensor
from forecast_assets.defs.sensors.dead_runs import build_dead_runs_sensor
from forecast_assets.defs.sensors.fallback_publication import build_fallback_publication_sensor
from forecast_assets.defs.sensors.freeze_month import build_freeze_month_sensor
from forecast_assets.defs.sensors.input_drift import build_input_drift_sensor
from forecast_assets.defs.sensors.kpi_alarms import build_kpi_alarms_sensor
from forecast_assets.defs.sensors.late_markets import build_late_markets_sensor
from forecast_assets.defs.sensors.override_workbooks import build_override_workbooks_sensor
from forecast_assets.defs.sensors.retune import build_retune_sensor
from forecast_assets.defs.sensors.run_failures import build_run_failures_sensor
from forecast_assets.defs.sensors.teams_delivery import build_teams_delivery_sensor
from forecast_assets.defs.sensors.watchdog import build_watchdog_sensor


def build_sensors(settings: Settings, schedules: Sequence[dg.ScheduleDefinition]) -> list[dg.SensorDefinition]:
    """Build the sensors of a company; the watchdog checks the others and the schedules."""
    sensors = [
        build_arrivals_sensor(settings),
        build_fallback_publication_sensor(settings),
        build_freeze_month_sensor(settings),
        build_dead_runs_sensor(settings),
        build_late_markets_sensor(settings),
        build_kpi_alarms_sensor(settings),
        build_champion_alerts_sensor(settings),
        build_input_drift_sensor(settings),
        build_retune_sensor(settings),
        build_override_workbooks_sensor(settings),
        build_run_failures_sensor(settings),
        build_teams_delivery_sensor(settings),
    ]
    return [*sensors, build_watchdog_sensor(settings, [sensor.name for sensor in sensors], schedules)]
