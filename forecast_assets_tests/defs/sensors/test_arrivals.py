"""The arrival sensor on a landing folder, a store and an instance: what it starts, what it tells, what it remembers."""

import json
import os

import dagster as dg
import pandas as pd
import pytest
from dagster._core.test_utils import create_run_for_test

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.defs.sensors.arrivals import Cursor, Poll, poll_at
from forecast_assets.defs.sensors.freeze_month import requests_over_all_markets
from forecast_assets.domain.cycle_calendar import due_month
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.tags import SOURCES
from forecast_assets_tests.defs.sensors.company import published_forecast
from forecast_assets_tests.repository_settings import loaded

OCTOBER, NOVEMBER = pd.Timestamp("2024-10-01"), pd.Timestamp("2024-11-01")
DUE, OVERDUE = pd.Timestamp("2024-12-10T06:30Z"), pd.Timestamp("2024-12-15T06:01Z")
MARKETS = """markets:
  - {code: "FR", name: F, iso2: "FR", iso3: FRA, region: Europe, since: 2024-10-01}
  - {code: "NO", name: N, iso2: "NO", iso3: NOR, region: Europe, since: 2024-10-01, stage: shadow}
  - {code: "IT", name: I, iso2: "IT", iso3: ITA, region: Europe, since: 2024-10-01, stage: retired}
"""
KEY = "cycle:dev-2024-11"


class ArrivalPolls:
    """A company whose October is in the store; one look of the sensor after the other."""

    def __init__(self, base, instance) -> None:
        self.base, self.instance, self.cursor = base, instance, None
        (base / "markets.yaml").write_text(MARKETS, encoding="utf-8")
        (base / "landing").mkdir()
        self.settings = loaded(
            FORECAST_STORE=str(base / "store"), FORECAST_LANDING=str(base / "landing"),
            FORECAST_MARKETS=str(base / "markets.yaml"),
        )  # fmt: skip
        for code in ("FR", "NO"):
            for source in SOURCES:
                self.store(source, code, OCTOBER)

    def store(self, table: str, code: str | None, month: pd.Timestamp) -> None:
        """A file where the store would have it: only its name is looked at."""
        file = self.base / "store" / table / PartitionKey(month, code).folder / f"{table}.parquet"
        file.parent.mkdir(parents=True)
        file.touch()

    def publish(self, code: str, run_id: str) -> None:
        place, made_by = PartitionKey(NOVEMBER, code), Provenance(run_id, "dev-2024-11", "none")
        store = TableStore(self.settings.store.address)
        store.write(table_specs()["published_forecasts"], place, published_forecast(NOVEMBER), made_by)

    def deliver(self, code: str, units: int = 1, at: pd.Timestamp = DUE) -> None:
        file = self.base / "landing" / "sell_in" / f"{code}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"country,sku,month,units\n{code},A,2024-11,{units}\n", encoding="utf-8")
        os.utime(file, (at.timestamp(),) * 2)

    def run(self, code: str, status: dg.DagsterRunStatus, job: str = "monthly_cycle", **tags: str) -> str:
        key = {"dagster/partition": f"{code}|2024-11-01", "forecast/market": code}
        return create_run_for_test(self.instance, job_name=job, status=status, tags=key | tags).run_id

    def look(self, now: pd.Timestamp = DUE, minutes: int = 0) -> list[dg.RunRequest]:
        now += pd.Timedelta(minutes=minutes)
        cursor = Cursor.read(self.cursor, NOVEMBER, now.timestamp(), 180)
        self.last = Poll(self.settings, self.instance, NOVEMBER, now, cursor)
        requests = [request for market in self.last.markets() if (request := self.last.request_for(market))]
        self.last.report()
        self.cursor = cursor.write()
        return requests

    def open(self) -> list[str]:
        return [incident.key for incident in Outbox.of(self.settings).open_incidents()]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast_assets.sources.landing.listing.TIMES", ("mtime", "last_modified"))
    with dg.DagsterInstance.ephemeral() as instance:
        yield ArrivalPolls(tmp_path, instance)


WAITED = {"forecast/waits_for": "no sell_in of the month"}


