"""Markets run side by side: each in its own order, and independent of failures of the others."""

import os
from concurrent.futures import Future

import pandas as pd
import pytest

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle import cycle
from forecast_assets.operations.cycle.cycle import run_side_by_side
from forecast_assets.operations.cycle.launch import RunResult, Step
from forecast_assets.operations.cycle.processes import Processes
from forecast_assets_tests.operations.cycle.processes_in_this_one import ProcessesInThisOne

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
MONTH = MonthRange(JUNE, JUNE)


def run(steps: dict[str, list[str]], outcomes: dict | None = None, count: int = 1):
    """Run jobs of markets, each for June; return results, submitted jobs and reports."""
    processes = ProcessesInThisOne(count, outcomes or {})
    reports = []
    results = run_side_by_side(
        processes,
        {code: (Step(job, MONTH) for job in jobs) for code, jobs in steps.items()},
        lambda *a: reports.append(a),
    )
    return results, [(job, country) for job, country, _ in processes.submitted], reports


def test_each_market_runs_its_steps_in_order():
    results, submitted, _ = run({"FR": ["ingest", "cycle"], "NO": ["ingest", "cycle"]})
    assert submitted == [("ingest", "FR"), ("cycle", "FR"), ("ingest", "NO"), ("cycle", "NO")]
    assert [result.job for result in results["NO"]] == ["ingest", "cycle"]


def test_a_failed_step_ends_its_market_and_no_other():
    results, submitted, _ = run({"FR": ["ingest", "cycle"], "NO": ["ingest", "cycle"]}, {("ingest", "FR"): ("broken",)})
    assert ("cycle", "FR") not in submitted
    assert [result.succeeded for result in results["FR"]] == [False]
    assert [result.succeeded for result in results["NO"]] == [True, True]


def test_a_run_that_raises_is_a_failure_of_its_market_alone():
    results, *_ = run({"FR": ["ingest"], "NO": ["ingest"]}, {("ingest", "FR"): OSError("disk full")}, count=2)
    assert results["FR"] == [RunResult("ingest", "FR", "", ("ingest could not run: OSError: disk full",))]
    assert results["NO"][0].succeeded


def test_a_market_without_steps_has_no_results_and_delays_no_other():
    results, submitted, _ = run({"FR": [], "NO": ["ingest"], "NA": []})
    assert (results["FR"], results["NA"], submitted) == ([], [], [("ingest", "NO")])


def test_steps_over_all_markets_run_without_a_country():
    _, submitted, reports = run({"": ["totals"]})
    assert submitted == [("totals", None)]
    assert [call[:3] for call in reports] == [(None, "totals", MONTH)] * 2


def test_start_and_end_of_each_run_are_reported():
    _, _, reports = run({"FR": ["ingest"]}, {("ingest", "FR"): ("broken",)})
    assert [result and result.failures for *_, result in reports] == [None, ("broken",)]


def test_no_more_runs_at_a_time_than_there_are_processes():
    """Runs end only when their result is read: the reports before the first end are the runs side by side."""
    _, _, reports = run({code: ["ingest"] for code in ("FR", "NO", "NA")}, count=2)
    first_end = next(index for index, call in enumerate(reports) if call[-1] is not None)
    assert first_end == 2


def test_a_process_that_dies_fails_its_run_and_is_replaced():
    with Processes(1, load_code_location) as processes:
        died = processes.submit(os._exit, 1)
        assert died.exception() is not None
        assert processes.submit(os.getpid).result() != os.getpid()


def test_a_process_that_dies_does_not_affect_the_run_beside_it(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    with Processes(2, load_code_location) as processes:
        beside = processes.submit(pow, 2, 10)
        assert processes.submit(os._exit, 1).exception() is not None
        assert beside.result() == 1024
        assert processes.submit(pow, 2, 11).result() == 2048


def test_there_are_no_more_processes_than_markets_or_cores(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", {0: {0, 1, 2, 3}}.__getitem__)
    assert [Processes(markets, load_code_location).count for markets in (40, 3, 0)] == [4, 3, 1]


@pytest.mark.parametrize(("known", "cores"), [(3, 3), (None, 1)])
def test_where_the_cores_of_a_process_are_unknown_those_of_the_machine_count(monkeypatch, known, cores):
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: known)
    assert Processes(40, load_code_location).count == cores


def test_runs_that_are_quiet_are_watched_until_one_ends(monkeypatch):
    monkeypatch.setattr(cycle, "QUIET_SECONDS", 0.0)
    processes, watched = ProcessesInThisOne(1, {}), []
    pending = Future()
    monkeypatch.setattr(processes, "launch", lambda *_: pending)

    def watch(runs):
        watched.append(runs)
        pending.set_result(RunResult("cycle", "FR", "run"))

    results = run_side_by_side(processes, {"FR": (step for step in [Step("cycle", MONTH)])}, lambda *_: None, watch)
    assert watched == [[("FR", "cycle", MONTH)]]
    assert results["FR"][0].succeeded
