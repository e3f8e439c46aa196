"""Processes of a command: forks of it where it has one thread, new ones otherwise; NumPy has one thread in both.

Each test is a command of its own, because the process that runs the tests may have threads.
"""

import ast
import subprocess
import sys

import pytest

COMMAND = """
import gc, multiprocessing, os, sys, threading, time
import numpy, threadpoolctl
from forecast_assets.operations.cycle.processes import Processes

def blas_threads():
    return [each["num_threads"] for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"]

def main():
    os.sched_getaffinity = lambda _: {{0, 1}}
    sys.marked = "of the command"
    {before}
    with Processes(2, None) as processes:
        {work}
    {after}

if __name__ == "__main__":
    main()
"""
HAS_MARK = "eval, \"hasattr(__import__('sys'), 'marked')\""
BOTH = f"both = [processes.submit({HAS_MARK}) for _ in range(2)]; print([each.result() for each in both])"
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")


def said(tmp_path, work: str, before: str = "pass", after: str = "pass") -> str:
    """Return what a command prints that does some work with two processes."""
    command = tmp_path / "command.py"
    command.write_text(COMMAND.format(work=work, before=before, after=after), encoding="utf-8")
    done = subprocess.run([sys.executable, str(command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@ON_LINUX
def test_processes_of_a_command_with_one_thread_are_forks_of_it(tmp_path):
    assert said(tmp_path, BOTH) == "[True, True]"


def test_processes_of_a_command_with_two_threads_are_new(tmp_path):
    """A lock that another thread holds would stay locked in a fork."""
    wait = "threading.Thread(target=threading.Event().wait, daemon=True).start()"
    assert said(tmp_path, BOTH, wait) == "[False, False]"


def test_processes_start_with_the_context_before_there_are_other_threads_and_end_with_it(tmp_path):
    count = "print(len(multiprocessing.active_children()))"
    assert said(tmp_path, count, after=count).split() == ["2", "0"]


def test_a_process_in_place_of_a_dead_one_is_new(tmp_path):
    work = f"processes.submit(os._exit, 1).exception(); print(processes.submit({HAS_MARK}).result())"
    assert said(tmp_path, work) == "False"


def test_numpy_has_one_thread_in_a_process(tmp_path):
    found = said(tmp_path, "print(set(processes.submit(blas_threads).result()))")
    assert found == "{1}"


@ON_LINUX
def test_what_the_command_has_loaded_is_no_garbage_and_the_rest_is_looked_for_rarely(tmp_path):
    work = "print([processes.submit(each).result() for each in (gc.get_threshold, gc.get_freeze_count)])"
    threshold, frozen = ast.literal_eval(said(tmp_path, work))
    assert threshold[0] == 100_000
    assert frozen > 10_000


@ON_LINUX
def test_processes_end_with_a_command_that_is_killed(tmp_path):
    """Both have ended when nobody holds their output any more: reading it to its end would wait otherwise."""
    work = (
        "[processes.submit(time.sleep, 600) for _ in range(2)]; print('working', flush=True); os.kill(os.getpid(), 9)"
    )
    command = tmp_path / "command.py"
    command.write_text(COMMAND.format(work=work, before="pass", after="pass"), encoding="utf-8")
    done = subprocess.run([sys.executable, str(command)], stdout=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (-9, "working\n")
