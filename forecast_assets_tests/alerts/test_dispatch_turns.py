"""Turns of channels in a drain: who comes next at the budget, after a failure, and after a process that died."""

from datetime import timedelta

import pytest

from forecast_assets.alerts import messages as states
from forecast_assets.alerts.dispatch import HOLD, LEASE_SECONDS
from forecast_assets_tests.alerts.teams_server import headlines


def test_a_drain_that_ends_between_two_channels_sends_nothing_more(deliver, fill, teams):
    fill("c1", "c2")
    fill("j1", "j2", country="JP")
    # Posts at 0, 0.5 and 1.0 s; the fourth would be of the other channel.
    done = deliver().drain(1.0)
    assert headlines(teams) == ["j1", "c1", "j2"]
    assert done.waiting == {"default": 1}


def test_channels_share_the_limit_of_two_posts_a_second(deliver, fill, teams, clock):
    fill("c0")
    deliver().drain(60)
    clock.sleep(3_600)
    fill("c1")
    fill("j1", country="JP")
    deliver().drain(60)
    assert headlines(teams) == ["c0", "j1", "c1"]
    assert teams.times[2] - teams.times[1] == timedelta(seconds=0.5)


def test_each_failed_attempt_doubles_the_wait(deliver, fill, teams, clock):
    teams.answers = [(503, {}, "down")] * 3
    fill("c1")
    problems = []
    for wait in (30, 60, 120):
        problems.append(deliver().drain(0.1).problems["default"])
        clock.sleep(wait)
    assert [problem.rpartition(" ")[2] for problem in problems] == ["06:00:30", "06:01:30", "06:03:30"]
    assert deliver().drain(20).sent == ["default/1"]


@pytest.mark.parametrize(("after_unclear", "sent"), [(HOLD, ["c2"]), ("repeat", ["c1", "c2"])])
def test_an_attempt_whose_process_died_is_settled_and_the_channel_goes_on(
    deliver, fill, teams, clock, messages, after_unclear, sent
):
    fill("c1", "c2")
    messages.advance(messages.find("default/1"), states.ATTEMPT, attempts=1)
    young = deliver(after_unclear).drain(20)
    assert young.problems == {"default": "default/1 is being sent by another process"}
    assert young.sent == []
    clock.sleep(LEASE_SECONDS)
    done = deliver(after_unclear).drain(20)
    assert headlines(teams) == sent
    reason = "the process that sent it ended before the response"
    assert done.newly_parked == ({"default/1": reason} if after_unclear == HOLD else {})
