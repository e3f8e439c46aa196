"""Markets that a table over all markets leaves out because one of their files is damaged, noted for the asset's check.

A market is left out of a month as a whole: with its sell-in but without its sell-out, totals would be of neither.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from forecast_assets.market_state.lookups import STEPS_KEPT
from forecast_assets.storage import PartitionKey


@dataclass(frozen=True)
class DamagedInput:
    """A damaged file of an input: its table, partition and path."""

    table: str
    partition: PartitionKey
    path: str


class DamagedInputs:
    """Damaged inputs of steps by run and asset; the oldest are forgotten."""

    def __init__(self) -> None:
        self._by_step: OrderedDict[tuple[str, str], list[DamagedInput]] = OrderedDict()

    def note(self, run_id: str, asset: str, damaged: DamagedInput) -> None:
        """Note a file that a step has left out."""
        self._by_step.setdefault((run_id, asset), []).append(damaged)
        self._by_step.move_to_end((run_id, asset))
        while len(self._by_step) > STEPS_KEPT:
            self._by_step.popitem(last=False)

    def of(self, run_id: str, asset: str) -> list[DamagedInput]:
        """Return the files that the step of an asset has left out."""
        return list(self._by_step.get((run_id, asset), []))


def without_markets_of(rows: pd.DataFrame, damaged: Sequence[DamagedInput]) -> pd.DataFrame:
    """Return the rows, with ``country`` and ``month``, of the markets and months without a damaged input."""
    if not damaged:
        return rows
    left_out = pd.MultiIndex.from_tuples([(each.partition.country, each.partition.month) for each in damaged])
    return rows[~pd.MultiIndex.from_frame(rows[["country", "month"]]).isin(left_out)]
