"""The next step of one market's cycle, by the present content of the store. Starting runs does not belong here."""

from collections.abc import Mapping

import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.operations.cycle.steps import CycleSteps, Step
from forecast_assets.storage import TableReader

HISTORY_ORIGINS = 60


def next_step(store: TableReader, markets: Mapping[str, Market], code: str, month: pd.Timestamp) -> Step:
    """Return the next job of a market's cycle and its months: history first, then features, then the cycle."""
    steps = CycleSteps(store, markets, CycleRequest(month, HISTORY_ORIGINS))
    for earlier in (steps.history(code), steps.features(code)):
        step = next(earlier, None)
        if step:
            return step
    return "monthly_cycle", MonthRange(month, month)
