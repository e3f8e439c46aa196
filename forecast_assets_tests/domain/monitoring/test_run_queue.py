"""The queue of runs, by hand: who starts when, what the last end depends on."""

import random

import pytest

from forecast_assets.domain.monitoring.run_queue import QueuedRun, RunTimes, core_hours, critical_path, queue_times


def test_two_places_take_the_next_run_when_one_is_free():
    runs = [QueuedRun("A", 10), QueuedRun("B", 4), QueuedRun("C", 3), QueuedRun("D", 5)]
    times = queue_times(runs, 2)
    assert times == {
        "A": RunTimes(0, 10), "B": RunTimes(0, 4), "C": RunTimes(4, 7, "B"), "D": RunTimes(7, 12, "C"),
    }  # fmt: skip
    assert critical_path(times) == ["B", "C", "D"]


def test_a_higher_priority_starts_first_whatever_its_place_in_the_list():
    times = queue_times([QueuedRun("shadow", 2, priority=5), QueuedRun("live", 3, priority=10)], 1)
    assert times == {"live": RunTimes(0, 3), "shadow": RunTimes(3, 5, "live")}


def test_a_run_without_a_priority_stands_in_line_with_those_of_priority_0():
    stated, unstated = QueuedRun("stated", 1, priority=0), QueuedRun("unstated", 1)
    for first, second in ((stated, unstated), (unstated, stated)):
        assert queue_times([first, second], 1)[first.name] == RunTimes(0, 1)


def test_a_late_delivery_leaves_its_place_to_the_others_and_waits_for_none():
    late, early = QueuedRun("late", 5, priority=10, released=100), QueuedRun("early", 7, priority=5)
    times = queue_times([late, early], 1)
    assert times == {"early": RunTimes(0, 7), "late": RunTimes(100, 105)}
    assert critical_path(times) == ["late"]


def test_a_delivery_that_comes_when_a_place_is_free_has_waited_for_none():
    assert queue_times([QueuedRun("A", 5), QueuedRun("B", 1, released=5)], 1)["B"] == RunTimes(5, 6)


def test_running_runs_keep_their_places():
    runs = [QueuedRun("waits", 4, released=20), QueuedRun("runs", 30, started=0)]
    assert queue_times(runs, 1)["waits"] == RunTimes(30, 34, "runs")
    assert queue_times(runs, 2)["waits"] == RunTimes(20, 24)


def test_where_more_run_than_the_limit_the_next_waits_until_fewer_are_left():
    runs = [QueuedRun("A", 5, started=0), QueuedRun("B", 9, started=0), QueuedRun("C", 2, released=1)]
    assert queue_times(runs, 1)["C"] == RunTimes(9, 11, "B")


def test_the_times_are_those_of_a_queue_that_moves_second_by_second():
    draw = random.Random(7)
    for _ in range(50):
        runs = [
            QueuedRun(str(i), draw.randint(1, 9), draw.choice([5, 10]), draw.choice([0, 0, 3, 20])) for i in range(12)
        ]
        places = draw.randint(1, 4)
        assert {name: (each.start, each.end) for name, each in queue_times(runs, places).items()} == _ticking(
            runs, places
        )


def _ticking(runs, places):
    """Return start and end by name, of a clock that asks each second who may start."""
    waiting, running, times, second = list(runs), {}, {}, 0
    while waiting or running:
        running = {name: end for name, end in running.items() if end > second}
        for run in sorted(waiting, key=lambda run: -run.priority):
            if len(running) < places and run.released <= second:
                waiting.remove(run)
                running[run.name] = second + run.seconds
                times[run.name] = (second, second + run.seconds)
        second += 1
    return times


def test_no_runs_have_no_path_and_a_limit_below_one_is_an_error():
    assert critical_path({}) == []
    with pytest.raises(ValueError, match="got 0"):
        queue_times([], 0)


def test_half_an_hour_on_four_cores_is_two_core_hours():
    assert core_hours(1800, 4) == 2
