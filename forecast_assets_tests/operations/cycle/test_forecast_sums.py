"""Sums of forecasts over markets: built when a market is published since, or published again with other numbers."""

from types import SimpleNamespace

import pytest

from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.operations.cycle.steps import CycleSteps
from forecast_assets.operations.stages import FORECAST_SUMS
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets_tests.operations.cycle.stored_partitions import FR, JUNE, Stored

DAMAGED = "damaged"


class StoredLevels(Stored):
    """Forecasts by level of June by market, and those that the sums of June were made of; contents as words."""

    def __init__(self, levels: dict[str, str], summed: dict[str, str] | None) -> None:
        sums = {None: ["2024-06-01"]} if summed is not None else {}
        of_june = {code: ["2024-06-01"] for code in levels}
        super().__init__(forecast_levels=of_june | {"ES": ["2024-05-01"]}, forecast_totals=sums)
        self.levels, self.summed = levels, summed or {}

    def provenance(self, table: str, partition: PartitionKey) -> SimpleNamespace:
        if table == "forecast_totals":
            summed = {PartitionKey(JUNE, code).to_dagster(): content for code, content in self.summed.items()}
            return SimpleNamespace(inputs={"forecast_levels": summed})
        if self.levels[partition.country] == DAMAGED:
            raise DamagedFile("levels.parquet", "a test")
        return SimpleNamespace(content_hash=self.levels[partition.country])


@pytest.mark.parametrize(
    ("levels", "summed", "is_built"),
    [
        ({"FR": "a"}, {"FR": "a"}, False),
        ({"FR": "a", "NO": "b"}, {"FR": "a"}, True),  # A market is published later.
        ({"FR": "new"}, {"FR": "a"}, True),  # Published again with other numbers.
        ({"FR": "a", "NO": DAMAGED}, {"FR": "a"}, False),  # It cannot be in the sums.
        ({"FR": "a"}, None, True),
        ({}, None, False),
    ],
)
def test_sums_over_markets_follow_what_is_published(levels, summed, is_built):
    steps = CycleSteps(StoredLevels(levels, summed), {"FR": FR}, CycleRequest(JUNE, history=None, origins=1, step=1))
    built = [(step.job, step.months.first, step.months.last) for step in steps.over_all_markets(FORECAST_SUMS, ["FR"])]
    assert built == ([("sum_forecasts", JUNE, JUNE)] if is_built else [])
