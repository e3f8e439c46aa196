"""Measurement of closed months without forecasting: ingest sell-in, then compute performance."""

from collections.abc import Sequence

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.cycle import Report, run_side_by_side
from forecast_assets.operations.cycle.launch import Loader, RunResult, Step, Steps
from forecast_assets.operations.cycle.plan import missing
from forecast_assets.operations.cycle.processes import Processes
from forecast_assets.operations.cycle.steps import Present
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import INGEST, MEASURE


def run_measures(
    settings: Settings, load: Loader, through: pd.Timestamp, countries: Sequence[str], report: Report
) -> dict[str, list[RunResult]]:
    """Ingest the missing months up to ``through`` and measure every month after the first published origin.

    Markets without a published forecast have no run. Arguments and result are those of ``run_cycles``.
    """
    present = Present(open_store(settings))
    with Processes(len(countries), load) as processes:
        return run_side_by_side(processes, {code: _steps(present, code, through) for code in countries}, report)


def _steps(present: Present, code: str, through: pd.Timestamp) -> Steps:
    published = present.months("published_forecasts", code)
    if not published or add_months(min(published), 1) > through:
        return
    closed = MonthRange(add_months(min(published), 1), through)
    absent = missing(closed, present.of_all_sources(code))
    if absent:
        yield Step(INGEST, absent)
    yield Step(MEASURE, closed)
