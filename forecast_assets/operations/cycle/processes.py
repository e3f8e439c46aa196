"""Processes in which runs of different markets go on side by side. Which runs, in what order, stands in cycle.py."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from types import TracebackType
from typing import Any

from forecast_assets.operations.cycle.launch import Loader, RunResult, launch
from forecast_assets.operations.cycle.sqlite_commits import commit_without_waiting


class Processes:
    """As many processes as there are markets and cores, each a pool of its own.

    In one pool a process that dies (out of memory) breaks the runs of all others, and the pool takes no further one.

    Args:
        markets: How many markets have runs.
        load: Loads the code location in each process; a function of a module.

    Attributes:
        count: How many runs go on at a time.
    """

    def __init__(self, markets: int, load: Loader) -> None:
        self._load = load
        self.count = max(1, min(markets, os.cpu_count() or 1))
        self._pools = [_pool(self.count) for _ in range(self.count)]
        self._latest: list[Future[Any] | None] = [None] * self.count

    def launch(self, *arguments: Any) -> Future[RunResult]:
        """Launch a run in a process that is idle; the arguments are those of ``launch`` after the loader."""
        return self.submit(launch, self._load, *arguments)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Call a function in a process that is idle; one that has died is replaced."""
        place = next(place for place, latest in enumerate(self._latest) if latest is None or latest.done())
        latest = self._latest[place]
        if latest is not None and isinstance(latest.exception(), BrokenExecutor):
            self._pools[place] = _pool(self.count)
        future = self._latest[place] = self._pools[place].submit(function, *arguments)
        return future

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for pool in self._pools:
            pool.shutdown()


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        1, mp_context=multiprocessing.get_context("spawn"), initializer=_set_up, initargs=(processes,)
    )


def _set_up(processes: int) -> None:
    """Together the LightGBM threads of all processes stay within the cores; commits do not wait for the disk."""
    commit_without_waiting()
    share = max(1, ((os.cpu_count() or 1) - 1) // processes)
    os.environ.setdefault("FORECAST_MAX_THREADS", str(share))
    for library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(library, "1")
