"""One post: the meaning of its response, and the secrecy of the webhook's address."""

import logging
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from forecast_assets.alerts.teams import (
    LOGGERS,
    REJECTED,
    RETRY,
    SENT,
    UNCLEAR,
    NoAddress,
    post_card,
    scrub,
    variable_of,
    webhook_of,
)
from forecast_assets.config.key_vault import SecretUnavailable
from forecast_assets.config.secret_store import resolve_secret
from forecast_assets_tests.alerts.teams_server import CANARY, FakeTeams

PAYLOAD = {"type": "message", "attachments": []}


@pytest.fixture
def teams(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FakeTeams().listening() as server:
        yield server


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, SENT), (202, SENT), (408, RETRY), (429, RETRY), (500, RETRY), (503, RETRY), (502, UNCLEAR), (504, UNCLEAR),
     (300, REJECTED), (400, REJECTED), (401, REJECTED), (404, REJECTED), (413, REJECTED)],
)  # fmt: skip
def test_the_status_gives_the_outcome_of_a_post(teams, status, outcome):
    teams.answers = [(status, {}, "")]
    assert post_card(SecretStr(teams.url()), PAYLOAD).outcome == outcome
    assert teams.received == [PAYLOAD]


@pytest.mark.parametrize(("body", "reason"), [("no such flow", "HTTP 404: no such flow"), ("", "HTTP 404")])
def test_the_reason_of_a_post_is_its_status_and_the_words_of_the_server(teams, body, reason):
    teams.answers = [(404, {}, body)]
    assert post_card(SecretStr(teams.url()), PAYLOAD).reason == reason


def test_a_redirect_is_rejected_even_if_its_target_accepts(teams):
    teams.answers = [(307, {"Location": "/elsewhere"}, "")]
    assert post_card(SecretStr(teams.url()), PAYLOAD).outcome == REJECTED


@pytest.mark.parametrize(("header", "seconds"), [("17", 17), ("0", 0), ("soon", 0), ("-5", 0), ("", 0)])
def test_retry_after_in_seconds(teams, header, seconds):
    teams.answers = [(429, {"Retry-After": header}, "")]
    assert post_card(SecretStr(teams.url()), PAYLOAD).retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("zone", "hours"), [("+0000", 0), ("-0000", 0), ("+0200", 2)], ids=["UTC", "of no zone", "of Paris"]
)
def test_retry_after_as_a_date(teams, zone, hours):
    until = datetime.now(UTC) + timedelta(seconds=100, hours=hours)
    teams.answers = [(503, {"Retry-After": format_datetime(until).replace("+0000", zone)}, "")]
    assert 90 < post_card(SecretStr(teams.url()), PAYLOAD).retry_after_seconds <= 100


def test_a_dropped_connection_is_unclear_and_one_never_made_is_not(teams):
    teams.answers = [None]
    assert post_card(SecretStr(teams.url()), PAYLOAD).outcome == UNCLEAR
    assert post_card(SecretStr("http://127.0.0.1:9/x"), PAYLOAD).outcome == RETRY


def test_a_response_that_does_not_come_in_time_is_unclear(teams, monkeypatch):
    import requests

    waited = []

    def times_out(*_, timeout, **__):
        waited.append(timeout)
        raise requests.ReadTimeout(f"{CANARY} took too long")

    monkeypatch.setattr(requests, "post", times_out)
    answer = post_card(SecretStr(teams.url()), PAYLOAD)
    # Workflows respond within two seconds.
    assert waited == [10]
    assert (answer.outcome, answer.reason) == (UNCLEAR, "the connection ended before a response came (ReadTimeout)")


def test_each_channel_has_a_variable():
    assert (variable_of("default"), variable_of("ASIA")) == ("TEAMS_WEBHOOK_URL", "TEAMS_WEBHOOK_URL_ASIA")
    environment = {"TEAMS_WEBHOOK_URL_ASIA": " https://x.example/1 "}
    assert webhook_of("ASIA", environment).get_secret_value() == "https://x.example/1"
    with pytest.raises(NoAddress, match="TEAMS_WEBHOOK_URL is not set"):
        webhook_of("default", environment)


@pytest.mark.parametrize("value", [f"http://{CANARY}.example/x", CANARY, f"https:///{CANARY}", f"http://[{CANARY}"])
def test_an_invalid_address_is_rejected_without_repeating_it(value):
    with pytest.raises(NoAddress, match="is set, but not to an https:// address") as caught:
        webhook_of("default", {"TEAMS_WEBHOOK_URL": value})
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_vault_that_cannot_be_read_leaves_a_channel_without_an_address(monkeypatch):
    def unavailable(*_):
        raise SecretUnavailable("Key Vault does not respond")

    monkeypatch.setattr("forecast_assets.alerts.teams.resolve_secret", unavailable)
    with pytest.raises(NoAddress, match="Key Vault does not respond"):
        webhook_of("default", {})


def test_a_secret_does_not_show_when_it_is_printed():
    secret = resolve_secret("X", {"X": CANARY})
    assert CANARY not in f"{secret} {secret!r}"
    assert resolve_secret("X", {"X": " "}) is None


def test_every_secret_part_of_the_address_is_removed_from_a_text():
    address = SecretStr("https://h.example/workflows/0123456789/run?api-version=1&sig=abcdefgh%2Fijkl")
    text = "https://h.example/workflows/0123456789/run?api-version=1&sig=abcdefgh%2Fijkl 0123456789 abcdefgh/ijkl h"
    assert scrub(f"{text} abcdefgh%2Fijkl", address) == "*** *** *** h ***"


def test_pieces_of_eight_characters_are_secret_and_a_mere_slash_is_not():
    assert scrub("a/b 1234567 12345678", SecretStr("https://h.example/1234567/12345678")) == "a/b 1234567 ***"
    assert scrub("a/b key=123456789", SecretStr("https://h.example/?key=123456789")) == "a/b ***"
    assert scrub("at /x", SecretStr("https://h.example/x?key=1")) == "at ***"


def test_a_post_leaves_no_filter_on_the_loggers_behind(teams):
    before = [list(logging.getLogger(name).filters) for name in LOGGERS]
    post_card(SecretStr(teams.url()), PAYLOAD)
    assert [logging.getLogger(name).filters for name in LOGGERS] == before


@pytest.mark.parametrize("answer", [(202, {}, ""), (404, {}, "no such flow: ECHO"), (500, {}, "ECHO"), None])
def test_neither_log_nor_result_holds_the_address(teams, caplog, answer):
    address = teams.url()
    teams.answers = [answer and (*answer[:2], answer[2].replace("ECHO", address))]
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("urllib3.connectionpool").setLevel(logging.DEBUG)
        result = post_card(SecretStr(address), PAYLOAD)
    assert CANARY in teams.paths[0]
    assert CANARY not in caplog.text + repr(result)
