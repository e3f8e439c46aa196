"""One clock: at every hour, partitions, schedule, sensors, deadlines and cards mean the same closed month.

Expected months come from the calendar of the standard library.
"""

import dataclasses
import datetime
import json
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import dagster as dg
import pandas as pd
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context

from forecast_assets.alerts.heartbeat import month_of_heartbeat
from forecast_assets.config.settings import Settings
from forecast_assets.defs.schedules import SCHEDULE, build_schedules
from forecast_assets.defs.sensors import fallback_publication, freeze_month
from forecast_assets.defs.sensors.arrivals import poll_at
from forecast_assets.defs.sensors.retune import retunes
from forecast_assets.defs.sensors.run_failures import market_and_month
from forecast_assets.domain.cycle_calendar import closed_month, deadline_at, due_month
from forecast_assets.operations.cycle.cycle_gate import CycleGate
from forecast_assets.operations.health.watchdog import Health, report_health
from forecast_assets.partitions import build_partitions
from forecast_assets.sources.landing.arrivals import MonthDelivery
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.repository_settings import loaded

# From the first place on earth where a month ends to the last. Havana repeats the hour after midnight of 1 November
# 2026, Apia left out 30 December 2011, Adelaide is half an hour off.
ZONES = [
    "Pacific/Kiritimati", "Australia/Adelaide", "Europe/Paris", "UTC", "America/Havana", "Pacific/Pago_Pago",
]  # fmt: skip
ENDS = [datetime.datetime(2024 + at // 12, at % 12 + 1, 1, tzinfo=datetime.UTC) for at in range(36)]
HOURS = range(-15, 16)
MARKETS = """markets:
  - {code: "FR", name: F, iso2: "FR", iso3: FRA, region: Europe, since: 2023-01-01}
"""


@pytest.fixture(params=ZONES)
def settings(request, tmp_path):
    (tmp_path / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    (tmp_path / "landing").mkdir()
    return loaded(
        FORECAST_MARKETS=str(tmp_path / "markets.yaml"), FORECAST_TIME_ZONE=request.param, FORECAST_ENV="dev",
        FORECAST_STORE=str(tmp_path / "store"), FORECAST_LANDING=str(tmp_path / "landing"), FORECAST_RETUNE_TRIALS="2",
    )  # fmt: skip


def month_before(moment: datetime.datetime, zone: str) -> datetime.date:
    """The last closed month by the date on the wall of a zone."""
    first = moment.astimezone(ZoneInfo(zone)).date().replace(day=1)
    return (first - datetime.timedelta(days=1)).replace(day=1)


def last_due(moment: datetime.datetime, zone: str) -> datetime.date:
    """The last month whose cycle has started: on the 10th at six on the wall of a zone."""
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    closed = month_before(moment, zone)
    if local >= local.replace(day=10, hour=6, minute=0, second=0, microsecond=0):
        return closed
    return (closed - datetime.timedelta(days=1)).replace(day=1)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: f"{end:%Y-%m}")
def test_a_month_is_a_partition_in_the_hour_in_which_it_closes_everywhere(end):
    for zone in ZONES:
        months = dg.MonthlyPartitionsDefinition("2023-01-01", timezone=zone)
        for hour in HOURS:
            moment = end + datetime.timedelta(hours=hour)
            expected = month_before(moment, zone)
            assert closed_month(moment, zone).date() == expected
            with partition_loading_context(moment):
                assert months.get_last_partition_key() == f"{expected}"


def test_partitions_end_with_the_month_that_closed_in_the_zone_of_the_company(settings):
    zone, partitions = settings.automation.time_zone, build_partitions(settings)
    for hour in HOURS:
        moment = ENDS[5] + datetime.timedelta(hours=hour)
        keys = partitions.market_months.get_partition_keys(current_time=moment)
        assert keys[-1] == f"FR|{month_before(moment, zone)}"


@dataclasses.dataclass(frozen=True)
class MonthsStored:
    """A store that lists partitions and holds nothing else."""

    tables: dict[str, list[PartitionKey]]

    def list_partitions(self, table: str) -> list[PartitionKey]:
        return self.tables.get(table, [])


def moments_around_turns(zone: str) -> list[datetime.datetime]:
    """Hours around a month's end and the start of the cycle, and the minutes and hours beside each in the zone."""
    moments = []
    for turn in (ENDS[5], ENDS[5] + datetime.timedelta(days=9, hours=6)):
        on_the_wall = turn.replace(tzinfo=ZoneInfo(zone)).astimezone(datetime.UTC)
        moments += [turn + datetime.timedelta(hours=hour) for hour in HOURS[::5]]
        moments += [on_the_wall + datetime.timedelta(minutes=minutes) for minutes in (-60, -1, 0, 1, 60)]
    return moments


def test_each_sensor_takes_the_month_that_is_due_or_closed_around_each_turn(settings, monkeypatch):
    zone = settings.automation.time_zone
    asked = months_asked_for(settings, monkeypatch)
    partitions = build_partitions(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        for moment in moments_around_turns(zone):
            now, due, closed = pd.Timestamp(moment), last_due(moment, zone), month_before(moment, zone)
            with partition_loading_context(moment):
                assert partitions.months.has_partition_key(f"{due}")
                assert partitions.months.get_last_partition_key() == f"{closed}"
            fallback_publication.after_failures(settings, instance, now)
            assert asked.pop() == due
            (prepared,) = freeze_month.requests_over_all_markets(settings, instance, now)
            assert (prepared.job_name, prepared.partition_key) == ("totals_known", f"{closed}")
            assert prepared.run_key.startswith(f"totals_known:dev-{due:%Y-%m}:")
            assert retunes(settings, instance, now)[1].startswith(f"{due:%Y-%m}: ")
            assert market_and_month(SimpleNamespace(tags={}), moment, zone)[1].date() == closed


def months_asked_for(settings: Settings, monkeypatch) -> list[datetime.date]:
    """Give the sensors a store that lacks no month of totals, and list the months whose cycles they look for."""
    months = pd.date_range("2023-01-01", "2025-12-01", freq="MS")
    stored = MonthsStored({"demand_totals": [PartitionKey(month) for month in months]})
    for module in ("fallback_publication", "freeze_month", "retune"):
        monkeypatch.setattr(f"forecast_assets.defs.sensors.{module}.open_store", lambda _: stored)
    asked: list[datetime.date] = []
    monkeypatch.setattr(fallback_publication, "_latest_cycle", lambda _, market, month: asked.append(month.date()))
    return asked


def test_arrivals_and_the_watchdog_take_the_same_month(settings, monkeypatch):
    zone, outbox = settings.automation.time_zone, Incidents()
    asked = months_looked_for(monkeypatch)
    with dg.DagsterInstance.ephemeral() as instance:
        for moment in moments_around_turns(zone):
            polled = poll_at(settings, instance, None, pd.Timestamp(moment))
            due, closed = last_due(moment, zone), month_before(moment, zone)
            assert (json.loads(polled.cursor)["month"], asked.pop()) == (f"{due:%Y-%m}", due)
            report_health(outbox, settings, "daemon_stopped", {"x": Health(False, "x")}, moment)
            assert (outbox.last.month.date(), outbox.cycle_id) == (closed, f"dev-{closed:%Y-%m}")
            local = moment.astimezone(ZoneInfo(zone))
            heartbeat = month_of_heartbeat(moment, 10, zone)
            assert heartbeat == (pd.Timestamp(closed) if local.day >= 10 else None)


def months_looked_for(monkeypatch) -> list[datetime.date]:
    """Give the gate a delivery that has not come, and list the months that it is asked for."""
    asked: list[datetime.date] = []

    def delivery(gate: CycleGate, country: str, month: pd.Timestamp, *_: object) -> MonthDelivery:
        asked.append(month.date())
        return MonthDelivery(("sell_in",), (), "", None)

    monkeypatch.setattr(CycleGate, "delivery", delivery)
    return asked


class Incidents:
    """An outbox that keeps the last incident."""

    def report(self, incidents, cycle_id: str) -> None:
        self.last, self.cycle_id = incidents[-1], cycle_id

    def close(self, *_) -> None:
        """Nothing is open."""


def test_the_schedule_asks_for_a_month_that_is_a_partition_at_each_tick(settings):
    zone, partitions = settings.automation.time_zone, build_partitions(settings)
    (schedule,) = build_schedules(settings)
    assert (schedule.name, schedule.execution_timezone) == (SCHEDULE, zone)
    for end in ENDS:
        tick = datetime.datetime(end.year, end.month, 10, 6, tzinfo=ZoneInfo(zone))
        (request,) = schedule(dg.build_schedule_context(scheduled_execution_time=tick))
        assert str(request.partition_key) == f"FR|{month_before(tick, zone)}" == f"FR|{last_due(tick, zone)}"
        with partition_loading_context(tick):
            assert partitions.months.get_last_partition_key() == request.partition_key.keys_by_dimension["month"]


def test_deadlines_are_at_the_hour_of_the_cycle_on_the_wall_of_the_company(settings):
    zone = settings.automation.time_zone
    for end in ENDS:
        month = due_month(end + datetime.timedelta(days=20), zone)
        local = deadline_at(month, zone, 5).tz_convert("UTC").to_pydatetime().astimezone(ZoneInfo(zone))
        assert (local.date(), local.hour) == (end.date().replace(day=15), 6)
