"""Grouping of events into messages: by cycle, channel and kind, each event in one message."""

import pytest

from forecast_assets.alerts.messages import ATTEMPT, PARKED, RETRY, SENT, Messages
from forecast_assets.alerts.outbox import Outbox
from forecast_assets_tests.alerts.company import CYCLE, incident


@pytest.fixture
def messages(outbox):
    return Messages(outbox, grouping_seconds=600)


def told(messages: Messages) -> list[tuple[str, str, list[str]]]:
    """Return name, dedupe key and markets of each message."""
    queues = messages.unfinished().values()
    contents = [(message.name, messages.content(message)) for queue in queues for message in queue]
    return [(name, it["dedupe_key"], [record["country"] for record in it["incidents"]]) for name, it in contents]


def test_reports_of_a_cycle_within_the_grouping_time_are_one_message(outbox, messages, clock):
    for country in ("FR", "DE", "BR"):
        outbox.report([incident(country)], CYCLE)
        assert messages.compose() == 0
        clock.sleep(200)
    assert messages.compose() == 1
    assert told(messages) == [("default/1", f"{CYCLE}|default|alert|1", ["FR", "DE", "BR"])]


def test_a_market_that_comes_later_is_a_further_card_of_the_cycle(outbox, messages, clock):
    for country in ("FR", "DE"):
        outbox.report([incident(country)], CYCLE)
        clock.sleep(600)
        messages.compose()
    assert [key for _, key, _ in told(messages)] == [f"{CYCLE}|default|alert|1", f"{CYCLE}|default|alert|2"]
    contents = [messages.content(messages.find(f"default/{number}")) for number in (1, 2)]
    assert [content["open_beside"] for content in contents] == [0, 1]


def test_each_channel_cycle_and_kind_has_a_message_of_its_own(outbox, messages, clock):
    outbox.report([incident("FR"), incident("JP")], CYCLE)
    clock.sleep(1)
    outbox.close([incident("FR").key], CYCLE)
    clock.sleep(1)
    outbox.report([incident("DE")], "prod-2024-07")
    clock.sleep(600)
    assert messages.compose() == 4
    assert told(messages) == [
        ("ASIA/1", f"{CYCLE}|ASIA|alert|1", ["JP"]),
        ("default/1", f"{CYCLE}|default|alert|1", ["FR"]),
        ("default/2", f"{CYCLE}|default|recovery|1", ["FR"]),
        ("default/3", "prod-2024-07|default|alert|1", ["DE"]),
    ]


def test_a_recovery_does_not_overtake_its_incident(outbox, messages, clock):
    outbox.report([incident("FR")], CYCLE)
    outbox.close([incident("FR").key], CYCLE)
    clock.sleep(599)
    assert messages.compose() == 0
    clock.sleep(2)
    messages.compose()
    assert [key.split("|")[2] for _, key, _ in told(messages)] == ["alert", "recovery"]


def test_reporting_and_composing_twice_announces_once(outbox, messages, clock, store):
    for _ in range(3):
        outbox.report([incident("FR")], CYCLE)
        clock.sleep(600)
        messages.compose()
        Messages(Outbox(store, clock=clock), 600).compose()
    assert len(told(messages)) == 1


class Killed(BaseException):
    """The death of a process at this point."""


def test_a_process_killed_before_marking_announces_no_event_twice(outbox, messages, clock, monkeypatch):
    def die(names: list[str]) -> None:
        raise Killed

    outbox.report([incident("FR")], CYCLE)
    clock.sleep(600)
    monkeypatch.setattr(messages, "_mark_events", die)
    with pytest.raises(Killed):
        messages.compose()
    monkeypatch.undo()
    outbox.report([incident("DE")], CYCLE)
    clock.sleep(600)
    for _ in range(2):
        messages.compose()
    assert [countries for _, _, countries in told(messages)] == [["FR"], ["DE"]]


