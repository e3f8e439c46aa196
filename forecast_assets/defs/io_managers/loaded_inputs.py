"""Stored partitions that a step has loaded, kept until its outputs are written.

Loading and writing of a step happen in one process, so memory is enough. The window declared with an input decides
which loaded partitions belong to an output partition.
"""

from collections import OrderedDict
from dataclasses import dataclass

import pandas as pd

from forecast_assets.storage import PartitionKey

# Steps of one process run one after the other; a few are kept for runs side by side in tests and notebooks.
STEPS_KEPT = 16


@dataclass(frozen=True)
class LoadedInput:
    """One loaded input: content hash by partition, and the window of months relative to the output's month."""

    table: str
    hashes: dict[PartitionKey, str]
    first_offset: int
    last_offset: int

    def hashes_for(self, output: PartitionKey) -> dict[str, str]:
        """Return the content hash by partition within the window of one output partition."""
        first = output.month + pd.DateOffset(months=self.first_offset)
        last = output.month + pd.DateOffset(months=self.last_offset)
        return {
            partition.to_dagster(): content_hash
            for partition, content_hash in sorted(self.hashes.items(), key=lambda item: item[0].sort_key)
            if first <= partition.month <= last and _same_market(partition, output)
        }


class LoadedInputs:
    """Inputs by run and step; the oldest steps are forgotten."""

    def __init__(self) -> None:
        self._by_step: OrderedDict[tuple[str, str], list[LoadedInput]] = OrderedDict()

    def remember(self, run_id: str, step_key: str, loaded: LoadedInput) -> None:
        """Add an input to those of a step."""
        self._by_step.setdefault((run_id, step_key), []).append(loaded)
        self._by_step.move_to_end((run_id, step_key))
        while len(self._by_step) > STEPS_KEPT:
            self._by_step.popitem(last=False)

    def of(self, run_id: str, step_key: str, output: PartitionKey) -> dict[str, dict[str, str]]:
        """Return table -> {partition: content hash} for one output partition of a step."""
        hashes: dict[str, dict[str, str]] = {}
        for loaded in self._by_step.get((run_id, step_key), []):
            hashes.setdefault(loaded.table, {}).update(loaded.hashes_for(output))
        return hashes


def _same_market(partition: PartitionKey, output: PartitionKey) -> bool:
    return partition.country is None or output.country is None or partition.country == output.country
