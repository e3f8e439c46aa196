"""Consequence of the end of a run, and the cursor behind the runs that were read."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from forecast_assets.defs.sensors.ended_runs import OVERLAP, EndedRun, Ending, RunCursor

NOW = datetime(2024, 7, 10, 12, tzinfo=UTC)


def ended(*, tags=None, minutes_ago=0, has_succeeded=False, has_failed=True):
    return EndedRun("a", NOW - timedelta(minutes=minutes_ago), tags or {}, has_succeeded, has_failed)


@pytest.mark.parametrize(
    ("run", "ending"),
    [
        (ended(has_succeeded=True, has_failed=False), Ending.SUCCEEDED),
        (ended(has_failed=False), Ending.STOPPED_BY_A_PERSON),
        (ended(), Ending.FAILED),
        (ended(tags={"dagster/will_retry": "false"}), Ending.FAILED),
        (ended(tags={"dagster/will_retry": "true"}, minutes_ago=59), Ending.RETRY_PENDING),
        (ended(tags={"dagster/will_retry": "true"}, minutes_ago=60), Ending.RETRY_NEVER_STARTED),
        (ended(tags={"dagster/will_retry": "true", "dagster/auto_retry_run_id": "b"}), Ending.RETRIED),
    ],
)
def test_what_follows_from_the_end_of_a_run(run, ending):
    assert run.ending(NOW) is ending


def test_the_cursor_remembers_runs_that_changed_shortly_before_it():
    at = NOW.timestamp()
    cursor = RunCursor(at).moved_behind({"early": NOW, "late": NOW + timedelta(minutes=5)}, ["waits"])
    assert cursor == RunCursor(at + 300, ["late"], ["waits"])
    assert RunCursor.read(cursor.to_text(), NOW) == cursor
    assert cursor.to_text() == json.dumps({"after": at + 300, "seen": ["late"], "promised": ["waits"]})
    assert cursor.moved_behind({}, []) == RunCursor(at + 300, [], [])


def test_a_run_changed_exactly_two_minutes_before_the_cursor_stays_in_mind():
    at_edge, before = NOW - OVERLAP, NOW - OVERLAP - timedelta(seconds=1)
    cursor = RunCursor(0).moved_behind({"latest": NOW, "edge": at_edge, "before": before}, [])
    assert cursor.seen == ["latest", "edge"]


def test_runs_are_read_from_two_minutes_before_the_latest_change_on():
    assert RunCursor.read(None, NOW).read_from == NOW - timedelta(minutes=2)
    assert RunCursor.read("", NOW) == RunCursor(NOW.timestamp())


def test_a_cursor_does_not_move_back_to_earlier_changes():
    cursor = RunCursor(NOW.timestamp()).moved_behind({"early": NOW - timedelta(minutes=1)}, [])
    assert cursor == RunCursor(NOW.timestamp(), ["early"], [])
