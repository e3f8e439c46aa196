"""What the cycle of one market needs next, judged by what the store has. Starting runs does not belong here."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.operations.cycle.steps import CycleSteps, Step
from forecast_assets.storage import PartitionKey, TableStore

HISTORY_ORIGINS = 60


class ListedOnce:
    """A store whose listings are taken once: for one look at many markets. Everything else is the store's."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._listed: dict[str, list[PartitionKey]] = {}

    def list_partitions(self, name: str) -> list[PartitionKey]:
        """The published partitions of a table as of the first time they were asked for."""
        if name not in self._listed:
            self._listed[name] = self._store.list_partitions(name)
        return self._listed[name]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def next_step(store: ListedOnce, markets: Mapping[str, Market], code: str, month: pd.Timestamp) -> Step:
    """The job that a market's cycle needs next, and its months: history first, then features, then the cycle."""
    steps = CycleSteps(store, markets, CycleRequest(month, HISTORY_ORIGINS))
    for earlier in (steps.history(code), steps.features(code)):
        step = next(earlier, None)
        if step:
            return step
    return "monthly_cycle", MonthRange(month, month)
