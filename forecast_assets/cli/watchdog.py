"""Work of ``forecast-assets watchdog``, which a cron entry or a container probe starts."""

from datetime import UTC, datetime

import dagster as dg
import typer

from forecast_assets.alerts.assembly import drain
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.cli.console import console, settings_or_exit
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.defs.schedules import build_schedules
from forecast_assets.defs.sensors import build_sensors
from forecast_assets.defs.sensors.teams_delivery import BUDGET_SECONDS, in_one_line
from forecast_assets.operations.health.watchdog import (
    DAEMON_STOPPED,
    SENSOR_FAILED,
    check_daemons,
    check_sensors,
    report_health,
)


def run(heartbeat_seconds: int) -> None:
    """Check daemons, sensors and schedules, alert Teams about failures, and exit with 1 if there are any."""
    settings = settings_or_exit()
    prepare_instance(must_exist=True)
    schedules = build_schedules(settings)
    names = [sensor.name for sensor in build_sensors(settings, schedules)]
    now, outbox = datetime.now(UTC), Outbox.of(settings)
    with dg.DagsterInstance.get() as instance:
        daemons = check_daemons(instance, now, heartbeat_seconds)
        sensors = check_sensors(instance, names, schedules, now)
    bad = report_health(outbox, settings, DAEMON_STOPPED, daemons, now)
    # A stopped daemon makes every sensor late: one incident is enough.
    if not bad:
        bad = report_health(outbox, settings, SENSOR_FAILED, sensors, now)
    # A stopped daemon sends no alerts: send those that wait here, at once and ungrouped.
    sending = settings.copy_with("alerts", grouping_minutes=0) if bad else settings
    delivered = in_one_line(drain(sending, BUDGET_SECONDS))
    console.print(f"Teams: {delivered}", markup=False)
    for line in bad:
        console.print(line, style="red", markup=False)
    if bad:
        raise typer.Exit(1)
    console.print(f"{len(daemons)} daemons, {len(sensors)} sensors and schedules are well.", markup=False)
