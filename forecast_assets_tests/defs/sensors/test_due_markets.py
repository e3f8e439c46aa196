"""The rule of the arrival sensor, case by case."""

import dataclasses

import pandas as pd
import pytest

from forecast_assets.defs.sensors.due_markets import Action, DueMarket, Runs, action_for
from forecast_assets.sources.landing.arrivals import MonthDelivery

RUN_AT, BEFORE, AFTER = (pd.Timestamp(f"2025-01-10T{hour}:00Z") for hour in ("06", "05", "07"))
ABSENT = MonthDelivery(("sell_in",), (), "a", BEFORE)
GROWING = MonthDelivery((), ("sell_in/FR.csv",), "b", AFTER)
OLD, NEW = MonthDelivery((), (), "c", BEFORE), MonthDelivery((), (), "d", AFTER)


def action(runs: Runs, delivery: MonthDelivery, seconds: float = 300, is_overdue: bool = False) -> Action:
    requested_at = None if runs is Runs.NONE else RUN_AT
    return action_for(DueMarket(runs, requested_at, seconds, delivery, is_overdue))[0]


@pytest.mark.parametrize("is_overdue", [False, True])
@pytest.mark.parametrize("delivery", [ABSENT, GROWING, OLD, NEW])
def test_beside_a_run_that_goes_on_nothing_is_started_or_told(delivery, is_overdue):
    assert action(Runs.ACTIVE, delivery, is_overdue=is_overdue) is Action.NOTHING


@pytest.mark.parametrize("runs", [Runs.NONE, Runs.WAITED, Runs.FAILED])
@pytest.mark.parametrize("delivery", [ABSENT, GROWING])
def test_what_is_not_there_or_not_whole_starts_nothing_and_is_told_after_the_deadline(runs, delivery):
    assert action(runs, delivery) is Action.NOTHING
    assert action(runs, delivery, is_overdue=True) is Action.ALARM


@pytest.mark.parametrize("is_overdue", [False, True])
def test_a_run_that_waited_is_followed_by_another_when_the_delivery_is_complete_even_late(is_overdue):
    assert action(Runs.WAITED, OLD, seconds=0, is_overdue=is_overdue) is Action.START


def test_without_any_run_the_schedule_has_five_minutes_of_time():
    assert [action(Runs.NONE, OLD, seconds) for seconds in (0, 299, 300)] == [*[Action.NOTHING] * 2, Action.START]


def test_a_failed_run_is_followed_only_by_a_delivery_that_came_after_it():
    assert action(Runs.FAILED, OLD) is Action.NOTHING
    assert action(Runs.FAILED, NEW) is Action.START


def test_a_delivery_of_the_moment_of_the_run_or_without_a_time_is_not_new():
    at_once, undated = (dataclasses.replace(NEW, changed_at=moment) for moment in (RUN_AT, None))
    assert action(Runs.FAILED, at_once) is action(Runs.FAILED, undated) is Action.NOTHING
    never_asked = DueMarket(Runs.FAILED, None, 300, NEW, is_overdue=False)
    assert action_for(never_asked) == (Action.NOTHING, "its run failed, nothing new has been delivered since")


def test_the_reason_says_whose_turn_it_is():
    def reason(runs, delivery=NEW, seconds=300):
        return action_for(DueMarket(runs, RUN_AT, seconds, delivery, is_overdue=False))[1]

    assert reason(Runs.ACTIVE) == "a run is under way"
    assert reason(Runs.ENDED) == "its run has ended without publishing: see the run"
    assert reason(Runs.NONE, seconds=299) == "due, left to the schedule"
    assert reason(Runs.FAILED, seconds=0) == reason(Runs.WAITED, seconds=0) == "its delivery is complete"


def test_a_run_that_ended_well_without_publishing_is_left_to_people():
    assert action(Runs.ENDED, NEW) is Action.NOTHING


def test_the_reason_names_what_is_not_there():
    assert action_for(DueMarket(Runs.WAITED, RUN_AT, 1, ABSENT, True))[1] == "no sell_in of the month"
    assert action_for(DueMarket(Runs.WAITED, RUN_AT, 1, GROWING, True))[1] == "still being written: sell_in/FR.csv"


def test_the_reason_names_the_file_that_cannot_be_read():
    broken = dataclasses.replace(OLD, unreadable=("sell_in/FR.csv: found bytes that are not UTF-8",))
    reason = action_for(DueMarket(Runs.FAILED, RUN_AT, 300, broken, is_overdue=False))[1]
    assert reason.endswith("; cannot be read: sell_in/FR.csv: found bytes that are not UTF-8")
    absent = dataclasses.replace(broken, missing=("sell_in",))
    assert "cannot be read: sell_in/FR.csv" in action_for(DueMarket(Runs.NONE, None, 300, absent, is_overdue=True))[1]
