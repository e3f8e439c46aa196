"""One event or message that cannot be read is parked and reported; every other one is sent."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from forecast_assets.alerts import assembly
from forecast_assets.operations.health.watchdog import SENSOR_FAILED, Health, report_health
from forecast_assets_tests.alerts.company import CYCLE, incident

GOOD = {
    "what": "opened", "at": "2024-07-10T06:00:00+00:00", "channel": "default", "cycle_id": CYCLE,
    "incident": incident("FR").to_record(),
}  # fmt: skip


def but(**changed: object) -> bytes:
    """A good event with other values."""
    return json.dumps(GOOD | changed).encode()


BAD = {
    "empty": b"",
    "no JSON": b"\x00\xff{",
    "no record": b"[1, 2]",
    "without fields": b"{}",
    "of a later release": but(incident=incident("FR").to_record() | {"kind": "unheard_of"}),
    "of an unknown change": but(what="renamed"),
    "without time zone": but(at="2024-07-10T06:00:00"),
    "with a number as channel": but(channel=1),
    "without a cycle": but(cycle_id=None),
    "without an incident": json.dumps({key: value for key, value in GOOD.items() if key != "incident"}).encode(),
    "a heartbeat with an unknown incident": but(
        what="heartbeat", incident=incident("FR").to_record() | {"kind": "new"}
    ),
}


def spoil(store, path: str, content: bytes) -> None:
    store.files.replace(path, content, store.files.state(path))


def events(outbox) -> list[str]:
    return sorted(name for name in outbox.events.names() if name.endswith(".json"))


@pytest.mark.parametrize("kind", BAD)
def test_an_unreadable_event_stops_no_other_and_is_an_incident(outbox, store, messages, deliver, teams, kind):
    outbox.report([incident("FR")], CYCLE)
    (first,) = events(outbox)
    spoil(store, outbox.events.path(first), BAD[kind])
    outbox.report([incident("DE", headline="of Germany"), incident("JP", headline="of Japan")], CYCLE)
    for _ in range(2):
        messages.compose()
        deliver().drain(60)
    sent = json.dumps(teams.received, ensure_ascii=False)
    assert "of Germany" in sent
    assert "of Japan" in sent
    (unreadable,) = [each for each in outbox.open_incidents() if each.kind == "alert_unreadable"]
    assert (unreadable.subject, unreadable.month) == (first, pd.Timestamp("2024-07-01"))
    assert outbox.events.path(first) in dict(unreadable.facts)["error"]
    assert "An alert cannot be read" in sent
    assert messages.compose() == 0
    # It is not read again.
    assert first.replace(".json", ".told") in outbox.events.names()


@pytest.mark.parametrize("record", [0, 2])
def test_an_unreadable_message_is_parked_and_its_channel_goes_on(outbox, store, messages, deliver, teams, fill, record):
    fill("one", "two")
    fill("three", country="JP")
    if record:
        first = messages.unfinished()["default"][0]
        messages.advance(messages.advance(first, "retry"), "retry")
    spoil(store, messages.records.path(f"default/00000001/{record:04}.json"), b"{")
    result = deliver().drain(60)
    assert list(result.newly_parked) == ["default/1"]
    assert f"default/00000001/{record:04}.json cannot be read" in result.newly_parked["default/1"]
    assert sorted(result.sent) == ["ASIA/1", "default/2"]
    assert [message.name for message in messages.unfinished()["default"]] == ["default/1"]
    assert deliver().drain(60).newly_parked == {}


def test_the_cards_after_an_unreadable_one_keep_their_revisions(outbox, store, messages, clock):
    for country in ("FR", "DE", "BR"):
        outbox.report([incident(country)], CYCLE)
        messages.compose()
        if country == "DE":
            spoil(store, messages.records.path("default/00000002/0000.json"), b"")
    content = messages.content(messages.find("default/3"))
    # The revision of the unreadable card is lost: the count goes on from the card before it.
    assert (content["revision"], [each["country"] for each in content["incidents"]]) == (2, ["BR"])


def test_a_channel_whose_only_card_cannot_be_read_counts_from_the_start(outbox, store, messages):
    outbox.report([incident("FR")], CYCLE)
    messages.compose()
    spoil(store, messages.records.path("default/00000001/0000.json"), b"")
    outbox.report([incident("DE")], CYCLE)
    assert messages.compose() == 1
    content = messages.content(messages.find("default/2"))
    assert (content["revision"], [each["country"] for each in content["incidents"]]) == (1, ["DE"])


def test_an_incident_whose_opening_cannot_be_read_still_closes(outbox, store, messages, clock):
    outbox.report([incident("JP"), incident("FR")], CYCLE)
    for name in events(outbox):
        spoil(store, outbox.events.path(name), b"")
    assert outbox.open_incidents() == []
    outbox.close([incident("JP").key, incident("FR").key], CYCLE)
    recoveries = [event for event in outbox.readable(events(outbox)) if isinstance(event, dict)]
    assert sorted((event["channel"], event["incident"]["country"]) for event in recoveries) == [
        ("ASIA", "JP"), ("default", "FR"),
    ]  # fmt: skip
    assert {event["incident"]["month"] for event in recoveries} == {"2024-07-01"}
    assert sorted(event["incident"]["headline"] for event in recoveries) == [
        "WAPE of FR is over; how it began cannot be read", "WAPE of JP is over; how it began cannot be read",
    ]  # fmt: skip
    outbox.report([incident("FR")], CYCLE)
    assert [each.country for each in outbox.open_incidents()] == ["FR"]


def test_an_incident_of_the_platform_closes_without_its_opening(outbox, store):
    """Its subject may hold the sign that stands between the parts of a key."""
    stopped = incident(None, "sensor_failed", "a|b", severity="critical")
    outbox.report([stopped], CYCLE)
    spoil(store, outbox.events.path(events(outbox)[0]), b"")
    outbox.close([stopped.key], CYCLE)
    (recovery,) = [event for event in outbox.readable(events(outbox)) if isinstance(event, dict)]
    closed = recovery["incident"]
    assert (closed["country"], closed["subject"]) == (None, "a|b")
    assert closed["headline"] == "Sensor failed of the platform is over; how it began cannot be read"


def test_the_watchdog_reports_beside_an_unreadable_event(outbox, store, clock):
    settings = SimpleNamespace(env="prod", automation=SimpleNamespace(time_zone="UTC"))
    report_health(outbox, settings, SENSOR_FAILED, {"arrivals": Health(False, "arrivals failed")}, clock())
    (opening,) = events(outbox)
    spoil(store, outbox.events.path(opening), b"{")
    health = {"arrivals": Health(True, "well"), "retune": Health(False, "retune failed")}
    assert report_health(outbox, settings, SENSOR_FAILED, health, clock()) == ["retune failed"]
    assert [each.subject for each in outbox.open_incidents()] == ["retune"]


def test_a_channel_whose_files_cannot_be_written_stops_no_other(messages, deliver, teams, fill, monkeypatch):
    fill("one")
    fill("two", country="JP")
    advance = type(messages).advance

    def full(self, message, *arguments, **changes):
        if message.channel == "ASIA":
            raise OSError(28, "No space left on device")
        return advance(self, message, *arguments, **changes)

    monkeypatch.setattr(type(messages), "advance", full)
    result = deliver().drain(60)
    assert result.sent == ["default/1"]
    assert "No space left on device" in result.problems["ASIA"]


def test_alerts_are_sent_if_the_heartbeat_cannot_be_written(monkeypatch):
    def fails(outbox, settings):
        raise ValueError("published_forecasts.parquet is damaged")

    drained = SimpleNamespace(drain=lambda budget: "drained")
    monkeypatch.setattr(assembly, "announce_heartbeat", fails)
    messages = SimpleNamespace(outbox=None, compose=lambda: 0)
    monkeypatch.setattr(assembly, "messages_of", lambda settings, outbox: messages)
    monkeypatch.setattr(assembly, "Dispatcher", lambda *arguments, **replaced: drained)
    settings = SimpleNamespace(market_table={}, alerts=SimpleNamespace(dagster_url="", after_unclear="repeat"))
    assert assembly.drain(settings, 1.0) == "drained"
