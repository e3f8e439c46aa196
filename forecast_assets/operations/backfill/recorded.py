"""Provenance of the stored partitions, read once for the judgement of many."""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from forecast_assets.storage import MissingPartition, PartitionKey, StoredProvenance, TableStore

FOOTERS_READ_AT_ONCE = 32
DOCUMENTS = "market_report"


class Recorded:
    """What the stored partitions say of themselves, read once, and again where a run of ours has written."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._tables: dict[tuple[str, str | None], dict[pd.Timestamp, StoredProvenance]] = {}
        self._hashes: dict[tuple[str, str | None], list[tuple[int, str, str]]] = {}
        self._listings: dict[str, list[PartitionKey]] = {}

    def of(self, table: str, country: str | None) -> dict[pd.Timestamp, StoredProvenance]:
        """Provenance of each stored month of a table of a market (None: over all markets)."""
        if (table, country) not in self._tables:
            places = [place for place in self._listing(table) if place.country == country]
            with ThreadPoolExecutor(1 if self._store.files.is_local else FOOTERS_READ_AT_ONCE) as pool:
                found = list(pool.map(lambda place: self._store.provenance(table, place), places))
            self._tables[table, country] = {place.month: said for place, said in zip(places, found, strict=True)}
        return self._tables[table, country]

    def hashes(self, table: str, country: str | None) -> list[tuple[int, str, str]]:
        """Number of the month, partition and content hash of each stored month of a table of a market."""
        if (table, country) not in self._hashes:
            self._hashes[table, country] = [
                (month_number(month), PartitionKey(month, country).to_dagster(), said.content_hash)
                for month, said in self.of(table, country).items()
            ]
        return self._hashes[table, country]

    def document(self, place: PartitionKey) -> StoredProvenance | None:
        """Provenance of the documents of a partition; None where there are none."""
        try:
            return self._store.document_provenance(DOCUMENTS, place)
        except MissingPartition:
            return None

    def countries(self, table: str) -> list[str]:
        """Markets with a stored partition of a table."""
        return sorted({place.country for place in self._listing(table) if place.country is not None})

    def read_again(self, table: str, place: PartitionKey) -> None:
        """Read one partition again: a run has tried to store it."""
        if table == DOCUMENTS:
            return
        months = self.of(table, place.country)
        try:
            months[place.month] = self._store.provenance(table, place)
        except MissingPartition:
            months.pop(place.month, None)
        self._hashes.pop((table, place.country), None)
        if place.month in months and place not in self._listing(table):
            self._listings[table].append(place)

    def _listing(self, table: str) -> list[PartitionKey]:
        if table not in self._listings:
            self._listings[table] = self._store.list_partitions(table)
        return self._listings[table]


def month_number(month: pd.Timestamp) -> int:
    """Months since year 0: windows are compared as whole numbers."""
    return month.year * 12 + month.month
