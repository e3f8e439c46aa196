"""Dispatch to a Teams server on loopback: order, rate, failures, and unknown outcomes.

Time is a clock that the tests move; waiting moves it too.
"""

import json
from datetime import timedelta

import pytest
from pydantic import SecretStr

from forecast_assets.alerts import messages as states
from forecast_assets.alerts.dispatch import HOLD, LEASE_SECONDS, wait_seconds
from forecast_assets.alerts.teams import NoAddress, post_card
from forecast_assets_tests.alerts.teams_server import ACCEPTED, headlines, texts


def test_messages_are_sent_in_order_and_once_and_at_most_two_a_second(deliver, fill, teams):
    cycles = [f"c{number}" for number in range(6)]
    fill(*cycles)
    assert deliver().drain(60).sent == [f"default/{number}" for number in range(1, 7)]
    assert deliver().drain(60).sent == []
    assert headlines(teams) == cycles
    gaps = [later - earlier for earlier, later in zip(teams.times, teams.times[1:], strict=False)]
    assert gaps == [timedelta(seconds=0.5)] * 5


def test_a_second_dispatcher_keeps_the_rate_limit_of_the_first(deliver, fill, teams):
    for cycle in ("c1", "c2"):
        fill(cycle)
        deliver().drain(60)
    assert teams.times[1] - teams.times[0] == timedelta(seconds=0.5)


def test_a_drain_ends_at_its_budget_and_the_next_one_continues(deliver, fill, teams):
    fill(*(f"c{number}" for number in range(9)))
    done = deliver().drain(2)
    assert (len(done.sent), done.waiting) == (5, {"default": 4})
    deliver().drain(60)
    assert headlines(teams) == [f"c{number}" for number in range(9)]


def test_channels_take_turns_so_that_a_full_one_does_not_block_others(deliver, fill, teams):
    fill("c1", "c2", "c3")
    fill("j1", country="JP")
    deliver().drain(60)
    assert headlines(teams) == ["j1", "c1", "c2", "c3"]
    assert [path.split("?")[0].rsplit("/", 1)[1] for path in teams.paths] == ["ASIA", *["default"] * 3]


@pytest.mark.parametrize("outage", ["refuses connections", "answers 503"])
def test_after_an_outage_everything_arrives_once_and_in_order(deliver, fill, teams, clock, outage):
    down = SecretStr("http://127.0.0.1:9/closed") if outage == "refuses connections" else SecretStr(teams.url())
    teams.always = (503, {}, "down")
    cycles = [f"c{number}" for number in range(30)]
    for cycle in cycles:
        fill(cycle)
        assert deliver(address=lambda _: down).drain(20).sent == []
        clock.sleep(30)
    assert deliver().drain(0).waiting == {"default": 30}
    before = len(teams.received)
    assert before < 10  # Of 30 ticks in 15 minutes: waiting is doubled from 30 s.
    teams.always = ACCEPTED
    clock.sleep(1_800)
    # Forty posts fit into each drain of twenty seconds.
    assert [len(deliver().drain(20).sent) for _ in range(2)] == [30, 0]
    assert headlines(teams)[before:] == cycles


def test_a_day_without_teams_is_one_attempt_per_half_hour_at_most(deliver, fill, teams, clock):
    teams.always = (500, {}, "")
    fill("c1")
    for _ in range(24 * 60):
        deliver().drain(20)
        clock.sleep(60)
    assert 50 <= len(teams.received) <= 24 * 2 + 8
    teams.always = ACCEPTED
    clock.sleep(1_800)
    assert deliver().drain(20).sent == ["default/1"]
    assert "Delivered late: written 2024-07-10 06:00 UTC." in texts(teams.received[-1])


def test_retry_after_is_honoured(deliver, fill, teams, clock):
    teams.answers = [(429, {"Retry-After": "120"}, "slow down")]
    fill("c1", "c2")
    done = deliver().drain(20)
    assert done.problems == {"default": "HTTP 429: slow down; next attempt 2024-07-10 06:02:00"}
    clock.sleep(119)
    assert deliver().drain(0.1).sent == []
    clock.sleep(1)
    assert deliver().drain(20).sent == ["default/1", "default/2"]
    assert headlines(teams) == ["c1", "c1", "c2"]


