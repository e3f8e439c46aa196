"""Look-ups of an asset in the store beside its declared inputs, noted to be stored with its output.

Dagster rejects circles between assets whatever the months, so the champion and the published forecast of an earlier
month are looked up. Noted as inputs they count when work is skipped, and a replay reads the same versions.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from forecast_assets.storage import PartitionKey, StoredProvenance, TableReader, TableSpec
from forecast_assets.storage.table_reader import WhenMissing

# Steps of one process run one after the other; a few are kept for runs side by side in tests and notebooks.
STEPS_KEPT = 16
# By asset, the table it looks up: an earlier month of the same market.
LOOKED_UP = {
    "model": "champion",
    "backtest": "champion",
    "champion": "champion",
    "published_forecasts": "published_forecasts",
}
# Facts that no stored table holds: the latest published month of the market, if it is a later one, the reason why the
# challenger was left out of the run, and the month whose cycle forecast the numbers that are published again. Of a
# publication whose status was changed later, the time at which it was made.
LATER_PUBLISHED, SET_ASIDE, STALE_SINCE = "later_published", "challenger_set_aside", "stale_since"
PUBLISHED_AT = "published_at"


@dataclass
class Noted:
    """Look-ups of one step: content hash by table and partition, and further facts (``answers``) by name."""

    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    def read(self, table: str, partition: PartitionKey, content_hash: str) -> None:
        """Note a partition that was read."""
        self.inputs.setdefault(table, {})[partition.to_dagster()] = content_hash


class Lookups:
    """Look-ups of steps by run and asset; the oldest are forgotten."""

    def __init__(self) -> None:
        self._noted: OrderedDict[tuple[str, str], dict[pd.Timestamp | None, Noted]] = OrderedDict()

    def of(self, run_id: str, asset: str, month: pd.Timestamp | None = None) -> Noted:
        """Return the look-ups of an asset of a run so far; empty at first.

        Those of a ``month`` are stored with its partition alone, those without one with every partition of the run.
        """
        noted = self._noted.setdefault((run_id, asset), {})
        self._noted.move_to_end((run_id, asset))
        while len(self._noted) > STEPS_KEPT:
            self._noted.popitem(last=False)
        return noted.setdefault(month, Noted())


@dataclass(frozen=True)
class NotingStore(TableReader):
    """A reader that notes every partition it reads, by its content hash. Its callers need not know."""

    tables: TableReader
    note: Callable[[str, PartitionKey, str], None]

    def list_partitions(self, name: str) -> list[PartitionKey]:
        """Return the published partitions of a table; a listing is not noted."""
        return self.tables.list_partitions(name)

    def list_market(self, name: str, country: str | None) -> list[PartitionKey]:
        """Return the published partitions of one market; a listing is not noted."""
        return self.tables.list_market(name, country)

    def exists(self, name: str, partition: PartitionKey) -> bool:
        """Return True if a partition is published; this is not noted."""
        return self.tables.exists(name, partition)

    def provenance(self, table: str, partition: PartitionKey) -> StoredProvenance:
        """Return the provenance of a published partition and note its content. Raises MissingPartition."""
        provenance = self.tables.provenance(table, partition)
        self.note(table, partition, provenance.content_hash)
        return provenance

    def read_with_provenance(
        self,
        table: TableSpec | str,
        partitions: Iterable[PartitionKey],
        columns: Sequence[str] | None = None,
        missing: WhenMissing = "error",
    ) -> tuple[pd.DataFrame, dict[PartitionKey, StoredProvenance]]:
        """Read as the underlying reader does and note each partition."""
        frame, provenances = self.tables.read_with_provenance(table, partitions, columns, missing)
        name = table.name if isinstance(table, TableSpec) else table
        for partition, provenance in provenances.items():
            self.note(name, partition, provenance.content_hash)
        return frame, provenances
