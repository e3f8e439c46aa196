"""Is what should run by itself running? Looks at daemons, sensors and schedules in Dagster's instance.

The sensor ``watchdog`` looks at sensors and schedules; a daemon that has stopped can run no sensor, so the command
``forecast-assets watchdog``, started from outside, looks at the daemons as well.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg
import pandas as pd
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorState, InstigatorTick, TickStatus
from dagster._utils.schedules import reverse_cron_string_iterator

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings

SENSOR_FAILED, DAEMON_STOPPED = "sensor_failed", "daemon_stopped"
# Daemons renew their heartbeat every 30 s and are busy for longer when a tick is slow.
HEARTBEAT_SECONDS = 300
# Without a tick for so long, or for five intervals, a sensor has stopped. Ticks wait for one another: be patient.
TICK_SECONDS, TICK_INTERVALS = 900, 5
ERROR_LENGTH = 300


def watch_sensors(
    instance: dg.DagsterInstance, sensors: Collection[str], schedules: Sequence[dg.ScheduleDefinition], now: datetime
) -> dict[str, tuple[bool, str, tuple[tuple[str, str], ...]]]:
    """Look at the sensors and schedules of the code location that are switched on.

    Args:
        instance: Where the ticks are.
        sensors: Names of the sensors of the code location: others leave states behind that nobody ticks.
        schedules: Its schedules.
        now: Time with zone.

    Returns:
        By name: whether it is well, what was found in one line, and facts. Those never seen by a daemon, or switched
        off, are left out. Not well: the last finished tick failed; the last tick of a sensor began more than 15 minutes
        and 5 of its intervals ago; the scheduler has not come to a schedule since a time of it that was more than 15
        minutes ago.
    """
    by_name = {schedule.name: schedule for schedule in schedules}
    names = {*sensors, *by_name}
    latest: dict[str, InstigatorState] = {}
    for state in instance.all_instigator_state():
        known = latest.get(state.instigator_name)
        if state.instigator_name in names and (known is None or _last_tick(state) >= _last_tick(known)):
            latest[state.instigator_name] = state
    found = {}
    for name, state in latest.items():
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=3)
        late = _overdue(by_name[name], state, ticks, now) if state.is_running and name in by_name else ""
        if late:
            found[name] = (False, late, ())
        elif state.is_running and ticks:
            found[name] = _judged(name, state, ticks, now)
    return found


def _overdue(
    schedule: dg.ScheduleDefinition, state: InstigatorState, ticks: Sequence[InstigatorTick], now: datetime
) -> str:
    """The time of a schedule that has passed without a tick, in one line; empty where none has.

    Times before the scheduler last came to the schedule are not missed: it was off then, or had other times.
    """
    data = state.instigator_data
    looks = [getattr(data, name, None) for name in ("start_timestamp", "last_iteration_timestamp")]
    # A tick carries the time it is of, not that at which the scheduler came to it.
    last = max((at for at in [*looks, *(tick.timestamp for tick in ticks)] if at), default=now.timestamp())
    cron, zone = str(schedule.cron_schedule), schedule.execution_timezone or "UTC"
    due = next(reverse_cron_string_iterator(now.timestamp() - TICK_SECONDS, cron, zone))
    if due.timestamp() <= last:
        return ""
    return f"{schedule.name} has not ticked for {due:%Y-%m-%d %H:%M} {zone}, {TICK_SECONDS / 60:.0f} min ago or more"


def _last_tick(state: InstigatorState) -> float:
    return (getattr(state.instigator_data, "last_tick_timestamp", None) or 0.0) if state.instigator_data else 0.0


def _judged(
    name: str, state: InstigatorState, ticks: list[InstigatorTick], now: datetime
) -> tuple[bool, str, tuple[tuple[str, str], ...]]:
    age = now.timestamp() - ticks[0].timestamp
    interval = getattr(state.instigator_data, "min_interval", None) or 0
    patience = max(TICK_SECONDS, TICK_INTERVALS * interval)
    if state.instigator_type is InstigatorType.SENSOR and age > patience:
        return False, f"{name} has not ticked for {age / 60:.0f} min, limit {patience / 60:.0f} min", ()
    finished = next((tick for tick in ticks if tick.status is not TickStatus.STARTED), None)
    if finished is None or finished.status is not TickStatus.FAILURE:
        return True, f"{name}: last tick {age / 60:.0f} min ago", ()
    error = finished.error.message.strip().splitlines()[0][:ERROR_LENGTH] if finished.error else "no error recorded"
    at = datetime.fromtimestamp(finished.timestamp, UTC)
    return False, f"{name}: the tick of {at:%Y-%m-%d %H:%M} UTC failed", (("error", error),)


def watch_daemons(
    instance: dg.DagsterInstance, now: datetime, heartbeat_seconds: float = HEARTBEAT_SECONDS
) -> dict[str, tuple[bool, str]]:
    """Look at the heartbeats of the daemons that the instance needs: whether each is well, and its age in words."""
    heartbeats = instance.get_daemon_heartbeats()
    found = {}
    for daemon in instance.get_required_daemon_types():
        if daemon not in heartbeats:
            found[daemon] = (False, f"{daemon} daemon has never run")
            continue
        age = now.timestamp() - heartbeats[daemon].timestamp
        words = f"{daemon} daemon: last heartbeat {age:.0f} s ago, limit {heartbeat_seconds:.0f} s"
        found[daemon] = (age <= heartbeat_seconds, words)
    return found


def tell_of_sensors(
    outbox: Outbox,
    settings: Settings,
    found: Mapping[str, tuple[bool, str, tuple[tuple[str, str], ...]]],
    now: datetime,
) -> list[str]:
    """Keep an incident for each sensor or schedule that is not well and a recovery for each that is; the incidents."""
    incidents = {
        name: Incident(SENSOR_FAILED, None, name, _month(now), "critical", words, facts)
        for name, (_, words, facts) in found.items()
    }
    return _tell(outbox, settings, {name: (found[name][0], incident) for name, incident in incidents.items()}, now)


def tell_of_daemons(
    outbox: Outbox, settings: Settings, found: Mapping[str, tuple[bool, str]], now: datetime
) -> list[str]:
    """The same for daemons."""
    incidents = {
        daemon: (is_well, Incident(DAEMON_STOPPED, None, daemon, _month(now), "critical", words))
        for daemon, (is_well, words) in found.items()
    }
    return _tell(outbox, settings, incidents, now)


def _tell(outbox: Outbox, settings: Settings, found: Mapping[str, tuple[bool, Incident]], now: datetime) -> list[str]:
    cycle_id = f"{settings.env}-{_month(now):%Y-%m}"
    bad = [incident for is_well, incident in found.values() if not is_well]
    outbox.report(bad, cycle_id)
    outbox.close([incident.key for is_well, incident in found.values() if is_well], cycle_id)
    return [incident.headline for incident in bad]


def _month(now: datetime) -> pd.Timestamp:
    """The last closed month."""
    return pd.Timestamp(now.year, now.month, 1) - pd.DateOffset(months=1)
