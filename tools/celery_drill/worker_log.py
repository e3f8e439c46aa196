"""Reader of a Celery worker's log: the tasks that it took, and those that it brought to an end."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

_LINE = re.compile(
    r"^\[(?P<at>[\d-]+ [\d:]+),(?P<milliseconds>\d+): \w+/\w+\] "
    r"Task \w+\[(?P<task>[0-9a-f-]+)\] (?P<what>received|succeeded|raised)"
)


@dataclass(frozen=True)
class Task:
    """A task of a worker, with times in seconds since 1970; ``ended_at`` is None if the worker did not end it."""

    task_id: str
    received_at: float
    ended_at: float | None = None


def tasks_in(lines: Iterable[str]) -> list[Task]:
    """Return the tasks in the order in which the worker took them. The worker's clock is in UTC."""
    tasks: dict[str, Task] = {}
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        at = datetime.strptime(match["at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
        at += int(match["milliseconds"]) / 1000
        task_id = match["task"]
        if match["what"] == "received":
            tasks[task_id] = Task(task_id, at)
        elif task_id in tasks:
            tasks[task_id] = Task(task_id, tasks[task_id].received_at, at)
    return list(tasks.values())
