"""What an asset looks up in the store beside its declared inputs, noted so that it is stored with what it made.

Dagster refuses circles between assets whatever the months, so the champion and the published forecast of an earlier
month are looked up. Noted as inputs they count when work is skipped, and a replay finds them again.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from forecast_assets.storage import PartitionKey, TableStore

# Steps of one process run one after the other; a few are kept for runs side by side in tests and notebooks.
STEPS_KEPT = 16
# The look-up of each asset that makes one: a table of an earlier month of the same market.
LOOKED_UP = {
    "model": "champion",
    "backtest": "champion",
    "champion": "champion",
    "published_forecasts": "published_forecasts",
}
# Answers that no stored table gives: the latest month of the market that was published, where it is a later one; and
# why the challenger was left out of the run.
LATER_PUBLISHED, SET_ASIDE = "later_published", "challenger_set_aside"


@dataclass
class Noted:
    """What one step looked up: content hash by table and partition, and answers by name."""

    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    def read(self, table: str, partition: PartitionKey, content_hash: str) -> None:
        """Note a partition that was read."""
        self.inputs.setdefault(table, {})[partition.to_dagster()] = content_hash


class Lookups:
    """What steps looked up, by run and asset; the oldest are forgotten."""

    def __init__(self) -> None:
        self._noted: OrderedDict[tuple[str, str], Noted] = OrderedDict()

    def of(self, run_id: str, asset: str) -> Noted:
        """What an asset of a run has looked up so far; empty at first."""
        noted = self._noted.setdefault((run_id, asset), Noted())
        self._noted.move_to_end((run_id, asset))
        while len(self._noted) > STEPS_KEPT:
            self._noted.popitem(last=False)
        return noted


@dataclass(frozen=True)
class NotingStore:
    """A store of which every partition that is read is noted; what looks into it need not know."""

    store: TableStore
    note: Callable[[str, PartitionKey, str], None]

    def list_partitions(self, name: str) -> list[PartitionKey]:
        """As the store does; a listing is not noted."""
        return self.store.list_partitions(name)

    def exists(self, name: str, partition: PartitionKey) -> bool:
        """As the store does."""
        return self.store.exists(name, partition)

    def read(
        self, table: str, partitions: Iterable[PartitionKey], columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """As the store does."""
        frame, provenances = self.store.read_with_provenance(table, partitions, columns)
        for partition, stored in provenances.items():
            self.note(table, partition, stored.content_hash)
        return frame
