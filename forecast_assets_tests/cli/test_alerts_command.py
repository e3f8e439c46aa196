"""``forecast-assets alerts`` as a person types it."""

import pytest
from typer.testing import CliRunner

from forecast_assets.alerts.assembly import drain
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.cli import app
from forecast_assets.config.settings import load_settings
from forecast_assets_tests.alerts.company import CYCLE, incident
from forecast_assets_tests.alerts.teams_server import CANARY, FakeTeams, texts
from forecast_assets_tests.repository_settings import MARKETS


@pytest.fixture
def command(monkeypatch, tmp_path):
    for name, value in {
        "FORECAST_MARKETS": MARKETS, "FORECAST_STORE": str(tmp_path / "store"), "NO_PROXY": "127.0.0.1",
        "FORECAST_ALERT_GROUPING_MINUTES": "0",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    (tmp_path / "store").mkdir()
    monkeypatch.delenv("TEAMS_WEBHOOK_URL", raising=False)
    monkeypatch.setattr("forecast_assets.alerts.assembly.announce_heartbeat", lambda *_: [])
    return lambda *arguments: CliRunner().invoke(app, ["alerts", *arguments])


@pytest.fixture
def teams(command, monkeypatch):
    with FakeTeams().listening() as server:
        monkeypatch.setenv("TEAMS_WEBHOOK_URL", server.url())
        yield server


def test_open_incidents_and_waiting_messages_are_listed(command):
    Outbox.of(load_settings()).report([incident(headline="41% in [June], limit 30%")], CYCLE)
    result = command()
    assert result.exit_code == 0
    assert "1 open incidents" in result.output
    assert "41% in [June], limit 30%" in result.output
    assert "default/1" in result.output
    assert "at once" in result.output


def test_a_test_card_is_sent(command, teams):
    result = command("test")
    assert (result.exit_code, result.output) == (0, "channel default: accepted, HTTP 202\n")
    assert texts(teams.received[0]).startswith("Test card")


def test_a_test_card_that_is_not_accepted_or_has_no_address_exits_with_1(command, teams):
    teams.answers = [(404, {}, f"nothing at {CANARY}")]
    result = command("test")
    assert (result.exit_code, result.output) == (1, "channel default: not accepted, HTTP 404: nothing at ***\n")
    result = command("test", "--channel", "ASIA")
    assert (result.exit_code, result.output) == (1, "TEAMS_WEBHOOK_URL_ASIA is not set\n")


def test_parked_cards_are_queued_again_or_dropped(command, teams):
    settings = load_settings()
    for number in (1, 2):
        Outbox.of(settings).report([incident(subject=str(number))], f"c{number}")
    teams.answers = [(404, {}, "")] * 2
    drain(settings, 60)
    assert command("drop", "default/2").output == "default/2: dropped\n"
    assert command("resend").output == "default/1: queued again\n"
    assert command("resend").output == "nothing is parked\n"
    assert drain(settings, 60).sent == ["default/1"]
    assert drain(settings, 60).waiting == {}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("drop", "default/7"), "no message 'default/7' is waiting"),
        (("resend", "default/1"), "default/1 is not parked"),
    ],
)
def test_a_message_that_is_not_there_or_not_parked_is_refused(command, arguments, told):
    Outbox.of(load_settings()).report([incident()], CYCLE)
    command()
    result = command(*arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())
