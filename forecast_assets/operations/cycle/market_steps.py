"""Next step of one market's cycle, found from what is stored. Starting runs does not belong here."""

from collections.abc import Mapping

import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.launch import Step
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.operations.cycle.steps import CycleSteps
from forecast_assets.operations.stages import PREPARATION
from forecast_assets.storage import TableReader
from forecast_assets.tags import MONTHLY_CYCLE

HISTORY_ORIGINS = 60


def next_step(store: TableReader, markets: Mapping[str, Market], code: str, month: pd.Timestamp) -> Step:
    """Return the first step of the preparation that is missing, else the cycle itself."""
    steps = CycleSteps(store, markets, CycleRequest(month, HISTORY_ORIGINS))
    for stage in PREPARATION:
        step = next(steps.of_market(stage, code), None)
        if step:
            return step
    return Step(MONTHLY_CYCLE, MonthRange(month, month))
