"""The sensor on late markets: when it looks, what it opens and closes."""

import pandas as pd
import pytest

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.defs.sensors import late_markets
from forecast_assets.defs.sensors.late_markets import build_late_markets_sensor, report_at
from forecast_assets_tests.operations.cycle.recorded_runs import record
from forecast_assets_tests.repository_settings import loaded

MARKETS = """markets:
  - {code: "FR", name: F, iso2: "FR", iso3: FRA, region: Europe, since: 2024-01-01}
  - {code: "NO", name: N, iso2: "NO", iso3: NOR, region: Europe, since: 2024-01-01, stage: shadow}
  - {code: "IT", name: I, iso2: "IT", iso3: ITA, region: Europe, since: 2024-01-01, stage: retired}
"""
FOUR_DAYS_BEFORE, DAY_BEFORE = pd.Timestamp("2024-12-06T06:00Z"), pd.Timestamp("2024-12-09T06:00Z")


@pytest.fixture
def settings(tmp_path, instance, monkeypatch):
    """Return a company with one run at a time, whose markets are to be ready within 15 minutes; FR takes 10, NO 12."""
    (tmp_path / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    for code, seconds in (("FR", 600), ("NO", 720), ("IT", 9999)):
        record(instance, code, "2024-10", "2024-11-10T06:00Z", takes=seconds)
    monkeypatch.setattr(late_markets, "runs_at_a_time", lambda _: 1)
    return loaded(
        FORECAST_STORE=str(tmp_path / "store"), FORECAST_LANDING=str(tmp_path / "landing"), FORECAST_TIME_ZONE="UTC",
        FORECAST_MARKETS=str(tmp_path / "markets.yaml"), FORECAST_READY_HOURS="0.25",
    )  # fmt: skip


def opened(settings):
    return {each.country: each for each in Outbox.of(settings).open_incidents()}


def test_a_market_that_will_be_late_is_reported_the_day_before(settings, instance):
    reason = report_at(settings, instance, DAY_BEFORE)
    assert set(opened(settings)) == {"NO"}
    assert opened(settings)["NO"].severity == "info"
    assert opened(settings)["NO"].headline == (
        "NO: 2024-11 will be ready at 10 December 06:22, after the deadline of 10 December 06:15"
    )
    assert reason.skip_message == "2024-11: 1 markets are ready or in time; late: NO"


def test_it_is_closed_when_the_queue_gets_more_places(settings, instance, monkeypatch):
    report_at(settings, instance, DAY_BEFORE)
    monkeypatch.setattr(late_markets, "runs_at_a_time", lambda _: 2)
    report_at(settings, instance, DAY_BEFORE)
    assert not opened(settings)


def test_it_is_closed_when_the_market_is_ready_however_late(settings, instance):
    report_at(settings, instance, DAY_BEFORE)
    record(instance, "FR", "2024-11", "2024-12-10T06:00Z", takes=600)
    record(instance, "NO", "2024-11", "2024-12-10T06:00Z", starts=600, takes=720)
    report_at(settings, instance, pd.Timestamp("2024-12-10T07:00Z"))
    assert not opened(settings)


def test_a_live_market_that_hangs_is_a_warning(settings, instance):
    record(instance, "FR", "2024-11", "2024-12-10T06:00Z")
    report_at(settings, instance, pd.Timestamp("2024-12-10T06:16Z"))
    assert opened(settings)["FR"].severity == "warning"


def test_the_month_before_is_looked_at_until_three_days_before_the_next_cycle(settings, instance):
    assert report_at(settings, instance, FOUR_DAYS_BEFORE).skip_message == "The cycle of 2024-10 is over."
    assert not opened(settings)
    # The cycle of November is due on 10 December at 06:00.
    assert "2024-10" in report_at(settings, instance, pd.Timestamp("2024-12-07T06:00Z")).skip_message
    assert "2024-11" in report_at(settings, instance, pd.Timestamp("2024-12-07T06:01Z")).skip_message


def test_a_cycle_is_looked_at_for_ten_days_after_its_deadline(settings, instance):
    record(instance, "FR", "2024-09", "2024-10-10T06:00Z", takes=600)
    last, over = (report_at(settings, instance, pd.Timestamp(f"2024-12-20T06:{at}Z")) for at in (15, 16))
    assert last.skip_message.startswith("2024-11: ")
    assert over.skip_message == "The cycle of 2024-11 is over."


def test_a_queue_without_a_limit_is_not_predicted(settings, instance, monkeypatch):
    monkeypatch.setattr(late_markets, "runs_at_a_time", lambda _: None)
    assert "no limit" in report_at(settings, instance, DAY_BEFORE).skip_message


def test_without_past_cycles_the_tick_says_so(settings, instance):
    instance.wipe()
    assert "nothing to predict from" in report_at(settings, instance, DAY_BEFORE).skip_message


def test_it_is_off_on_a_laptop_and_on_in_prod(settings):
    assert build_late_markets_sensor(settings).default_status.value == "STOPPED"
    on = settings.model_copy(update={"env": "prod"})
    assert build_late_markets_sensor(on).default_status.value == "RUNNING"