def test_a_market_whose_run_waited_is_started_once_its_file_has_stopped_changing(desk):
    desk.run("FR", dg.DagsterRunStatus.SUCCESS, **WAITED)
    assert desk.look() == []
    assert "FR: no sell_in of the month" in desk.last.in_words()
    desk.deliver("FR", at=DUE + pd.Timedelta(minutes=1))
    assert desk.look(minutes=1) == []
    assert "FR: still being written: sell_in/FR.csv" in desk.last.in_words()
    (request,) = desk.look(minutes=2)
    assert request.job_name == "monthly_cycle"
    assert str(request.partition_key) == "FR|2024-11-01"
    assert request.run_key.startswith(f"{KEY}:FR:")
    assert request.tags["forecast/delivery"] == request.run_key.rpartition(":")[2]


def test_the_same_files_are_never_started_on_twice(desk):
    desk.run("FR", dg.DagsterRunStatus.SUCCESS, **WAITED)
    desk.deliver("FR")
    (request,) = desk.look(minutes=5)
    desk.run("FR", dg.DagsterRunStatus.SUCCESS, **WAITED, **{"dagster/run_key": request.run_key})
    assert desk.look(minutes=6) == []
    assert "monthly_cycle has been tried with these files" in desk.last.in_words()
    desk.deliver("FR", units=2, at=DUE + pd.Timedelta(minutes=1))
    assert [again.run_key == request.run_key for again in desk.look(minutes=7)] == [False]


def test_beside_a_run_nothing_is_started(desk):
    desk.deliver("FR")
    desk.run("FR", dg.DagsterRunStatus.STARTED)
    assert [desk.look(minutes=minutes) for minutes in range(5)] == [[]] * 5


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_beside_another_run_of_the_market_nothing_is_started(desk, status):
    desk.run("FR", dg.DagsterRunStatus.SUCCESS, **WAITED)
    desk.deliver("FR")
    desk.run("FR", dg.DagsterRunStatus[status], job="ingest", **{"dagster/partition": "FR|2024-10-01"})
    assert desk.look(minutes=5) == []
    desk.run("NO", dg.DagsterRunStatus.SUCCESS, **WAITED)
    desk.deliver("NO")
    assert [request.tags["forecast/market"] for request in desk.look(minutes=7)] == ["NO"]


def test_a_fallback_after_a_cycle_that_waited_is_replaced_when_the_delivery_comes(desk):
    desk.run("FR", dg.DagsterRunStatus.SUCCESS, **WAITED)
    desk.publish("FR", desk.run("FR", dg.DagsterRunStatus.SUCCESS, "publish_fallback"))
    assert desk.look(minutes=1) == []
    assert "FR: no sell_in of the month" in desk.last.in_words()
    desk.deliver("FR")
    (request,) = desk.look(minutes=5)
    assert (request.job_name, str(request.partition_key)) == ("monthly_cycle", "FR|2024-11-01")


def test_a_missed_schedule_is_made_good_after_five_minutes_under_the_key_of_the_schedule(desk):
    desk.deliver("FR", at=DUE - pd.Timedelta(hours=1))
    assert [desk.look(minutes=minutes) for minutes in (0, 2, 4)] == [[]] * 3
    assert [request.run_key for request in desk.look(minutes=5)] == [f"{KEY}:FR"]


def test_after_a_pause_of_the_daemon_the_schedule_has_its_five_minutes_again(desk):
    desk.deliver("FR", at=DUE - pd.Timedelta(hours=1))
    assert [desk.look(minutes=minutes) for minutes in (0, 2, 4, 60, 62, 64)] == [[]] * 6
    assert len(desk.look(minutes=65)) == 1


def test_a_published_month_is_left_alone(desk):
    desk.deliver("FR")
    desk.store("published_forecasts", "FR", NOVEMBER)
    assert [desk.look(minutes=minutes) for minutes in range(4)] == [[]] * 4


