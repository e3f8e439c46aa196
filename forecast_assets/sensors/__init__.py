"""Sensors, one module per concern. This one lists them."""

import dagster as dg

from forecast_assets.sensors.arrivals import build_arrivals_sensor
from forecast_assets.sensors.dead_runs import build_dead_runs_sensor
from forecast_assets.sensors.freeze_month import build_freeze_month_sensor
from forecast_assets.settings import Settings


def build_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors of a company."""
    return [build_arrivals_sensor(settings), build_freeze_month_sensor(settings), build_dead_runs_sensor(settings)]