def test_a_process_with_an_old_listing_writes_no_second_message(outbox, messages, clock, monkeypatch):
    outbox.report([incident("FR")], CYCLE)
    clock.sleep(600)
    unmarked = messages._unmarked_events

    def another_composes_meanwhile():
        seen = unmarked()
        Messages(outbox, 600).compose()
        return seen

    monkeypatch.setattr(messages, "_unmarked_events", another_composes_meanwhile)
    assert messages.compose() == 0
    monkeypatch.undo()
    assert len(told(messages)) == 1


def test_only_a_waiting_message_is_found_by_its_name(outbox, messages, clock):
    outbox.report([incident("FR")], CYCLE)
    clock.sleep(600)
    messages.compose()
    assert messages.find("default/1").number == 1
    with pytest.raises(LookupError, match="no message 'default/2' is waiting or parked"):
        messages.find("default/2")


def test_a_sent_message_is_marked_and_read_no_more(outbox, messages, clock, monkeypatch):
    outbox.report([incident("FR")], CYCLE)
    clock.sleep(600)
    messages.compose()
    messages.advance(messages.find("default/1"), SENT)
    assert "default/00000001/done.json" in messages.records.names()
    read = []
    monkeypatch.setattr(messages.records, "read_all", lambda names: read.extend(names) or [])
    assert messages.unfinished() == {}
    assert read == []


def test_the_last_record_of_the_message_before_has_its_time(outbox, messages, clock):
    for country in ("FR", "DE"):
        outbox.report([incident(country)], CYCLE)
        clock.sleep(600)
        messages.compose()
    first = messages.find("default/1")
    for status in (ATTEMPT, RETRY, ATTEMPT):
        clock.sleep(60)
        first = messages.advance(first, status)
    assert messages.last_record_time("default", 2) == clock()
    assert messages.last_record_time("default", 1) is None
    assert messages.last_record_time("ASIA", 2) is None


def test_a_message_that_another_process_parks_meanwhile_is_parked_here_too(outbox, messages, clock, monkeypatch):
    outbox.report([incident("FR")], CYCLE)
    clock.sleep(600)
    messages.compose()
    path, files = messages.records.path("default/00000001/0000.json"), outbox.store.files
    files.replace(path, b"{", files.state(path))
    monkeypatch.setattr(messages, "advance", lambda *_, **__: None)
    (message,) = messages.unfinished()["default"]
    assert message.status == PARKED
    assert "default/00000001/0000.json cannot be read" in message.state["reason"]


def test_cards_of_another_cycle_in_between_do_not_restart_the_count(outbox, messages, clock):
    for country, cycle in (("FR", CYCLE), ("DE", "prod-2024-07"), ("BR", CYCLE)):
        outbox.report([incident(country)], cycle)
        clock.sleep(600)
        messages.compose()
    assert [key for _, key, _ in told(messages)] == [
        f"{CYCLE}|default|alert|1", "prod-2024-07|default|alert|1", f"{CYCLE}|default|alert|2",
    ]  # fmt: skip


def test_a_heartbeat_counts_no_incidents_beside_it(outbox, messages, clock):
    """Its own facts name them."""
    outbox.report([incident("FR")], CYCLE)
    outbox.announce("heartbeat-1", "heartbeat", "default", CYCLE, {"content": {"title": "Heartbeat"}})
    messages.compose()
    content = messages.content(messages.find("default/1"))
    assert (content["kind"], content["open_beside"], content["content"]) == ("heartbeat", 0, {"title": "Heartbeat"})


def test_a_message_whose_process_ended_before_marking_it_as_sent_is_marked_by_the_next(outbox, messages, clock):
    outbox.report([incident("FR")], CYCLE)
    clock.sleep(600)
    messages.compose()
    messages.records.create("default/00000001/0001.json", {"what": SENT, "at": clock().isoformat()})
    assert messages.unfinished() == {}
    assert "default/00000001/done.json" in messages.records.names()
