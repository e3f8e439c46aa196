"""Dispatch to a Teams server on loopback: order, rate, failures, and unknown outcomes.

Time is a clock that the tests move; waiting moves it too.
"""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from pydantic import SecretStr

from forecast_assets.alerts import messages as states
from forecast_assets.alerts.card import CardStyle, message_payload
from forecast_assets.alerts.dispatch import HOLD, LEASE_SECONDS, REPEAT, Dispatcher, wait_seconds
from forecast_assets.alerts.messages import Messages
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.alerts.teams import NoAddress, post_card
from forecast_assets.storage import TableStore
from forecast_assets_tests.alerts.company import Clock, incident
from forecast_assets_tests.alerts.teams_server import ACCEPTED, FakeTeams, texts
from forecast_assets_tests.processes import CONTEXT, started

BUSY = (429, {}, "slow down")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def teams(clock):
    with FakeTeams(clock).listening() as server:
        yield server


@pytest.fixture
def messages(outbox):
    return Messages(outbox, grouping_seconds=0)


@pytest.fixture
def deliver(messages, teams, clock) -> Callable[..., Dispatcher]:
    def make(after_unclear: str = REPEAT, **replaced) -> Dispatcher:
        parts = {"address": lambda channel: SecretStr(teams.url(channel)), "sleep": clock.sleep, "draw": lambda: 0.0}
        payload = partial(message_payload, style=CardStyle())
        return Dispatcher(messages, payload, after_unclear, **{**parts, **replaced})

    return make


@pytest.fixture
def fill(outbox, messages):
    """Return a function that writes messages, one a cycle."""

    def make(*cycles: str, country: str = "FR") -> None:
        for cycle in cycles:
            outbox.report([incident(country, subject=cycle, headline=f"headline of {cycle}")], cycle)
            messages.compose()

    return make


def headlines(teams: FakeTeams) -> list[str]:
    return [re.search(r"headline of (\S+)", texts(payload))[1] for payload in teams.received]


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
    while deliver().drain(20).sent:
        pass
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
    outbox.announce("odd", "opened", "default", "c0", {"incident": {**incident().to_record(), "kind": "of 2031"}})
    messages._open_beside = lambda *_: 0
    messages.compose()
    fill("c1")
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


def deliver_and_die(base: str, url: str, moment: str) -> None:
    """Dispatch in a process that ends before or after its first post, without recording anything more."""

    def post(address, payload):
        if moment == "after":
            post_card(address, payload)
        os._exit(9)

    messages = Messages(Outbox(TableStore(base), clock=Clock()), grouping_seconds=0)
    payload = partial(message_payload, style=CardStyle())
    Dispatcher(messages, payload, address=lambda _: SecretStr(url), post=post).drain(20)


@pytest.mark.parametrize("store", ["folder"], indirect=True)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("policy", [REPEAT, HOLD])
def test_a_process_killed_around_the_post_leaves_one_card_or_a_marked_repeat(
    deliver, fill, teams, clock, store, moment, policy
):
    fill("c1", "c2")
    process = started(deliver_and_die, store.base, teams.url(), moment)
    process.join(60)
    assert process.exitcode == 9
    arrived = 1 if moment == "after" else 0
    assert len(teams.received) == arrived
    # Until the attempt is surely over nobody sends it, nor anything behind it.
    clock.sleep(LEASE_SECONDS - 60)
    assert deliver(policy).drain(20).problems == {"default": "default/1 is being sent by another process"}
    assert len(teams.received) == arrived
    clock.sleep(60)
    done = deliver(policy).drain(20)
    if policy == REPEAT:
        assert done.sent == ["default/1", "default/2"]
        assert headlines(teams)[arrived:] == ["c1", "c2"]
        assert ["Possibly a repeat" in texts(payload) for payload in teams.received[arrived:]] == [True, False]
    else:
        assert done.newly_parked == {"default/1": "the process that sent it ended before the response"}
        assert headlines(teams)[arrived:] == ["c2"]


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


def deliver_all(base: str, url: str, barrier) -> None:
    clock = Clock()
    clock.sleep(60)
    messages = Messages(Outbox(TableStore(base), clock=clock), grouping_seconds=0)
    barrier.wait()
    for _ in range(40):
        messages.compose()
        payload = partial(message_payload, style=CardStyle())
        Dispatcher(messages, payload, address=lambda _: SecretStr(url), sleep=clock.sleep).drain(20)


@pytest.mark.parametrize("store", ["folder"], indirect=True)
def test_two_dispatchers_send_each_message_once_and_in_order(store, outbox, teams, clock):
    cycles = [f"c{number:02}" for number in range(25)]
    for cycle in cycles:
        outbox.report([incident(subject=cycle, headline=f"headline of {cycle}")], cycle)
        clock.sleep(0.001)
    barrier = CONTEXT.Barrier(2)
    processes = [started(deliver_all, store.base, teams.url(), barrier) for _ in range(2)]
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    assert headlines(teams) == cycles
