"""Sensors, one module per concern. This one lists them."""

import dagster as dg

from forecast_assets.sensors.teams_delivery import build_teams_delivery_sensor
from forecast_assets.settings import Settings


def build_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors of a company."""
    return [build_teams_delivery_sensor(settings)]
