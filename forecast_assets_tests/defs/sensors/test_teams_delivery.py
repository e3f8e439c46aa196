"""The sensor: what a tick does and says, and that the secret is in nothing it leaves behind."""

import logging
from pathlib import Path

import dagster as dg
import pytest

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.definitions import build_definitions
from forecast_assets.defs.sensors.teams_delivery import build_teams_delivery_sensor
from forecast_assets_tests.alerts.company import CYCLE, incident
from forecast_assets_tests.alerts.teams_server import CANARY, FakeTeams, texts
from forecast_assets_tests.repository_settings import loaded


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("TEAMS_WEBHOOK_URL", raising=False)
    return loaded(
        FORECAST_STORE=str(tmp_path / "store"), FORECAST_ALERT_GROUPING_MINUTES="0", FORECAST_HEARTBEAT_DAY="28"
    )


@pytest.fixture
def tick(settings, monkeypatch):
    # The heartbeat is due on some days of the real calendar only.
    monkeypatch.setattr("forecast_assets.alerts.assembly.announce_heartbeat", lambda *_: [])
    sensor = build_teams_delivery_sensor(settings)

    def evaluate() -> str:
        with dg.DagsterInstance.ephemeral() as instance:
            return sensor(dg.build_sensor_context(instance=instance)).skip_message

    return evaluate


def test_without_a_webhook_nothing_is_sent_nothing_is_lost_and_the_tick_says_so(settings, tick, monkeypatch):
    Outbox.of(settings).report([incident()], CYCLE)
    assert tick() == "0 sent; channel default: 1 waiting (TEAMS_WEBHOOK_URL is not set)"
    with FakeTeams().listening() as teams:
        monkeypatch.setenv("TEAMS_WEBHOOK_URL", teams.url())
        assert tick() == "1 sent"
        assert tick() == "0 sent"
        assert len(teams.received) == 1
        assert "France (FR)" in texts(teams.received[0])


def test_a_refused_card_is_told_as_an_error_of_the_tick(settings, tick, monkeypatch, capfd):
    Outbox.of(settings).report([incident()], CYCLE)
    with FakeTeams().listening() as teams:
        monkeypatch.setenv("TEAMS_WEBHOOK_URL", teams.url())
        teams.answers = [(404, {}, "no such flow")]
        assert tick() == "0 sent; channel default: 1 parked"
    assert "default/1 was parked: HTTP 404: no such flow. Once that is put right" in capfd.readouterr().err


def test_the_address_of_the_webhook_is_in_no_file_log_or_message(settings, tick, monkeypatch, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    Outbox.of(settings).report([incident()], CYCLE)
    results = []
    with FakeTeams().listening() as teams:
        monkeypatch.setenv("TEAMS_WEBHOOK_URL", teams.url())
        teams.answers = [None, (400, {}, f"bad request to {teams.url()}")]
        results += [tick()]
        monkeypatch.setattr("forecast_assets.alerts.messages.Message.next_at", None)
        results += [tick()]
        assert len(teams.paths) == 2
    assert "parked" in results[1]
    contents = [path.read_bytes() for path in Path(settings.store.address).rglob("*") if path.is_file()]
    assert len(contents) > 5
    assert not any(CANARY.encode() in content for content in contents)
    assert CANARY not in caplog.text + "".join([*results, *capfd.readouterr()])


def test_the_sensor_is_part_of_the_definitions_and_runs_without_being_switched_on(settings):
    sensor = build_definitions(settings).get_sensor_def("teams_delivery")
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 30