def test_a_failed_run_is_followed_by_a_new_delivery_only(desk):
    desk.deliver("FR", at=DUE)
    desk.run("FR", dg.DagsterRunStatus.FAILURE)
    assert desk.look(minutes=5) == []
    assert "its run failed, nothing new has been delivered since" in desk.last.in_words()
    desk.deliver("FR", units=2, at=pd.Timestamp.now("UTC") + pd.Timedelta(hours=1))
    desk.look(minutes=6)
    assert len(desk.look(minutes=7)) == 1


@pytest.mark.parametrize("job", ["champion_cycle", "publish_fallback"])
def test_what_was_published_for_want_of_a_cycle_is_replaced_after_a_new_delivery_only(desk, job):
    desk.deliver("FR", at=DUE)
    desk.run("FR", dg.DagsterRunStatus.FAILURE)
    desk.publish("FR", desk.run("FR", dg.DagsterRunStatus.SUCCESS, job))
    assert [desk.look(minutes=minutes) for minutes in (5, 6)] == [[], []]
    assert "its run failed, nothing new has been delivered since" in desk.last.in_words()
    desk.deliver("FR", units=2, at=pd.Timestamp.now("UTC") + pd.Timedelta(hours=1))
    desk.look(minutes=7)
    (request,) = desk.look(minutes=8)
    assert (request.job_name, str(request.partition_key)) == ("monthly_cycle", "FR|2024-11-01")


def test_a_month_that_a_cycle_published_before_it_failed_is_left_alone_whatever_is_delivered(desk):
    desk.publish("FR", desk.run("FR", dg.DagsterRunStatus.FAILURE))
    desk.deliver("FR", units=2, at=pd.Timestamp.now("UTC") + pd.Timedelta(hours=1))
    assert [desk.look(minutes=minutes) for minutes in (5, 6)] == [[], []]


def test_what_is_missing_of_the_months_before_is_ingested_first(desk):
    desk.run("FR", dg.DagsterRunStatus.SUCCESS, **WAITED)
    (desk.base / "store" / "sell_out" / "country=FR" / "month=2024-10-01" / "sell_out.parquet").unlink()
    desk.deliver("FR")
    (request,) = desk.look(minutes=5)
    assert request.job_name == "ingest"
    assert request.tags["dagster/asset_partition_range_start"] == "FR|2024-10-01"
    assert request.tags["dagster/asset_partition_range_end"] == "FR|2024-10-01"
    assert "forecast/cycle_id" not in request.tags


def test_an_overdue_delivery_is_told_once_and_closed_when_it_comes(desk):
    for code in ("FR", "NO"):
        desk.run(code, dg.DagsterRunStatus.SUCCESS, **WAITED)
    desk.look()
    assert desk.open() == []
    desk.look(OVERDUE)
    desk.look(OVERDUE, minutes=1)
    assert sorted(desk.open()) == ["source_missing|FR|delivery", "source_missing|NO|delivery"]
    incident = Outbox.of(desk.settings).open_incidents()[0]
    assert incident.headline == (
        "FR: no sell_in of the month (2024-11), due by 15 December 06:00. What is published stays."
    )
    desk.deliver("FR", at=OVERDUE)
    (request,) = desk.look(OVERDUE, minutes=5)
    assert request.run_key.startswith(f"{KEY}:FR:")
    assert desk.open() == ["source_missing|NO|delivery"]
    desk.publish("NO", "run-of-another-machine")
    desk.look(OVERDUE, minutes=6)
    assert desk.open() == []


def test_a_look_that_takes_too_long_goes_on_at_the_next_one(desk, monkeypatch):
    desk.deliver("FR")
    desk.deliver("NO")
    for code in ("FR", "NO"):
        desk.run(code, dg.DagsterRunStatus.SUCCESS, **WAITED)
    times = iter([0.0, 0.0, 31.0])
    monkeypatch.setattr("forecast_assets.defs.sensors.arrivals.time.monotonic", lambda: next(times))
    first = [request.tags["forecast/market"] for request in desk.look(minutes=5)]
    monkeypatch.setattr("forecast_assets.defs.sensors.arrivals.time.monotonic", lambda: 0.0)
    second = [request.tags["forecast/market"] for request in desk.look(minutes=6)]
    assert (first, second) == (["FR"], ["NO", "FR"])


