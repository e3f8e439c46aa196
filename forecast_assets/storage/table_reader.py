"""The interface through which tables are read, whatever stands behind it.

``TableStore`` reads the store. ``ListedOnce`` lists each table once. ``NotingStore`` (``market_state``) notes what is
read. ``HistoricalStore`` (``operations/history``) shows the versions that an earlier run has read.
"""

import contextlib
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

import pandas as pd

from forecast_assets.storage.partition_key import MissingPartition, PartitionKey
from forecast_assets.storage.provenance import StoredProvenance
from forecast_assets.storage.table_spec import TableSpec

# "skip_damaged" also leaves out files that are damaged, with a warning in the log.
WhenMissing = Literal["error", "skip", "skip_damaged"]


class TableReader(Protocol):
    """Tables by partition, for reading only."""

    @abstractmethod
    def list_partitions(self, name: str) -> list[PartitionKey]:
        """Return the published partitions of a table, by country and month."""

    def list_market(self, name: str, country: str | None) -> list[PartitionKey]:
        """Return the published partitions of one market by month; for None, those of a table over all markets."""
        return [partition for partition in self.list_partitions(name) if partition.country == country]

    @abstractmethod
    def exists(self, name: str, partition: PartitionKey) -> bool:
        """Return True if a partition is published."""

    @abstractmethod
    def provenance(self, table: str, partition: PartitionKey) -> StoredProvenance:
        """Return the provenance of a published partition. Raises MissingPartition."""

    def provenances(self, table: str, partitions: Iterable[PartitionKey]) -> dict[PartitionKey, StoredProvenance]:
        """Return the provenance of each partition that is published; the others are left out."""
        stored = {}
        for partition in partitions:
            with contextlib.suppress(MissingPartition):
                stored[partition] = self.provenance(table, partition)
        return stored

    @abstractmethod
    def read_with_provenance(
        self,
        table: TableSpec | str,
        partitions: Iterable[PartitionKey],
        columns: Sequence[str] | None = None,
        missing: WhenMissing = "error",
    ) -> tuple[pd.DataFrame, dict[PartitionKey, StoredProvenance]]:
        """Read as ``read`` does and return the provenance of each file with the frame: both from the same bytes."""

    def read(
        self,
        table: TableSpec | str,
        partitions: Iterable[PartitionKey],
        columns: Sequence[str] | None = None,
        missing: WhenMissing = "error",
    ) -> pd.DataFrame:
        """Read partitions as one frame, ordered by country, month and key; ``country`` and ``month`` come last.

        Columns that only some partitions have are null in the others. ``missing="skip"`` leaves out partitions that are
        not published, ``"skip_damaged"`` also those whose file is damaged: for tables over all markets, which one
        market's file must not stop.

        Raises:
            MissingPartition: If partitions are not published and ``missing`` is "error".
            DamagedFile: If a file is not as it was written and ``missing`` is not "skip_damaged".
            KeyError: If no partition has a requested column.
        """
        return self.read_with_provenance(table, partitions, columns, missing)[0]
