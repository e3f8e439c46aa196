"""Start and end of runs in a queue that lets some run at a time, and the chain of runs that ends last.

Pure arithmetic on seconds since any moment. Reading past runs does not belong here.
"""

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class QueuedRun:
    """A run of the queue.

    Attributes:
        name: Identity of the run.
        seconds: Expected seconds from start to end.
        priority: Runs of a higher priority start first; of the same priority, the one that stands first in the list.
        released: Second from which the run may start.
        started: Second in which it has started; None while it waits.
    """

    name: str
    seconds: float
    priority: int = 0
    released: float = 0.0
    started: float | None = None


@dataclass(frozen=True)
class RunTimes:
    """Expected start and end of a run; ``after`` names the run whose end it waited for, None if it waited for none."""

    start: float
    end: float
    after: str | None = None


def queue_times(runs: Sequence[QueuedRun], at_a_time: int) -> dict[str, RunTimes]:
    """Return the times of each run by name, if at most ``at_a_time`` run side by side.

    A free place takes the released run of the highest priority at once. If more have started than the limit allows,
    they go on, and others wait until fewer are left.

    Raises:
        ValueError: If the limit is below 1.
    """
    if at_a_time < 1:
        raise ValueError(f"runs at a time must be >= 1, got {at_a_time}")
    times = {run.name: RunTimes(run.started, run.started + run.seconds) for run in runs if run.started is not None}
    ends = sorted((each.end, name) for name, each in times.items())
    # A list times a negative number is empty.
    free = ends[-at_a_time:] + [(-math.inf, "")] * (at_a_time - len(ends))
    heapq.heapify(free)
    waiting = [run for run in runs if run.started is None]
    while waiting:
        free_at, before = heapq.heappop(free)
        now = max(free_at, min(run.released for run in waiting))
        run = max((run for run in waiting if run.released <= now), key=lambda run: run.priority)
        waiting.remove(run)
        times[run.name] = RunTimes(now, now + run.seconds, before if free_at > run.released else None)
        heapq.heappush(free, (times[run.name].end, run.name))
    return times


def critical_path(times: Mapping[str, RunTimes]) -> list[str]:
    """Return the runs that the last end depends on, in the order in which they run; none without runs."""
    if not times:
        return []
    path = [max(times, key=lambda name: times[name].end)]
    while (before := times[path[0]].after) is not None:
        path.insert(0, before)
    return path


def core_hours(seconds: float, cores: int) -> float:
    """Return the hours of a core that runs of so many seconds on ``cores`` cores take."""
    return seconds * cores / SECONDS_PER_HOUR
