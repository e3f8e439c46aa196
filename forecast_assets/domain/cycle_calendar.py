"""Due dates, deadlines and ids of cycles: pure arithmetic on months and times.

The cycle of a closed month is due on the 10th of the next month, 06:00 in the company's time zone. A delivery may come
until its deadline, some days later at the same hour. Partitions, schedule, sensors, commands and cards take the date
from here, in the same zone. No Dagster, no store and no clock: callers pass the moment.
"""

import datetime
from zoneinfo import ZoneInfo

import pandas as pd

CYCLE_DAY, CYCLE_HOUR = 10, 6
CRON = f"0 {CYCLE_HOUR} {CYCLE_DAY} * *"


def local_date(at: datetime.datetime, time_zone: str) -> pd.Timestamp:
    """Return the calendar date of a moment in a time zone, as midnight without zone; without zone it is read as UTC."""
    # The zone rules of pytz, which pandas takes for a name, may be of another year than those Dagster uses.
    local = _aware(at).tz_convert(ZoneInfo(time_zone))
    return pd.Timestamp(year=local.year, month=local.month, day=local.day).as_unit("ns")


def closed_month(at: datetime.datetime, time_zone: str) -> pd.Timestamp:
    """Return the last month that has ended at a moment by the calendar of a time zone."""
    return local_date(at, time_zone).replace(day=1) - pd.DateOffset(months=1)


def due_at(month: pd.Timestamp, time_zone: str) -> pd.Timestamp:
    """Return the moment at which the cycle of a closed month is due."""
    return _at_cycle_hour(month + pd.DateOffset(months=1, days=CYCLE_DAY - 1), time_zone)


def deadline_at(month: pd.Timestamp, time_zone: str, days: int) -> pd.Timestamp:
    """Return the deadline for deliveries of a closed month: ``days`` after its cycle is due, at the same hour."""
    return _at_cycle_hour(month + pd.DateOffset(months=1, days=CYCLE_DAY - 1 + days), time_zone)


def due_month(at: datetime.datetime, time_zone: str) -> pd.Timestamp:
    """Return the last month whose cycle is due at a moment."""
    month = closed_month(at, time_zone)
    return month if due_at(month, time_zone) <= _aware(at) else month - pd.DateOffset(months=1)


def cycle_id_of(env: str, month: pd.Timestamp, tag: str | None = None) -> str:
    """Return the id of a month's cycle: the same for all markets, processes, machines and retries.

    Args:
        env: Name of the environment.
        month: The closed month.
        tag: Value of the run tag ``forecast/cycle_id``, if the run has one. A tag such as ``.r2`` (with a leading dot)
            is the revision of every month of a range run and is appended. Any other tag is the id itself.

    Returns:
        ``<env>-<YYYY-MM>``, ``<env>-<YYYY-MM>.r2`` or the tag.
    """
    derived = f"{env}-{month:%Y-%m}"
    return derived + tag if tag and tag.startswith(".") else tag or derived


def run_key_of(cycle_id: str, country: str) -> str:
    """Return the run key of a market's cycle; schedules, sensors and commands use the same."""
    return f"cycle:{cycle_id}:{country}"


def _aware(at: datetime.datetime) -> pd.Timestamp:
    moment = pd.Timestamp(at)
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment


def _at_cycle_hour(day: pd.Timestamp, time_zone: str) -> pd.Timestamp:
    return pd.Timestamp(day.year, day.month, day.day, CYCLE_HOUR, tz=ZoneInfo(time_zone))
