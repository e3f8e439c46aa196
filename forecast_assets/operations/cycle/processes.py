"""Processes in which runs of different markets go on side by side. The order of runs is decided in cycle.py.

A fork has what the command has imported, and saves 1 CPU s of imports. It copies only the thread that forks, and locks
as they are. So the first processes are forked where the command has one thread, and later ones are new.
"""

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from types import TracebackType
from typing import Any

import threadpoolctl

from forecast_assets.operations.cycle.launch import Loader, RunResult, launch
from forecast_assets.operations.cycle.parent_process import end_with_parent
from forecast_assets.operations.cycle.sqlite_commits import commit_without_waiting

FORKED, NEW = "fork", "spawn"
# New objects between two searches for garbage, and searches to the next wider one. With Python's own 700, 10 and 10 a
# monthly cycle takes 4 % more CPU.
COLLECTIONS = (100_000, 50, 50)


class Processes:
    """Processes for runs, at most one per market and per core, each in a pool of its own.

    In one pool a process that dies (out of memory) breaks the runs of all others, and the pool accepts no further run.

    They start when the context is entered.

    Args:
        markets: Number of markets with runs.
        load: Loads the code location in each process; a function of a module.

    Attributes:
        count: Number of runs at a time.
    """

    def __init__(self, markets: int, load: Loader) -> None:
        self._load = load
        self.count = max(1, min(markets, usable_cores()))
        self._pools: list[ProcessPoolExecutor] = []
        self._latest: list[Future[Any] | None] = [None] * self.count

    def launch(self, *arguments: Any) -> Future[RunResult]:
        """Launch a run in a process that is idle; the arguments are those of ``launch`` after the loader."""
        return self.submit(launch, self._load, *arguments)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Call a function in a process that is idle; one that has died is replaced."""
        index = next(index for index, latest in enumerate(self._latest) if latest is None or latest.done())
        latest = self._latest[index]
        if latest is not None and isinstance(latest.exception(), BrokenExecutor):
            self._pools[index] = _pool(self.count, NEW)
        future = self._latest[index] = self._pools[index].submit(function, *arguments)
        return future

    def __enter__(self) -> "Processes":
        # Decided once: each pool has a thread in this process, which touches no other pool.
        how = FORKED if may_fork() else NEW
        for _ in range(self.count):
            self._pools.append(_pool(self.count, how))
            self._pools[-1].submit(os.getpid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for pool in self._pools:
            pool.shutdown()


def usable_cores() -> int:
    """Count the cores that this process may use: ``taskset`` or a container's cpuset can leave it fewer."""
    # Not on macOS.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def may_fork() -> bool:
    """Return True if a fork of this process is whole: on Linux, with one thread of Python."""
    return sys.platform == "linux" and threading.active_count() == 1


def _pool(processes: int, how: str) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        1, mp_context=multiprocessing.get_context(how), initializer=_set_up, initargs=(processes,)
    )


def _set_up(processes: int) -> None:
    """Limit the LightGBM threads of all processes together to the cores; let commits not wait for the disk.

    The process ends with the command that started it. NumPy has one thread, also in a fork, which has it loaded. What
    the command has loaded is no garbage.
    """
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    end_with_parent()
    commit_without_waiting()
    share = max(1, (usable_cores() - 1) // processes)
    os.environ.setdefault("FORECAST_MAX_THREADS", str(share))
    for library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(library, "1")
    threadpoolctl.threadpool_limits(1, user_api="blas")
