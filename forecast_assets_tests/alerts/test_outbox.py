"""Incidents open once and close once, however often and from however many processes they are reported."""

import pytest

from forecast_assets.alerts.outbox import OPENED, RECOVERED, Outbox
from forecast_assets.storage import TableStore
from forecast_assets_tests.alerts.company import CYCLE, incident
from forecast_assets_tests.processes import CONTEXT, started
from forecast_assets_tests.repository_settings import loaded


def events(outbox: Outbox) -> list[tuple[str, str, str]]:
    stored_events = outbox.events.read_all(sorted(outbox.events.names()))
    return sorted((event["what"], event["incident"]["country"], event["cycle_id"]) for event in stored_events)


def test_an_incident_is_open_from_its_report_to_its_recovery(outbox):
    outbox.report([incident("DE"), incident("FR", severity="critical")], CYCLE)
    assert [it.country for it in outbox.open_incidents()] == ["FR", "DE"]
    outbox.close({incident("FR").key}, CYCLE)
    assert outbox.open_incidents() == [incident("DE")]


def test_reporting_again_changes_nothing_while_the_incident_is_open(outbox, store):
    for cycle in (CYCLE, CYCLE, "prod-2024-07"):
        outbox.report([incident(), incident()], cycle)
        Outbox(store).report([incident(headline="another text")], cycle)
    assert events(outbox) == [(OPENED, "FR", CYCLE)]


def test_an_incident_that_is_open_keeps_none_behind_it_from_opening(outbox):
    outbox.report([incident("FR")], CYCLE)
    # France is open from before, Germany from this very report.
    outbox.report([incident("FR"), incident("DE"), incident("DE", headline="again"), incident("BR")], "prod-2024-07")
    opened = [(OPENED, "BR", "prod-2024-07"), (OPENED, "DE", "prod-2024-07"), (OPENED, "FR", CYCLE)]
    assert events(outbox) == opened
    outbox.close(["wape|XX|nobody reported", incident("FR").key, incident("DE").key], "prod-2024-07")
    assert [it.country for it in outbox.open_incidents()] == ["BR"]


def test_a_recovery_is_announced_once_and_only_of_what_is_open(outbox):
    outbox.report([incident()], CYCLE)
    for _ in range(3):
        outbox.close([incident().key, incident().key, "wape|XX|nobody reported"], CYCLE)
    assert events(outbox) == [(OPENED, "FR", CYCLE), (RECOVERED, "FR", CYCLE)]


def test_a_closed_incident_can_open_again(outbox):
    for cycle in ("prod-2024-05", "prod-2024-06"):
        outbox.report([incident()], cycle)
        outbox.close([incident().key], cycle)
    outbox.report([incident()], "prod-2024-07")
    assert len(events(outbox)) == 5
    assert len(outbox.open_incidents()) == 1


def test_markets_have_channels_and_the_platform_the_default_one(outbox):
    assert [outbox.channel_of(country) for country in ("JP", "FR", None)] == ["ASIA", "default", "default"]


def test_the_recovery_goes_where_the_opening_went(outbox, store):
    outbox.report([incident("JP")], CYCLE)
    Outbox(store, {"JP": "ELSEWHERE"}).close([incident("JP").key], CYCLE)
    stored_events = outbox.events.read_all(sorted(outbox.events.names()))
    assert [event["channel"] for event in stored_events] == ["ASIA", "ASIA"]


def test_other_events_are_announced_once_per_name(outbox):
    assert outbox.announce("heartbeat-prod-2024-06", "heartbeat", "default", CYCLE, {})
    assert not outbox.announce("heartbeat-prod-2024-06", "heartbeat", "default", CYCLE, {})
    assert outbox.open_incidents() == []


def test_an_empty_company_has_no_incidents(outbox):
    assert outbox.open_incidents() == []
    outbox.close(["wape|FR|published"], CYCLE)
    assert events(outbox) == []


def test_the_channels_are_those_of_the_markets_file(tmp_path):
    file = tmp_path / "markets.yaml"
    file.write_text(
        'markets:\n  - {code: "JP", name: Japan, iso2: "JP", iso3: JPN, region: Asia, since: 2019-01, '
        "teams_channel: ASIA}\n"
        '  - {code: "FR", name: France, iso2: "FR", iso3: FRA, region: Europe, since: 2019-01}\n'
    )
    settings = loaded(FORECAST_MARKETS=str(file), FORECAST_STORE=str(tmp_path / "store"))
    assert Outbox.of(settings).channels == {"JP": "ASIA"}


def report_many(base: str, barrier) -> None:
    outbox = Outbox(TableStore(base))
    barrier.wait()
    for number in range(20):
        outbox.report([incident(f"M{number:02}")], CYCLE)
        outbox.close([incident(f"M{number:02}", subject="never").key], CYCLE)


@pytest.mark.parametrize("store", ["folder"], indirect=True)
def test_concurrent_reports_open_each_incident_once(store):
    barrier = CONTEXT.Barrier(3)
    processes = [started(report_many, store.base, barrier) for _ in range(3)]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(events(Outbox(store))) == 20
