"""Checks that the daemons, sensors and schedules of Dagster's instance still run.

The sensor ``watchdog`` checks sensors and schedules. A stopped daemon can run no sensor, so the command
``forecast-assets watchdog``, started from outside, checks the daemons as well.
"""

import dataclasses
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.last_good_markets import markets_file_problem
from forecast_assets.config.settings import Settings
from forecast_assets.domain.cycle_calendar import closed_month, cycle_id_of
from forecast_assets.operations.dagster_internals import (
    InstigatorState,
    InstigatorTick,
    InstigatorType,
    TickStatus,
    reverse_cron_string_iterator,
)

SENSOR_FAILED, DAEMON_STOPPED = "sensor_failed", "daemon_stopped"
# Daemons renew their heartbeat every 30 s, later while a tick is slow.
HEARTBEAT_SECONDS = 300
# A sensor without a tick for this long, or for five intervals, has stopped. Ticks wait for one another: be patient.
TICK_SECONDS, TICK_INTERVALS = 900, 5
ERROR_LENGTH = 300


@dataclasses.dataclass(frozen=True)
class Health:
    """State of one daemon, sensor or schedule.

    Attributes:
        is_well: False if it has stopped or failed.
        headline: The state in one line.
        facts: Names and values that explain it.
    """

    is_well: bool
    headline: str
    facts: tuple[tuple[str, str], ...] = ()


def check_sensors(
    instance: dg.DagsterInstance, sensors: Collection[str], schedules: Sequence[dg.ScheduleDefinition], now: datetime
) -> dict[str, Health]:
    """Check the sensors and schedules of the code location that are switched on.

    A sensor or schedule is not well if its last finished tick failed. A sensor is not well, too, if its last tick began
    more than 15 minutes and 5 of its intervals ago. A schedule is not well if it missed a scheduled time more than 15
    minutes ago.

    Args:
        instance: The instance with the ticks.
        sensors: Names of the sensors of the code location; removed sensors leave states behind that never tick.
        schedules: Schedules of the code location.
        now: Time with zone.

    Returns:
        Health by name, without those that are switched off or that no daemon has run yet.
    """
    by_name = {schedule.name: schedule for schedule in schedules}
    names = {*sensors, *by_name}
    latest: dict[str, InstigatorState] = {}
    for state in instance.all_instigator_state():
        known = latest.get(state.instigator_name)
        if state.instigator_name in names and (known is None or _last_tick(state) >= _last_tick(known)):
            latest[state.instigator_name] = state
    health: dict[str, Health] = {}
    for name, state in latest.items():
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=3)
        late = _overdue(by_name[name], state, ticks, now) if state.is_running and name in by_name else ""
        if late:
            health[name] = Health(False, late)
        elif state.is_running and ticks:
            health[name] = _health(name, state, ticks, now)
    return health


def _overdue(
    schedule: dg.ScheduleDefinition, state: InstigatorState, ticks: Sequence[InstigatorTick], now: datetime
) -> str:
    """Describe the time of a schedule that passed without a tick; empty if there is none.

    Times before the scheduler last evaluated the schedule do not count: it was off then, or had other times.
    """
    data = state.instigator_data
    evaluated = [getattr(data, name, None) for name in ("start_timestamp", "last_iteration_timestamp")]
    # A tick carries its scheduled time, not the time at which the scheduler evaluated it.
    last = max((at for at in [*evaluated, *(tick.timestamp for tick in ticks)] if at), default=now.timestamp())
    cron, zone = str(schedule.cron_schedule), schedule.execution_timezone or "UTC"
    due = next(reverse_cron_string_iterator(now.timestamp() - TICK_SECONDS, cron, zone))
    if due.timestamp() <= last:
        return ""
    return f"{schedule.name} has not ticked for {due:%Y-%m-%d %H:%M} {zone}, {TICK_SECONDS / 60:.0f} min ago or more"


def _last_tick(state: InstigatorState) -> float:
    return (getattr(state.instigator_data, "last_tick_timestamp", None) or 0.0) if state.instigator_data else 0.0


def _health(name: str, state: InstigatorState, ticks: Sequence[InstigatorTick], now: datetime) -> Health:
    age = now.timestamp() - ticks[0].timestamp
    interval = getattr(state.instigator_data, "min_interval", None) or 0
    patience = max(TICK_SECONDS, TICK_INTERVALS * interval)
    if state.instigator_type is InstigatorType.SENSOR and age > patience:
        return Health(False, f"{name} has not ticked for {age / 60:.0f} min, limit {patience / 60:.0f} min")
    finished = next((tick for tick in ticks if tick.status is not TickStatus.STARTED), None)
    if finished is None or finished.status is not TickStatus.FAILURE:
        return Health(True, f"{name}: last tick {age / 60:.0f} min ago")
    error = finished.error.message.strip().splitlines()[0][:ERROR_LENGTH] if finished.error else "no error recorded"
    at = datetime.fromtimestamp(finished.timestamp, UTC)
    return Health(False, f"{name}: the tick of {at:%Y-%m-%d %H:%M} UTC failed", (("error", error),))


def check_markets_file(settings: Settings) -> dict[str, Health]:
    """Check that the markets file can be used now; if not, the services go on with the last good one."""
    name, problem = Path(settings.markets.file).name, markets_file_problem(settings)
    if not problem:
        return {name: Health(True, f"{name} can be used")}
    headline = f"{name} cannot be used; services go on with the last good one until it is corrected"
    return {name: Health(False, headline, (("error", problem[:ERROR_LENGTH]),))}


def check_daemons(
    instance: dg.DagsterInstance, now: datetime, heartbeat_seconds: float = HEARTBEAT_SECONDS
) -> dict[str, Health]:
    """Check the heartbeats of the daemons that the instance needs."""
    heartbeats = instance.get_daemon_heartbeats()
    health = {}
    for daemon in instance.get_required_daemon_types():
        if daemon not in heartbeats:
            health[daemon] = Health(False, f"{daemon} daemon has never run")
            continue
        age = now.timestamp() - heartbeats[daemon].timestamp
        headline = f"{daemon} daemon: last heartbeat {age:.0f} s ago, limit {heartbeat_seconds:.0f} s"
        health[daemon] = Health(age <= heartbeat_seconds, headline)
    return health


def report_health(outbox: Outbox, settings: Settings, kind: str, health: dict[str, Health], now: datetime) -> list[str]:
    """Open incidents for daemons, sensors and schedules that are not well, and close those of all others.

    Args:
        outbox: Outbox of the incidents.
        settings: Settings of the company.
        kind: ``SENSOR_FAILED`` for sensors and schedules, ``DAEMON_STOPPED`` for daemons.
        health: By name.
        now: Time with zone.

    Returns:
        Headlines of the incidents that are open.
    """
    month = closed_month(now, settings.automation.time_zone)
    cycle_id = cycle_id_of(settings.env, month)
    incidents = {
        name: Incident(kind, None, name, month, "critical", each.headline, each.facts) for name, each in health.items()
    }
    bad = [incident for name, incident in incidents.items() if not health[name].is_well]
    outbox.report(bad, cycle_id)
    outbox.close([incident.key for name, incident in incidents.items() if health[name].is_well], cycle_id)
    return [incident.headline for incident in bad]
