"""The monthly cycle of several markets: history first, then the totals over all, then each market to its report.

Markets run side by side in processes of their own. One that fails stops alone.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

import pandas as pd

from forecast_assets.runs.launch import RunResult, launch
from forecast_assets.runs.plan import (
    CycleRequest,
    MonthRange,
    missing,
    months_between_origins,
    source_months,
    training_months,
)
from forecast_assets.runs.processes import Processes
from forecast_assets.settings import Settings
from forecast_assets.storage import TableStore

Step = tuple[str, MonthRange]
Report = Callable[[str | None, str, MonthRange, RunResult | None], None]


def run_cycles(
    settings: Settings, request: CycleRequest, countries: Sequence[str], report: Report
) -> dict[str, list[RunResult]]:
    """Run the cycles of the markets.

    Args:
        settings: Of the company; the processes read the same environment.
        request: Which months.
        countries: Codes of the markets.
        report: Called with market (None for all), job and months: without a result when a run starts, with it when it
            has ended.

    Returns:
        Results by market, the last one failed where the market failed. Under the empty code: runs over all markets.
    """
    present = Present(TableStore(settings.store))
    with Processes(len(countries)) as processes:
        history = {code: _history_steps(present, settings, request, code) for code in countries}
        results = run_side_by_side(processes, history, report)
        ready = [code for code in countries if all(result.succeeded for result in results[code])]
        results |= run_side_by_side(processes, {"": _totals_steps(present, settings, request, ready)}, report)
        cycles = {code: _cycle_steps(present, settings, request, code) for code in ready}
        for code, more in run_side_by_side(processes, cycles, report).items():
            results[code] += more
    return results


class Present:
    """Months of a table that the store has."""

    def __init__(self, store: TableStore) -> None:
        self._store = store

    def months(self, table: str, country: str | None) -> set[pd.Timestamp]:
        return {found.month for found in self._store.list_partitions(table) if found.country == country}


def _history_steps(present: Present, settings: Settings, request: CycleRequest, code: str) -> Iterator[Step]:
    market = settings.market_table[code]
    absent = missing(source_months(request, market), present.months("sell_in", code))
    if absent:
        yield "ingest", absent


def _totals_steps(present: Present, settings: Settings, request: CycleRequest, ready: Sequence[str]) -> Iterator[Step]:
    """Totals as far back as any market reaches, and what of them is known at each origin."""
    sources = [source_months(request, settings.market_table[code]) for code in ready]
    origins = [training_months(request, settings.market_table[code]) for code in ready]
    firsts = [months.first for months in sources if months]
    if not firsts:
        return
    last = max(months.last for months in sources if months)
    absent = missing(MonthRange(min(firsts), last), present.months("demand_totals", None))
    if absent:
        yield "totals", absent
    first_origin = min((months.first for months in origins if months), default=request.month)
    absent = missing(MonthRange(first_origin, request.month), present.months("demand_totals_known", None))
    if absent:
        yield "totals_known", absent


def _cycle_steps(present: Present, settings: Settings, request: CycleRequest, code: str) -> Iterator[Step]:
    market = settings.market_table[code]
    absent = missing(training_months(request, market), present.months("features", code))
    if absent:
        yield "market_features", absent
    between = {months.last: months for months in months_between_origins(request)}
    for origin in request.origin_months:
        earlier = between.get(origin - pd.DateOffset(months=1))
        if earlier:
            yield "measure", earlier
        yield "monthly_cycle", MonthRange(origin, origin)


def run_side_by_side(
    processes: Processes, steps: Mapping[str, Iterator[Step]], report: Report
) -> dict[str, list[RunResult]]:
    """Run each market's steps in order, as many markets at a time as there are processes.

    A failed step ends its market and no other. The key may be empty: steps over all markets.
    """
    results: dict[str, list[RunResult]] = {code: [] for code in steps}
    running: dict[Future[RunResult], tuple[str, Step]] = {}
    waiting = deque(steps)
    while waiting or running:
        while waiting and len(running) < processes.count:
            code = waiting.popleft()
            step = next(steps[code], None)
            if step:
                report(code or None, *step, None)
                running[processes.submit(launch, step[0], code or None, step[1])] = (code, step)
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            code, step = running.pop(future)
            result = _result(future, code, step)
            report(code or None, *step, result)
            results[code].append(result)
            if result.succeeded:
                waiting.appendleft(code)
    return results


def _result(future: Future[RunResult], code: str, step: Step) -> RunResult:
    """The run's result; a process that died or a run that could not start is that market's failure alone."""
    error = future.exception()
    if error is None:
        return future.result()
    return RunResult(step[0], code or None, "", (f"{step[0]} could not run: {type(error).__name__}: {error}",))