def test_waits_double_to_half_an_hour_and_respect_retry_after():
    assert [wait_seconds(attempt, 0.0) for attempt in (1, 2, 3, 7, 8, 5_000)] == [30, 60, 120, 1_800, 1_800, 1_800]
    assert wait_seconds(2, 0.5) == 45
    assert wait_seconds(1, 0.999, retry_after_seconds=77) == 77
    assert wait_seconds(1, 0.0, retry_after_seconds=1e9) == 86_400


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413])
def test_a_rejected_card_is_parked_and_does_not_block_its_channel(deliver, fill, teams, status):
    teams.answers = [(status, {}, "bad card")]
    fill("c1", "c2")
    done = deliver().drain(20)
    assert done.newly_parked == {"default/1": f"HTTP {status}: bad card"}
    assert (done.sent, done.parked, done.waiting) == (["default/2"], {"default": 1}, {})
    assert "1 earlier card could not be delivered." in texts(teams.received[1])


def test_a_parked_message_can_be_queued_again(deliver, fill, teams, messages):
    teams.answers = [(404, {}, "")]
    fill("c1")
    deliver().drain(20)
    messages.advance(messages.find("default/1"), states.QUEUED, attempts=0)
    assert deliver().drain(20).sent == ["default/1"]
    assert "repeat" not in texts(teams.received[-1])


def test_an_unreadable_message_is_parked_and_does_not_block_its_channel(deliver, fill, messages, outbox):
    fill("c0", "c1")
    content = messages.content(messages.find("default/1"))
    content["incidents"][0]["kind"] = "of 2031"
    path, files = messages.records.path("default/00000001/0000.json"), outbox.store.files
    files.replace(path, json.dumps(content).encode(), files.state(path))
    done = deliver().drain(20)
    assert "incident kind 'of 2031' is unknown" in done.newly_parked["default/1"]
    assert done.sent == ["default/2"]


def test_without_an_address_messages_wait_and_the_variable_is_named(deliver, fill):
    def nowhere(channel: str) -> SecretStr:
        raise NoAddress("TEAMS_WEBHOOK_URL is not set")

    fill("c1")
    done = deliver(address=nowhere).drain(20)
    assert (done.problems, done.waiting) == ({"default": "TEAMS_WEBHOOK_URL is not set"}, {"default": 1})


@pytest.mark.parametrize("unclear", [None, (504, {}, ""), (502, {}, "")])
def test_a_card_with_a_lost_response_is_sent_again_and_marked(deliver, fill, teams, clock, unclear):
    teams.answers = [unclear]
    fill("c1", "c2")
    assert deliver().drain(20).sent == []
    clock.sleep(30)
    assert deliver().drain(20).sent == ["default/1", "default/2"]
    assert headlines(teams) == ["c1", "c1", "c2"]
    assert ["Possibly a repeat" in texts(payload) for payload in teams.received] == [False, True, False]


def test_a_card_with_a_lost_response_is_held_if_the_settings_ask_for_it(deliver, fill, teams, clock):
    teams.answers = [None]
    fill("c1", "c2")
    done = deliver(HOLD).drain(20)
    assert done.sent == ["default/2"]
    assert done.newly_parked == {"default/1": "the connection ended before a response came (ConnectionError)"}
    clock.sleep(86_400)
    deliver(HOLD).drain(20)
    assert headlines(teams) == ["c1", "c2"]


def test_a_failed_connection_is_no_possible_repeat(deliver, fill, teams, clock):
    fill("c1")
    deliver(address=lambda _: SecretStr("http://127.0.0.1:9/closed")).drain(20)
    clock.sleep(30)
    deliver().drain(20)
    assert "Possibly a repeat" not in texts(teams.received[0])


def test_a_dispatcher_that_was_overtaken_changes_nothing(deliver, fill, teams, clock, messages):
    def slow(address, payload):
        clock.sleep(LEASE_SECONDS)
        assert deliver().drain(20).sent == ["default/1"]
        return post_card(address, payload)

    fill("c1")
    assert deliver(post=slow).drain(20).sent == []
    assert messages.unfinished() == {}
    assert deliver().drain(20).sent == []


def test_a_second_dispatcher_leaves_a_begun_message_to_the_first(deliver, fill, teams):
    def meanwhile(address, payload):
        assert deliver().drain(0.1).sent == []
        return post_card(address, payload)

    fill("c1", "c2")
    assert deliver(post=meanwhile).drain(20).sent == ["default/1", "default/2"]
    assert headlines(teams) == ["c1", "c2"]
