"""The monthly cycle of several markets: history first, then the totals over all, each market's features,
what all of them teach together, then each market to its report; for a market that failed, the best that is left.

Markets run side by side in processes of their own. One that fails stops alone.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from forecast_assets.config.settings import Settings, pools_markets
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.fallback import steps_after_failure
from forecast_assets.operations.cycle.launch import Loader, RunResult
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.operations.cycle.processes import Processes
from forecast_assets.operations.cycle.steps import CycleSteps, Step
from forecast_assets.storage.opened import open_store

Report = Callable[[str | None, str, MonthRange, RunResult | None], None]


def run_cycles(
    settings: Settings, load: Loader, request: CycleRequest, countries: Sequence[str], report: Report
) -> dict[str, list[RunResult]]:
    """Run the cycles of the markets.

    Args:
        settings: Of the company; the processes read the same environment.
        load: Loads the code location in each process.
        request: Which months.
        countries: Codes of the markets.
        report: Called with market (None for all), job and months: without a result when a run starts, with it when it
            has ended.

    Returns:
        Results by market, one of them failed where the market failed, with what ran instead after it. Under the empty
        code: runs over all markets.
    """
    steps = CycleSteps(open_store(settings), settings.market_table, request)
    with Processes(len(countries), load) as processes:
        results = run_side_by_side(processes, {code: steps.history(code) for code in countries}, report)
        ready = [code for code in countries if all(result.succeeded for result in results[code])]
        results |= run_side_by_side(processes, {"": steps.totals(ready)}, report)
        _extend(results, run_side_by_side(processes, {code: steps.features(code) for code in ready}, report))
        ready = [code for code in ready if all(result.succeeded for result in results[code])]
        if pools_markets(settings):
            _extend(results, run_side_by_side(processes, {"": steps.pooling(ready)}, report))
        _extend(results, run_side_by_side(processes, {code: steps.cycles(code) for code in ready}, report))
        failed = [code for code in countries if not all(result.succeeded for result in results[code])]
        left = {code: steps_after_failure(settings, code, request.month) for code in failed}
        _extend(results, run_side_by_side(processes, left, report, goes_on=True))
    return results


def _extend(results: dict[str, list[RunResult]], more: Mapping[str, list[RunResult]]) -> None:
    for code, ended in more.items():
        results[code] += ended


def run_side_by_side(
    processes: Processes, steps: Mapping[str, Iterator[Step]], report: Report, *, goes_on: bool = False
) -> dict[str, list[RunResult]]:
    """Run each market's steps in order, as many markets at a time as there are processes.

    A failed step ends its market and no other, unless the market ``goes_on``: then it is asked for its next step when
    the failure has been reported. The key may be empty: steps over all markets. What a step holds after job and months
    is handed to ``launch``.
    """
    results: dict[str, list[RunResult]] = {code: [] for code in steps}
    running: dict[Future[RunResult], tuple[str, Step]] = {}
    waiting = deque(steps)
    while waiting or running:
        while waiting and len(running) < processes.count:
            code = waiting.popleft()
            step = next(steps[code], None)
            if step:
                report(code or None, step[0], step[1], None)
                running[processes.launch(step[0], code or None, *step[1:])] = (code, step)
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            code, step = running.pop(future)
            result = _result(future, code, step)
            report(code or None, step[0], step[1], result)
            results[code].append(result)
            if result.succeeded or goes_on:
                waiting.appendleft(code)
    return results


def _result(future: Future[RunResult], code: str, step: Step) -> RunResult:
    """The run's result; a process that died or a run that could not start is that market's failure alone."""
    error = future.exception()
    if error is None:
        return future.result()
    return RunResult(step[0], code or None, "", (f"{step[0]} could not run: {type(error).__name__}: {error}",))
