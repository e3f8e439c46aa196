"""The outbox of a company as sensor and command drain it: heartbeat, new events, and what waits are sent."""

import logging

import pytest
from pydantic import SecretStr

from forecast_assets.alerts import assembly
from forecast_assets.alerts.assembly import drain, messages_of
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.alerts.teams import SENT, PostResult
from forecast_assets.storage import TableStore
from forecast_assets_tests.alerts.company import CYCLE, Clock, incident
from forecast_assets_tests.repository_settings import loaded


@pytest.fixture
def settings(tmp_path):
    """A company whose heartbeat is due on the 10th, the day of the clock."""
    return loaded(FORECAST_STORE=str(tmp_path), FORECAST_HEARTBEAT_DAY="10", FORECAST_ALERT_GROUPING_MINUTES="5")


def drained(settings, outbox, clock) -> list[str]:
    """Return the first word of the cards that were posted."""
    posted = []

    def post(address, payload):
        posted.append(payload["attachments"][0]["content"]["fallbackText"].split()[0])
        return PostResult(SENT, "HTTP 202")

    stand_ins = {"address": lambda channel: SecretStr("https://h.example"), "post": post, "sleep": clock.sleep}
    drain(settings, 20, outbox, **stand_ins)
    return posted


def test_a_drain_announces_the_heartbeat_groups_events_and_sends_them(settings, tmp_path):
    clock = Clock()
    outbox = Outbox(TableStore(str(tmp_path)), clock=clock)
    outbox.report([incident("FR")], CYCLE)
    # The alert waits five minutes for others of its cycle.
    assert drained(settings, outbox, clock) == ["Heartbeat"]
    clock.sleep(299)
    assert drained(settings, outbox, clock) == []
    clock.sleep(1)
    assert drained(settings, outbox, clock) == ["Forecast"]


def test_without_an_outbox_that_of_the_settings_is_drained(settings):
    outbox = messages_of(settings).outbox
    assert outbox.store.base == settings.store.address
    assert messages_of(settings, outbox).outbox is outbox


def test_a_heartbeat_that_cannot_be_announced_is_logged(settings, tmp_path, monkeypatch, caplog):
    def fails(*_):
        raise OSError("no space left")

    monkeypatch.setattr(assembly, "announce_heartbeat", fails)
    clock = Clock()
    with caplog.at_level(logging.ERROR):
        assert drained(settings, Outbox(TableStore(str(tmp_path)), clock=clock), clock) == []
    assert caplog.messages == ["The heartbeat could not be announced"]
