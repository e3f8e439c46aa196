"""When a cycle is due: pure arithmetic on months and times, no Dagster, no store and no clock.

The cycle of a closed month is due on the 10th of the next month, 06:00 in the company's time zone. A delivery may come
until its deadline, some days later at the same hour.
"""

import datetime
from zoneinfo import ZoneInfo

import pandas as pd

CYCLE_DAY, CYCLE_HOUR = 10, 6
CRON = f"0 {CYCLE_HOUR} {CYCLE_DAY} * *"


def closed_month(at: datetime.datetime, time_zone: str) -> pd.Timestamp:
    """The last month that has ended at a moment, by the calendar of the time zone; a moment without zone is UTC."""
    return _this_month(at, time_zone) - pd.DateOffset(months=1)


def due_at(month: pd.Timestamp, time_zone: str) -> pd.Timestamp:
    """When the cycle of a closed month is due."""
    return _at_cycle_hour(month + pd.DateOffset(months=1, days=CYCLE_DAY - 1), time_zone)


def deadline_at(month: pd.Timestamp, time_zone: str, days: int) -> pd.Timestamp:
    """Until when the deliveries of a closed month may come: so many days after it is due, at the same hour."""
    return _at_cycle_hour(month + pd.DateOffset(months=1, days=CYCLE_DAY - 1 + days), time_zone)


def due_month(at: datetime.datetime, time_zone: str) -> pd.Timestamp:
    """The last month whose cycle is due at a moment."""
    month = closed_month(at, time_zone)
    return month if due_at(month, time_zone) <= _aware(at) else month - pd.DateOffset(months=1)


def cycle_id_of(env: str, month: pd.Timestamp, tag: str | None = None) -> str:
    """Id of the cycle of a month: the same over all markets, processes, machines and retries.

    ``<env>-<YYYY-MM>``, or what the run tag ``forecast/cycle_id`` says. A tag that begins with a dot (``.r2``) is the
    revision of every month of a range run: ``<env>-<YYYY-MM>.r2``.
    """
    derived = f"{env}-{month:%Y-%m}"
    return derived + tag if tag and tag.startswith(".") else tag or derived


def run_key_of(cycle_id: str, country: str) -> str:
    """Run key of a market's cycle, whoever starts it."""
    return f"cycle:{cycle_id}:{country}"


def _this_month(at: datetime.datetime, time_zone: str) -> pd.Timestamp:
    local = _aware(at).tz_convert(time_zone)
    return pd.Timestamp(year=local.year, month=local.month, day=1).as_unit("ns")


def _aware(at: datetime.datetime) -> pd.Timestamp:
    moment = pd.Timestamp(at)
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment


def _at_cycle_hour(day: pd.Timestamp, time_zone: str) -> pd.Timestamp:
    return pd.Timestamp(day.year, day.month, day.day, CYCLE_HOUR, tz=ZoneInfo(time_zone))
