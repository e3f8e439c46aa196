"""The sensor over real events and tables: once per incident, recovery, nothing for noise, no market overlooked."""

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.defs.sensors.kpi_alarms import build_kpi_alarms_sensor
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.defs.sensors.company import AUGUST, JULY, JUNE, make_company

CODES = [f"M{number:02d}" for number in range(40)]


@pytest.fixture
def company(tmp_path, instance):
    return make_company(tmp_path, ["FR", "DE"], instance)


def tick(company, cursor=None):
    """Evaluate the sensor once; the cursor it leaves."""
    sensor = build_kpi_alarms_sensor(company.settings)
    with dg.build_sensor_context(instance=company.instance, cursor=cursor) as context:
        result = sensor.evaluate_tick(context)
    assert result.run_requests == []
    return result.cursor


def history(company, country, last=JUNE, wape=0.2):
    for month in pd.date_range(end=last, periods=15, freq="MS"):
        company.measured(country, month, wape)


def test_a_bad_market_is_told_once_and_recovers_and_a_noisy_one_is_silent(company):
    history(company, "FR")
    history(company, "DE")
    cursor = tick(company)
    assert company.open_kinds() == set()
    company.measured("FR", JULY, wape=0.8)
    company.measured("DE", JULY)
    cursor = tick(company, cursor)
    assert company.open_kinds() == {
        ("wape", "FR", "published"),
        ("wape", "FR", "level"),
        ("worse_than_baseline", "FR", "published"),
    }
    told = len(company.events())
    assert tick(company, cursor) == cursor
    company.measured("FR", JULY, wape=0.8)  # made again
    cursor = tick(company, cursor)
    assert len(company.events()) == told == 3
    company.measured("FR", AUGUST)
    tick(company, cursor)
    assert ("wape", "FR", "published") not in company.open_kinds()
    recoveries = [event for event in company.events() if event["what"] == "recovered"]
    assert {event["cycle_id"] for event in recoveries} == {"dev-2024-08"}
    assert {event["incident"]["country"] for event in company.events()} == {"FR"}


def test_the_incident_names_market_figure_limit_skus_and_trend(company):
    history(company, "FR")
    company.measured("FR", JULY, wape=0.8)
    tick(company)
    open_incidents = {(each.kind, each.subject): each for each in company.outbox.open_incidents()}
    open_incident = open_incidents["wape", "published"]
    assert open_incident.headline.startswith("Market FR: WAPE ")
    assert open_incident.headline.endswith("in 2024-07, limit 60.0 %")
    assert (open_incident.month, open_incident.severity, open_incident.asset) == (JULY, "warning", "performance")
    assert len(open_incident.top_skus) == 5
    assert [value is None for value in open_incident.trend] == [False] * 12
    assert open_incident.trend[-1] > 0.6 > open_incident.trend[-2]


def test_forty_markets_between_two_ticks_are_all_seen(tmp_path, instance):
    company = make_company(tmp_path, CODES, instance)
    for code in CODES:
        company.measured(code, JUNE, wape=0.8)
    cursor = tick(company)
    assert len({country for _, country, _ in company.open_kinds()}) == 20
    tick(company, cursor)
    assert {country for kind, country, _ in company.open_kinds() if kind == "wape"} == set(CODES)


def test_the_cursor_stays_where_the_outbox_cannot_be_written(company, monkeypatch):
    company.measured("FR", JUNE, wape=0.8)

    def full(self, incidents, cycle_id):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "report", full)
        with pytest.raises(OSError, match="no space left"):
            tick(company)
    assert company.open_kinds() == set()
    tick(company)
    assert ("wape", "FR", "published") in company.open_kinds()


def test_a_market_whose_table_cannot_be_read_is_told_and_stops_nobody(company):
    company.measured("FR", JUNE)
    company.measured("DE", JUNE, wape=0.8)
    file = company.store.path("performance", PartitionKey(JUNE, "FR"))
    with open(file, "wb") as broken:
        broken.write(b"no parquet")
    cursor = tick(company)
    assert {("sensor_failed", "FR", "kpi_alarms"), ("wape", "DE", "published")} <= company.open_kinds()
    company.measured("FR", JULY)
    # June stays unreadable: the market cannot be judged yet.
    cursor = tick(company, cursor)
    assert ("sensor_failed", "FR", "kpi_alarms") in company.open_kinds()


def test_past_months_made_late_do_not_tell_what_is_over(company):
    history(company, "FR", last=JULY)
    cursor = tick(company)
    company.measured("FR", JUNE, wape=0.8)
    tick(company, cursor)
    assert ("wape", "FR", "published") not in company.open_kinds()


@pytest.mark.parametrize(("key", "value", "is_told"), [("max_wape", "0.9", False), ("stage", "retired", False)])
def test_a_market_may_have_limits_of_its_own_and_retired_ones_are_silent(tmp_path, instance, key, value, is_told):
    company = make_company(tmp_path, ["FR"], instance, **{key: value})
    company.measured("FR", JUNE, wape=0.8)
    tick(company)
    assert (("wape", "FR", "published") in company.open_kinds()) is is_told


def test_a_shadow_market_is_told_as_information(tmp_path, instance):
    company = make_company(tmp_path, ["FR"], instance, stage="shadow")
    company.measured("FR", JUNE, wape=0.8)
    tick(company)
    assert {each.severity for each in company.outbox.open_incidents()} == {"info"}
