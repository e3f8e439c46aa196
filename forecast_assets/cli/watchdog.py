"""Work of ``forecast-assets watchdog``, which a cron entry or a container probe starts."""

import os
from datetime import UTC, datetime

import dagster as dg
import typer

from forecast_assets.alerts.assembly import drain
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.cli.console import console
from forecast_assets.cli.folders import Folder, dagster_home, require_folders
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.config.last_good_markets import load_watchdog_settings
from forecast_assets.config.settings import Settings, SettingsError
from forecast_assets.defs.schedules import build_schedules
from forecast_assets.defs.sensors import build_sensors
from forecast_assets.defs.sensors.teams_delivery import BUDGET_SECONDS, in_one_line
from forecast_assets.operations.health.watchdog import (
    DAEMON_STOPPED,
    SENSOR_FAILED,
    check_daemons,
    check_markets_file,
    check_sensors,
    report_health,
)


def run(heartbeat_seconds: int) -> None:
    """Check daemons, sensors, schedules and markets file, alert Teams about failures, exit with 1 if there are any."""
    settings = _settings_or_exit()
    require_folders(settings, Folder.STORE, Folder.INSTANCE)
    prepare_instance()
    schedules = build_schedules(settings)
    names = [sensor.name for sensor in build_sensors(settings, schedules)]
    now, outbox = datetime.now(UTC), Outbox.of(settings)
    with dg.DagsterInstance.get() as instance:
        daemons = check_daemons(instance, now, heartbeat_seconds)
        sensors = check_sensors(instance, names, schedules, now)
    bad = report_health(outbox, settings, DAEMON_STOPPED, daemons, now)
    # A stopped daemon makes every sensor late: one incident is enough.
    checked = check_markets_file(settings) | ({} if bad else sensors)
    bad += report_health(outbox, settings, SENSOR_FAILED, checked, now)
    # A stopped daemon sends no alerts: send those that wait here, at once and ungrouped.
    sending = settings.copy_with("alerts", grouping_minutes=0) if bad else settings
    delivered = in_one_line(drain(sending, BUDGET_SECONDS))
    console.print(f"Teams: {delivered}", markup=False)
    for line in bad:
        console.print(line, style="red", markup=False)
    if bad:
        raise typer.Exit(1)
    console.print(f"{len(daemons)} daemons, {len(sensors)} sensors and schedules are well.", markup=False)


def _settings_or_exit() -> Settings:
    """Load the settings, with the last good markets if the markets file cannot be used: that is an alert."""
    try:
        return load_watchdog_settings(os.environ | {"DAGSTER_HOME": str(dagster_home())})
    except SettingsError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
