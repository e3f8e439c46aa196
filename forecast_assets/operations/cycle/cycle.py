"""Monthly cycle of several markets, stage by stage, with fallback runs for markets that failed.

Markets run side by side in processes of their own; a market that fails stops no other. The order of the stages is in
``operations/stages.py``.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

import pandas as pd

from forecast_assets.config.settings import Settings, pools_markets
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.fallback import steps_after_failure
from forecast_assets.operations.cycle.launch import Loader, RunResult, Step, Steps
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.operations.cycle.processes import Processes
from forecast_assets.operations.cycle.steps import CycleSteps
from forecast_assets.operations.failure_text import in_one_line
from forecast_assets.operations.stages import FORECAST_SUMS, stages
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.opened import open_store

# Takes the place of a job's name where a market's steps could not be found.
PLANNING = "planning"
Report = Callable[[str | None, str, MonthRange, RunResult | None], None]
# Called with the runs under way where none has ended for QUIET_SECONDS: market, job and months of each.
Watch = Callable[[Sequence[tuple[str | None, str, MonthRange]]], None]
QUIET_SECONDS = 15.0


def run_cycles(
    settings: Settings,
    load: Loader,
    request: CycleRequest,
    countries: Sequence[str],
    report: Report,
    watch: Watch | None = None,
) -> dict[str, list[RunResult]]:
    """Run the cycles of the markets.

    Args:
        settings: Of the company; the processes read the same environment.
        load: Loads the code location in each process.
        request: Months of the cycles.
        countries: Codes of the markets.
        report: Called with market (None for all), job, months and result; the result is None when a run starts.
        watch: Called with the runs under way where none has ended for a while.

    Returns:
        Results by market, those of fallback runs last. Runs over all markets stand under the empty code. A market
        whose origins are all closed has none.
    """
    steps = CycleSteps(open_store(settings), settings.market_table, request)
    results: dict[str, list[RunResult]] = {code: [] for code in (*countries, "")}
    is_open = [code for code in countries if any(steps.is_open(code, origin) for origin in request.origin_months)]
    if not is_open:
        return results

    def planned(code: str, steps_of_code: Steps) -> Steps:
        return _planned(steps_of_code, code, request.month, results[code], report)

    with Processes(len(is_open), load) as processes:
        for stage in stages(pools=pools_markets(settings)):
            if stage is FORECAST_SUMS:
                continue
            ready = [code for code in is_open if all(result.succeeded for result in results[code])]
            if stage.over_all_markets:
                wanted = {"": planned("", steps.over_all_markets(stage, ready))}
            else:
                wanted = {code: planned(code, steps.of_market(stage, code)) for code in ready}
            _extend(results, run_side_by_side(processes, wanted, report, watch))
        failed = [code for code in is_open if not all(result.succeeded for result in results[code])]
        left = {code: planned(code, steps_after_failure(settings, code, request.month)) for code in failed}
        _extend(results, run_side_by_side(processes, left, report, watch, goes_on=True))
        # Last, so that the sums hold what fallback runs have published.
        sums = {"": planned("", steps.over_all_markets(FORECAST_SUMS, is_open))}
        _extend(results, run_side_by_side(processes, sums, report, watch))
    return results


def _planned(steps: Steps, code: str, month: pd.Timestamp, results: list[RunResult], report: Report) -> Steps:
    """Generate the steps of one market; a stored file that cannot be read ends the planning of this market alone."""
    try:
        yield from steps
    except (DamagedFile, OSError) as error:
        failure = RunResult(PLANNING, code or None, "", (f"{PLANNING}: {error}",))
        results.append(failure)
        report(code or None, PLANNING, MonthRange(month, month), failure)


def _extend(results: dict[str, list[RunResult]], more: Mapping[str, list[RunResult]]) -> None:
    for code, ended in more.items():
        results[code] += ended


def run_side_by_side(
    processes: Processes,
    steps: Mapping[str, Steps],
    report: Report,
    watch: Watch | None = None,
    *,
    goes_on: bool = False,
) -> dict[str, list[RunResult]]:
    """Run each market's steps in order, as many markets at a time as there are processes.

    A failed step ends its market alone. With ``goes_on`` it does not: the market's steps are sent the failed result and
    generate what follows. An empty key stands for steps over all markets.
    """
    results: dict[str, list[RunResult]] = {code: [] for code in steps}
    running: dict[Future[RunResult], tuple[str, Step]] = {}
    waiting: deque[tuple[str, RunResult | None]] = deque((code, None) for code in steps)
    while waiting or running:
        while waiting and len(running) < processes.count:
            code, ended = waiting.popleft()
            step = _next_step(steps[code], ended)
            if step:
                report(code or None, step.job, step.months, None)
                future = processes.launch(step.job, code or None, step.months, step.tags, step.assets)
                running[future] = (code, step)
        done, _ = wait(running, QUIET_SECONDS if watch else None, FIRST_COMPLETED)
        if watch and running and not done:
            watch([(code or None, step.job, step.months) for code, step in running.values()])
        for future in done:
            code, step = running.pop(future)
            result = _result(future, code, step)
            report(code or None, step.job, step.months, result)
            results[code].append(result)
            if result.succeeded or goes_on:
                waiting.appendleft((code, result))
    return results


def _next_step(steps: Steps, ended: RunResult | None) -> Step | None:
    """Send the result of the step before, None before the first one; return the next step, None after the last."""
    try:
        return next(steps) if ended is None else steps.send(ended)
    except StopIteration:
        return None


def _result(future: Future[RunResult], code: str, step: Step) -> RunResult:
    """Return the run's result; a process that died or a run that could not start is a failure of this market alone."""
    error = future.exception()
    if error is None:
        return future.result()
    return RunResult(step.job, code or None, "", (f"{step.job} could not run: {in_one_line(error)}",))