def test_the_cursor_starts_anew_with_a_new_month():
    old = Cursor(month="2024-10", at=0, fingerprints={"FR": "a"}, first_seen={"FR": 9.0}).write()
    assert Cursor.read(old, NOVEMBER, 10, 180) == Cursor(month="2024-11", at=10)
    assert Cursor.read(None, NOVEMBER, 10, 180) == Cursor(month="2024-11", at=10)


def test_the_sensor_as_the_daemon_calls_it_asks_about_the_month_that_is_due(desk):
    from forecast_assets.defs.sensors.arrivals import build_arrivals_sensor

    before = due_month(pd.Timestamp.now("UTC"), "UTC")
    context = dg.build_sensor_context(instance=desk.instance)
    data = build_arrivals_sensor(desk.settings).evaluate_tick(context)
    after = due_month(pd.Timestamp.now("UTC"), "UTC")
    assert data.run_requests == []
    cursor = json.loads(data.cursor)
    assert cursor["month"] in {f"{month:%Y-%m}" for month in (before, after)}
    assert set(cursor["fingerprints"]) == {"FR", "NO"}
    assert data.skip_message.startswith(f"{cursor['month']}: FR: no sell_in of the month")


def test_the_sensor_starts_where_its_last_poll_stopped(desk):
    for code in ("FR", "NO"):
        desk.deliver(code)
        desk.run(code, dg.DagsterRunStatus.SUCCESS, **WAITED)
    stopped = Cursor(month="2024-11", at=DUE.timestamp(), first="NO").write()
    polled = poll_at(desk.settings, desk.instance, stopped, DUE + pd.Timedelta(minutes=5))
    assert [request.tags["forecast/market"] for request in polled.run_requests] == ["NO", "FR"]
    assert json.loads(polled.cursor) | {"fingerprints": {}} == {
        "month": "2024-11", "at": (DUE + pd.Timedelta(minutes=5)).timestamp(), "fingerprints": {}, "first": "",
        "first_seen": dict.fromkeys(("NO", "FR"), (DUE + pd.Timedelta(minutes=5)).timestamp()), "changed": {},
    }  # fmt: skip


def test_over_all_markets_history_is_frozen_and_the_month_after_prepared(desk):
    """On the 3rd of December: October was frozen, November has closed and is not due."""
    third = pd.Timestamp("2024-12-03T12:00Z")
    frozen = requests_over_all_markets(desk.settings, desk.instance, third)
    assert [(request.job_name, request.partition_key) for request in frozen] == [("totals", "2024-10-01")]
    totals = pd.DataFrame({"level": ["market"], "entity": ["FR"], "category": ["ALL"]})
    totals = totals.assign(sell_in_units=1.0, sell_out_units=1.0)
    store = TableStore(desk.settings.store.address)
    store.write(table_specs()["demand_totals"], PartitionKey(OCTOBER), totals, Provenance("run", "cycle", "sha"))
    known = requests_over_all_markets(desk.settings, desk.instance, third)
    assert [(request.job_name, request.partition_key) for request in known] == [("totals_known", "2024-11-01")]
    assert int(known[0].tags["dagster/priority"]) > 10
    create_run_for_test(
        desk.instance, job_name="totals_known", status=dg.DagsterRunStatus.STARTED,
        tags={"forecast/market": "all_markets"},
    )  # fmt: skip
    assert requests_over_all_markets(desk.settings, desk.instance, third) == []


def test_pooled_months_are_frozen_and_learned_from_where_pooling_is_on(desk):
    for code in ("FR", "NO"):
        desk.store("features", code, OCTOBER)
    pooling = desk.settings.copy_with("pooling", skus=100)
    requests = requests_over_all_markets(pooling, desk.instance, pd.Timestamp("2024-12-03T12:00Z"))
    assert {request.job_name for request in requests} == {"totals", "pool_rows"}
    desk.store("pooled_rows", None, OCTOBER)
    requests = requests_over_all_markets(pooling, desk.instance, pd.Timestamp("2024-12-03T12:00Z"))
    assert ("pool_model", "2024-11-01") in {(request.job_name, request.partition_key) for request in requests}
