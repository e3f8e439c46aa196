"""Incidents from verdicts: which are opened and closed, what they hold, and what the tick says."""

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.sensors import new_partitions as partitions
from forecast_assets.defs.sensors.verdict_alerts import read_months, report_new_verdicts
from forecast_assets.domain.monitoring.alarm_verdict import AlarmVerdict, undecided
from forecast_assets_tests.defs.sensors.company import JULY, JUNE, make_company, published_forecast

ASSET = "published_forecasts"
ALARM = AlarmVerdict(
    "wape", "published", True, "WAPE is high", (("limit", "60 %"),), 5.0, (0.1, None), "WAPE by month", (("S1", 0.5),)
)
QUIET = AlarmVerdict("wape", "published", False, "WAPE is low")


@pytest.fixture
def company(tmp_path, instance):
    return make_company(tmp_path, ["FR", "DE"], instance)


def publish(company, *partitions_written: tuple[str, pd.Timestamp]) -> None:
    for code, month in partitions_written:
        company.write(ASSET, code, month, published_forecast(month))


def tick(company, judge, cursor: str | None = None) -> tuple[str, str | None]:
    """Evaluate one tick and return its text and its cursor."""
    with dg.build_sensor_context(instance=company.instance, cursor=cursor) as context:
        result = report_new_verdicts(context, company.settings, "kpi_alarms", ASSET, judge)
    return result.skip_reason.skip_message, result.cursor


class Judge:
    """A judge with the same verdicts on every market; ``asked`` are the markets and months it was asked for."""

    def __init__(self, *verdicts: AlarmVerdict) -> None:
        self.verdicts, self.asked = verdicts, []

    def __call__(self, store, market, month):
        self.asked.append((market.code, month))
        return self.verdicts


def test_an_alarm_opens_an_incident_with_all_that_the_verdict_holds(company):
    publish(company, ("FR", JUNE))
    _, cursor = tick(company, Judge(ALARM))
    (incident,) = company.outbox.open_incidents()
    assert incident.headline == "Market FR: WAPE is high"
    assert (incident.country, incident.kind, incident.subject, incident.month) == ("FR", "wape", "published", JUNE)
    assert (incident.severity, incident.facts, incident.weight) == ("warning", (("limit", "60 %"),), 5.0)
    assert (incident.trend, incident.trend_name, incident.top_skus) == ((0.1, None), "WAPE by month", (("S1", 0.5),))
    assert incident.asset == ASSET
    assert tick(company, Judge(QUIET), cursor) == (f"No new partitions of {ASSET}.", cursor)


def test_a_verdict_without_alarm_closes_the_incident_and_an_undecided_one_does_not(company):
    publish(company, ("FR", JUNE))
    _, cursor = tick(company, Judge(ALARM))
    publish(company, ("FR", JULY))
    _, cursor = tick(company, Judge(undecided("wape", "published", "too little")), cursor)
    assert company.open_kinds() == {("wape", "FR", "published")}
    publish(company, ("FR", JULY))
    tick(company, Judge(QUIET), cursor)
    assert company.open_kinds() == set()


def test_the_latest_stored_month_of_a_market_is_judged(company):
    publish(company, ("FR", JULY), ("DE", JUNE), ("FR", JUNE))
    judge = Judge(QUIET)
    tick(company, judge)
    assert judge.asked == [("FR", JULY), ("DE", JUNE)]


@pytest.mark.parametrize(
    ("kind", "stage", "severity"),
    [("wape", "live", "warning"), ("source_missing", "live", "critical"), ("source_missing", "shadow", "info")],
)
def test_a_missing_source_is_critical_and_a_shadow_market_informs(tmp_path, instance, kind, stage, severity):
    company = make_company(tmp_path, ["FR"], instance, stage=stage)
    publish(company, ("FR", JUNE))
    tick(company, Judge(AlarmVerdict(kind, "sell_in", True, "gone")))
    assert [each.severity for each in company.outbox.open_incidents()] == [severity]


def test_retired_and_unlisted_markets_are_not_judged(tmp_path, instance):
    company = make_company(tmp_path, ["FR", "DE"], instance, stage="retired")
    publish(company, ("FR", JUNE), ("XX", JUNE), ("DE", JUNE))
    judge = Judge(QUIET)
    assert tick(company, judge)[0].startswith("3 markets judged, 0 alarms")
    assert judge.asked == [("DE", JUNE)]


def test_the_tick_counts_markets_alarms_and_undecided_rules(company):
    publish(company, ("FR", JUNE), ("DE", JUNE))
    other = undecided("bias", "published", "too little")
    assert tick(company, Judge(ALARM, other, other))[0] == (
        "2 markets judged, 2 alarms, 4 rules not decided.\nFR: Market FR: WAPE is high\nDE: Market DE: WAPE is high"
    )


def test_twenty_alarms_are_named_in_the_tick(company):
    publish(company, ("FR", JUNE))
    alarms = [AlarmVerdict("drift", f"family {number}", True, f"drift {number}") for number in range(21)]
    first, *named = tick(company, Judge(*alarms))[0].splitlines()
    assert first == "1 markets judged, 21 alarms, 0 rules not decided."
    assert named == [f"FR: Market FR: drift {number}" for number in range(20)]


def test_the_tick_says_if_more_markets_follow(company, monkeypatch):
    monkeypatch.setattr(partitions, "MOST_MARKETS", 1)
    publish(company, ("FR", JUNE), ("DE", JUNE))
    text, cursor = tick(company, Judge(QUIET))
    assert text.endswith("0 rules not decided. More markets follow in the next tick.")
    assert "More" not in tick(company, Judge(QUIET), cursor)[0]


def test_a_market_that_cannot_be_judged_is_an_incident_until_it_can(company):
    publish(company, ("FR", JUNE), ("DE", JUNE))

    def fails(store, market, month):
        if market.code == "FR":
            raise LookupError("x" * 400)
        return [ALARM]

    _, cursor = tick(company, fails)
    assert company.open_kinds() == {("sensor_failed", "FR", "kpi_alarms"), ("wape", "DE", "published")}
    (incident,) = [each for each in company.outbox.open_incidents() if each.kind == "sensor_failed"]
    assert incident.headline == f"kpi_alarms could not judge {ASSET} of 2024-06"
    assert (incident.severity, dict(incident.facts)["error"]) == ("warning", "LookupError: " + "x" * 287)
    publish(company, ("FR", JUNE))
    tick(company, Judge(QUIET), cursor)
    assert company.open_kinds() == {("wape", "DE", "published")}


def test_a_market_whose_table_was_removed_since_the_event_is_passed_over(company):
    publish(company, ("FR", JUNE), ("DE", JUNE))
    (stored,) = [each for each in company.store.list_partitions(ASSET) if each.country == "FR"]
    company.store.files.remove(company.store.path(ASSET, stored))
    judge = Judge(ALARM)
    tick(company, judge)
    assert judge.asked == [("DE", JUNE)]


def test_the_stored_months_among_those_up_to_one_are_read(company):
    publish(company, ("FR", JUNE), ("FR", JULY), ("DE", JUNE))
    assert read_months(company.store, ASSET, "FR", JULY, 2, ["sku"])["month"].tolist() == [JUNE, JULY]
    assert read_months(company.store, ASSET, "FR", JULY, 1)["month"].tolist() == [JULY]
    nothing = read_months(company.store, ASSET, "IT", JULY, 2, ["sku"])
    assert (list(nothing), len(nothing)) == (["month", "sku"], 0)
    assert list(read_months(company.store, ASSET, "IT", JULY, 2)) == ["month"]
