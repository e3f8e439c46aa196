"""Workers end with the command that started them, however it ends."""

import os
import signal
import subprocess
import sys
from unittest.mock import Mock

import pytest

from forecast_assets.operations.cycle import processes

SECONDS_TO_END = 30
COMMAND = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from forecast_assets.operations.cycle.parent_process import end_with_parent

if __name__ == "__main__":
    pool = ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=end_with_parent)
    assert list(pool.map(abs, [-1, -2])) == [1, 2]
    if "ends" in sys.argv:
        pool.shutdown()
        sys.exit()
    working = [pool.submit(time.sleep, 600) for _ in range(2)]
    pool.submit(int)
    while not all(each.running() for each in working):
        time.sleep(0.01)
    time.sleep(0.5)
    print("working", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(os.name == "nt", reason="there are no signals")
def test_workers_of_a_command_that_is_killed_alone_end(tmp_path):
    script = tmp_path / "command.py"
    script.write_text(COMMAND, encoding="utf-8")
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout.readline() == "working\n"
        os.kill(command.pid, signal.SIGKILL)
        # The workers have the same output: it ends when the last of them has.
        output, _ = command.communicate(timeout=SECONDS_TO_END)
    assert output == ""


def test_a_command_that_ends_by_itself_is_not_kept_by_its_workers(tmp_path):
    script = tmp_path / "command.py"
    script.write_text(COMMAND, encoding="utf-8")
    assert subprocess.run([sys.executable, script, "ends"], check=False, timeout=SECONDS_TO_END).returncode == 0


def test_every_worker_of_a_cycle_does_so(monkeypatch):
    ended_with = []
    monkeypatch.setattr(processes, "end_with_parent", lambda: ended_with.append(True))
    monkeypatch.setattr(processes, "commit_without_waiting", lambda: None)
    monkeypatch.setattr(processes.threadpoolctl, "threadpool_limits", lambda *_, **__: None)
    monkeypatch.setattr(processes, "gc", Mock())
    for name in ("FORECAST_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    processes._set_up(2)
    assert ended_with == [True]
    for how in (processes.FORKED, processes.NEW):
        pool = processes._pool(2, how)
        assert pool._initializer is processes._set_up
        pool.shutdown()


@pytest.mark.parametrize(
    ("cores", "workers", "threads"), [(8, 2, "3"), (8, 3, "2"), (9, 2, "4"), (4, 8, "1"), (1, 1, "1")]
)
def test_workers_share_all_cores_but_one_and_a_limit_of_the_environment_stays(monkeypatch, cores, workers, threads):
    monkeypatch.setattr(processes, "end_with_parent", lambda: None)
    relaxed = []
    monkeypatch.setattr(processes, "commit_without_waiting", lambda: relaxed.append(True))
    monkeypatch.setattr(processes.threadpoolctl, "threadpool_limits", lambda *_, **__: None)
    monkeypatch.setattr(processes, "gc", Mock())
    monkeypatch.setattr(processes, "usable_cores", lambda: cores)
    for name in ("FORECAST_MAX_THREADS", "OMP_NUM_THREADS"):
        # Set first: what the call sets is then undone, too.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "5")
    processes._set_up(workers)
    limits = [os.environ[f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS")]
    assert (os.environ["FORECAST_MAX_THREADS"], limits, relaxed) == (threads, ["1", "5"], [True])
