"""``forecast-assets watchdog``: is what should run by itself running? For a cron entry or a container's probe."""

from datetime import UTC, datetime

import dagster as dg
import typer

from forecast_assets.alerts.assembly import drain
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.cli.console import console, settings_or_exit
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.defs.schedules import build_schedules
from forecast_assets.defs.sensors import build_sensors
from forecast_assets.defs.sensors.teams_delivery import BUDGET_SECONDS, told
from forecast_assets.operations.health.watch import (
    tell_of_daemons,
    tell_of_sensors,
    watch_daemons,
    watch_sensors,
)


def run(heartbeat_seconds: int) -> None:
    """Check daemons, sensors and schedules, alert Teams about failures, and exit with 1 if there are any."""
    settings = settings_or_exit()
    prepare_instance()
    schedules = build_schedules(settings)
    names = [sensor.name for sensor in build_sensors(settings, schedules)]
    now, outbox = datetime.now(UTC), Outbox.of(settings)
    with dg.DagsterInstance.get() as instance:
        daemons = watch_daemons(instance, now, heartbeat_seconds)
        sensors = watch_sensors(instance, names, schedules, now)
    bad = tell_of_daemons(outbox, settings, daemons, now)
    # Behind a stopped daemon every sensor is late: one incident is enough.
    if not bad:
        bad = tell_of_sensors(outbox, settings, sensors, now)
    # With the daemon down nobody else sends: what waits goes out here, without waiting for others to share its card.
    sending = settings.model_copy(update={"alert_grouping_minutes": 0}) if bad else settings
    delivered = told(drain(sending, BUDGET_SECONDS))
    console.print(f"Teams: {delivered}", markup=False)
    for line in bad:
        console.print(line, style="red", markup=False)
    if bad:
        raise typer.Exit(1)
    console.print(f"{len(daemons)} daemons, {len(sensors)} sensors and schedules are well.", markup=False)
