"""Provenance of the stored partitions, read once and then kept in memory."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from forecast_assets.storage import MissingPartition, PartitionKey, StoredProvenance, TableStore
from forecast_assets.storage.damaged_file import DamagedFile

LOG = logging.getLogger("forecast_assets.backfill")
FOOTERS_READ_AT_ONCE = 32
DOCUMENTS = ("market_report", "company_report")


class RecordedProvenance:
    """Provenance by table, market and month. A partition is read once, and again after a run of the backfill."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._tables: dict[tuple[str, str | None], dict[pd.Timestamp, StoredProvenance]] = {}
        self._hashes: dict[tuple[str, str | None], list[tuple[int, str, str]]] = {}
        self._listings: dict[str, list[PartitionKey]] = {}

    def of(self, table: str, country: str | None) -> dict[pd.Timestamp, StoredProvenance]:
        """Return the provenance of each stored month of a table of a market (None: over all markets)."""
        if (table, country) not in self._tables:
            partitions = [partition for partition in self._listing(table) if partition.country == country]
            with ThreadPoolExecutor(1 if self._store.files.is_local else FOOTERS_READ_AT_ONCE) as pool:
                provenances = list(pool.map(lambda partition: self._provenance(table, partition), partitions))
            self._tables[table, country] = {
                partition.month: provenance
                for partition, provenance in zip(partitions, provenances, strict=True)
                if provenance is not None
            }
        return self._tables[table, country]

    def _provenance(self, table: str, partition: PartitionKey) -> StoredProvenance | None:
        """Return the provenance of a partition; None if it is damaged, so that it counts as missing and is rebuilt."""
        try:
            return self._store.provenance(table, partition)
        except DamagedFile as damaged:
            LOG.warning("To be rebuilt: %s", damaged)
            return None

    def hashes(self, table: str, country: str | None) -> list[tuple[int, str, str]]:
        """Return month number, partition and content hash of each stored month of a table of a market."""
        if (table, country) not in self._hashes:
            self._hashes[table, country] = [
                (month_number(month), PartitionKey(month, country).to_dagster(), provenance.content_hash)
                for month, provenance in self.of(table, country).items()
            ]
        return self._hashes[table, country]

    def document(self, asset: str, partition: PartitionKey) -> StoredProvenance | None:
        """Return the provenance of the documents of a partition; None without documents."""
        try:
            return self._store.document_provenance(asset, partition)
        except (MissingPartition, DamagedFile):
            return None

    def countries(self, table: str) -> list[str]:
        """Return the markets with a stored partition of a table."""
        return sorted({partition.country for partition in self._listing(table) if partition.country is not None})

    def reread(self, table: str, partition: PartitionKey) -> None:
        """Read one partition again after a run that may have stored it."""
        if table in DOCUMENTS:
            return
        months = self.of(table, partition.country)
        try:
            provenance = self._provenance(table, partition)
        except MissingPartition:
            provenance = None
        months.pop(partition.month, None)
        if provenance is not None:
            months[partition.month] = provenance
        self._hashes.pop((table, partition.country), None)
        if partition.month in months and partition not in self._listing(table):
            self._listings[table].append(partition)

    def _listing(self, table: str) -> list[PartitionKey]:
        if table not in self._listings:
            self._listings[table] = self._store.list_partitions(table)
        return self._listings[table]


def month_number(month: pd.Timestamp) -> int:
    """Return the months since year 0: windows are compared as whole numbers."""
    return month.year * 12 + month.month
