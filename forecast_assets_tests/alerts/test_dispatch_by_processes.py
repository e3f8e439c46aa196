"""Dispatch by several processes: one that is killed around its post, and two at once."""

import os
from functools import partial

import pytest
from pydantic import SecretStr

from forecast_assets.alerts.card import CardStyle, message_payload
from forecast_assets.alerts.dispatch import HOLD, LEASE_SECONDS, REPEAT, Dispatcher
from forecast_assets.alerts.messages import Messages
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.alerts.teams import post_card
from forecast_assets.storage import TableStore
from forecast_assets_tests.alerts.company import Clock, incident
from forecast_assets_tests.alerts.teams_server import headlines, texts
from forecast_assets_tests.processes import CONTEXT, started


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
