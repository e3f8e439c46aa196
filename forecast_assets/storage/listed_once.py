"""A reader for one pass over many markets: each table is listed once."""

from collections.abc import Iterable, Sequence

import pandas as pd

from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.provenance import StoredProvenance
from forecast_assets.storage.table_reader import TableReader, WhenMissing
from forecast_assets.storage.table_spec import TableSpec


class ListedOnce(TableReader):
    """A reader that keeps the first listing of each table. Everything else is read anew."""

    def __init__(self, tables: TableReader) -> None:
        self._tables = tables
        self._listed: dict[str, list[PartitionKey]] = {}
        self._by_market: dict[str, dict[str | None, list[PartitionKey]]] = {}

    def list_partitions(self, name: str) -> list[PartitionKey]:
        """Return the published partitions of a table as of its first listing."""
        if name not in self._listed:
            self._listed[name] = self._tables.list_partitions(name)
        return self._listed[name]

    def list_market(self, name: str, country: str | None) -> list[PartitionKey]:
        """Return the published partitions of one market as of the first listing of the table."""
        if name not in self._by_market:
            by_market: dict[str | None, list[PartitionKey]] = {}
            for partition in self.list_partitions(name):
                by_market.setdefault(partition.country, []).append(partition)
            self._by_market[name] = by_market
        return self._by_market[name].get(country, [])

    def exists(self, name: str, partition: PartitionKey) -> bool:
        """Return True if a partition is published now."""
        return self._tables.exists(name, partition)

    def provenance(self, table: str, partition: PartitionKey) -> StoredProvenance:
        """Return the provenance of a published partition. Raises MissingPartition."""
        return self._tables.provenance(table, partition)

    def read_with_provenance(
        self,
        table: TableSpec | str,
        partitions: Iterable[PartitionKey],
        columns: Sequence[str] | None = None,
        missing: WhenMissing = "error",
    ) -> tuple[pd.DataFrame, dict[PartitionKey, StoredProvenance]]:
        """Read as the underlying reader does."""
        return self._tables.read_with_provenance(table, partitions, columns, missing)
