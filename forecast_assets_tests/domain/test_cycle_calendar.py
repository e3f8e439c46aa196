"""When cycles are due, month by month, against the calendar of the standard library."""

import datetime
import itertools
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from forecast_assets.domain.cycle_calendar import closed_month, cycle_id_of, deadline_at, due_at, due_month, run_key_of

MONTHS = [(year, month) for year in (2024, 2025, 2026) for month in range(1, 13)]
ZONES = ["UTC", "Europe/Paris", "America/Sao_Paulo", "Pacific/Auckland"]


def month(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"{text}-01")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("year", "number"), MONTHS)
def test_at_six_on_the_tenth_the_month_before_is_closed_and_due(year, number, zone):
    tick = datetime.datetime(year, number, 10, 6, tzinfo=ZoneInfo(zone))
    before = pd.Timestamp(datetime.date(year, number, 1) - datetime.timedelta(days=1)).replace(day=1)
    assert closed_month(tick, zone) == due_month(tick, zone) == before
    assert due_at(before, zone) == pd.Timestamp(tick)
    assert (due_at(before, zone).hour, due_at(before, zone).day) == (6, 10)
    a_second_before = tick - datetime.timedelta(seconds=1)
    assert due_month(a_second_before, zone) == before - pd.DateOffset(months=1)


@pytest.mark.parametrize("zone", ZONES)
def test_hours_between_two_cycles_follow_the_calendar_and_summer_time(zone):
    ticks = [datetime.datetime(year, number, 10, 6, tzinfo=ZoneInfo(zone)) for year, number in MONTHS]
    for earlier, later in itertools.pairwise(ticks):
        hours = (later.astimezone(datetime.UTC) - earlier.astimezone(datetime.UTC)).total_seconds() / 3600
        due = [due_at(closed_month(tick, zone), zone) for tick in (earlier, later)]
        assert (due[1] - due[0]).total_seconds() / 3600 == hours


@pytest.mark.parametrize(
    ("at", "zone", "closed"),
    [
        ("2024-02-29T23:59:59+00:00", "UTC", "2024-01"),
        ("2024-03-01T00:00:00+00:00", "UTC", "2024-02"),
        ("2024-12-31T23:30:00+00:00", "UTC", "2024-11"),
        # In Paris it is New Year half an hour later than in UTC minus one hour: the month has closed there first.
        ("2024-12-31T23:30:00+00:00", "Europe/Paris", "2024-12"),
        ("2025-01-01T02:30:00+00:00", "America/Sao_Paulo", "2024-11"),
        ("2025-03-31T11:30:00+00:00", "Pacific/Auckland", "2025-03"),
        # A moment without zone is UTC.
        ("2025-03-01T00:00:00", "UTC", "2025-02"),
    ],
)
def test_a_month_closes_by_the_calendar_of_the_company(at, zone, closed):
    assert closed_month(datetime.datetime.fromisoformat(at), zone) == month(closed)


@pytest.mark.parametrize(
    ("closed", "zone", "utc"),
    [("2024-12", "Europe/Paris", "2025-01-10T05:00"), ("2025-05", "Europe/Paris", "2025-06-10T04:00"),
     ("2024-02", "UTC", "2024-03-10T06:00"), ("2024-01", "UTC", "2024-02-10T06:00")],
)  # fmt: skip
def test_six_in_paris_is_another_hour_of_utc_in_summer(closed, zone, utc):
    assert due_at(month(closed), zone).tz_convert("UTC") == pd.Timestamp(utc, tz="UTC")


def test_the_deadline_is_days_later_at_the_same_hour_of_the_clock():
    # The clocks of the United States went forward on 10 March 2024: 5 days of them are 119 hours from the 9th on.
    assert deadline_at(month("2024-02"), "UTC", 5) == pd.Timestamp("2024-03-15T06:00Z")
    assert deadline_at(month("2025-02"), "Europe/Paris", 20) == pd.Timestamp("2025-03-30T06:00", tz="Europe/Paris")
    gone = deadline_at(month("2025-02"), "Europe/Paris", 20) - due_at(month("2025-02"), "Europe/Paris")
    assert gone == pd.Timedelta(days=20) - pd.Timedelta(hours=1)


def test_a_clock_that_is_set_back_gives_the_same_cycle_and_run_key():
    tick = datetime.datetime(2025, 1, 10, 6, tzinfo=datetime.UTC)
    keys = {run_key_of(cycle_id_of("prod", closed_month(at, "UTC")), "FR")
            for at in (tick, tick - datetime.timedelta(hours=3), tick + datetime.timedelta(days=20))}  # fmt: skip
    assert keys == {"cycle:prod-2024-12:FR"}


def test_a_revision_is_added_to_the_id_of_each_month_and_another_tag_is_the_id():
    june = month("2024-06")
    assert cycle_id_of("prod", june) == cycle_id_of("prod", june, "") == "prod-2024-06"
    assert cycle_id_of("prod", june, ".r2") == "prod-2024-06.r2"
    assert cycle_id_of("prod", june, "prod-2024-05.r2") == "prod-2024-05.r2"
