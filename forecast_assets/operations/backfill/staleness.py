"""Staleness of stored partitions: partitions that inputs, code and configuration would build differently now.

A partition is fresh if the hashes of its inputs and look-ups, its code version and its configuration are as recorded.
A partition of a source is fresh if today's delivery has the stored content. Only fresh partitions are skipped.
"""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.market_state.lookups import LOOKED_UP
from forecast_assets.operations.backfill.asset_nodes import AssetNode, Window
from forecast_assets.operations.backfill.current_lookups import CurrentLookups, has_lookup
from forecast_assets.operations.backfill.deliveries import Deliveries
from forecast_assets.operations.backfill.recorded_provenance import DOCUMENTS, RecordedProvenance, month_number
from forecast_assets.schemas import MONTH_ONLY
from forecast_assets.storage import PartitionKey, StoredProvenance, TableStore
from forecast_assets.storage.code_version import code_version
from forecast_assets.storage.configuration import configuration_of

# Months to rebuild by asset and market (None: over all markets).
Rebuilt = Mapping[str, Mapping[str | None, Collection[pd.Timestamp]]]


class Staleness:
    """Comparison of partitions with the store, the deliveries, this code and these settings."""

    def __init__(
        self, store: TableStore, settings: Settings, nodes: Mapping[str, AssetNode], deliveries: Deliveries
    ) -> None:
        self.recorded = RecordedProvenance(store)
        self._settings = settings
        self._nodes = nodes
        self._deliveries = deliveries
        self._lookups = CurrentLookups(self.recorded, store)

    def stale(
        self, asset: str, country: str | None, months: list[pd.Timestamp], rebuilt: Rebuilt | None = None
    ) -> dict[pd.Timestamp, str]:
        """Return the months of an asset to rebuild, each with the reason; fresh months are left out.

        Args:
            asset: Name of the asset.
            country: The market; None for an asset over all markets.
            months: Months to compare.
            rebuilt: Partitions by asset that count as rebuilt, whatever content they will have.
        """
        node = self._nodes[asset]
        if node.is_source and country:
            self._deliveries.read(asset, country, months)
        reasons: dict[pd.Timestamp, str] = {}
        for month in sorted(months):
            partition = PartitionKey(month, country)
            reason = self._reason(node, partition, rebuilt or {}) or self._earlier_rebuilt(
                node, partition, rebuilt or {}, reasons
            )
            if reason:
                reasons[month] = reason
        return reasons

    def _reason(self, node: AssetNode, partition: PartitionKey, rebuilt: Rebuilt) -> str | None:
        rebuilt_table = next((w.table for w in node.windows if _holds(w, partition, rebuilt.get(w.table, {}))), None)
        if not node.is_stored:
            return f"{rebuilt_table} is rebuilt" if rebuilt_table else None
        provenance = self._provenance(node.name, partition)
        if provenance is None:
            return "not stored"
        if node.is_source:
            return self._changed_delivery(node.name, partition, provenance)
        if provenance.code_version != code_version(node.name):
            return "code changed"
        if provenance.configuration != configuration_of(node.name, self._settings, partition.country):
            return "configuration changed"
        if rebuilt_table:
            return f"{rebuilt_table} is rebuilt"
        changed = self._changed_input(node, partition, provenance)
        return f"{changed} changed" if changed else None

    def _earlier_rebuilt(
        self, node: AssetNode, partition: PartitionKey, rebuilt: Rebuilt, reasons: Mapping[pd.Timestamp, str]
    ) -> str | None:
        """Return the reason if an earlier month is rebuilt that the partition may look up; None if there is none.

        An asset with a look-up runs before the table that it looks up, so its own earlier months count, too.
        """
        provenance = self._provenance(node.name, partition) if node.name in LOOKED_UP else None
        if provenance is None or not has_lookup(node.name, provenance):
            return None
        table = LOOKED_UP[node.name]
        earlier = [
            *reasons,
            *(month for month in rebuilt.get(table, {}).get(partition.country, ()) if month < partition.month),
        ]
        return f"{table} of {max(earlier):%Y-%m} is rebuilt" if earlier else None

    def _provenance(self, asset: str, partition: PartitionKey) -> StoredProvenance | None:
        if asset in DOCUMENTS:
            return self.recorded.document(asset, partition)
        return self.recorded.of(asset, partition.country).get(partition.month)

    def _changed_delivery(self, table: str, partition: PartitionKey, provenance: StoredProvenance) -> str | None:
        problem = self._deliveries.problem(table, str(partition.country), partition.month)
        if problem:
            return f"delivery cannot be used: {problem}"
        delivered = self._deliveries.content_hash(table, str(partition.country), partition.month)
        return None if delivered == provenance.content_hash else "delivery changed"

    def _changed_input(self, node: AssetNode, partition: PartitionKey, provenance: StoredProvenance) -> str | None:
        """Return the first table whose partitions in the window differ from the recorded inputs; None without one."""
        for table in dict.fromkeys(window.table for window in node.windows):
            windows = [window for window in node.windows if window.table == table]
            now = {key: digest for window in windows for key, digest in self._hashes(window, partition).items()}
            recorded = provenance.inputs.get(table, {})
            if now | self._beyond(windows, partition, recorded) != recorded:
                return table
        looked_up = LOOKED_UP.get(node.name)
        if looked_up and self._lookups.of(node.name, partition, provenance) != provenance.inputs.get(looked_up, {}):
            return looked_up
        return None

    def _hashes(self, window: Window, partition: PartitionKey) -> dict[str, str]:
        at = month_number(partition.month)
        first, last = at + window.first, at + window.last
        return {
            key: digest
            for country in self._countries(window.table, partition)
            for number, key, digest in self.recorded.hashes(window.table, country)
            if first <= number <= last
        }

    def _beyond(
        self, windows: Sequence[Window], partition: PartitionKey, recorded: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the present hashes of recorded partitions later than the windows: look-ups of restatements."""
        last = month_number(partition.month) + max(window.last for window in windows)
        later = [PartitionKey.from_dagster(key) for key in recorded]
        later = [each for each in later if month_number(each.month) > last]
        stored = {each: self.recorded.of(windows[0].table, each.country).get(each.month) for each in later}
        return {each.to_dagster(): found.content_hash for each, found in stored.items() if found is not None}

    def _countries(self, table: str, partition: PartitionKey) -> list[str | None]:
        """Return the markets that a partition reads: its own, or all listed for a partition over all markets.

        Runs read listed markets alone: with months of a deleted one, totals would be stale after each rebuild.
        """
        if table in MONTH_ONLY:
            return [None]
        if partition.country:
            return [partition.country]
        return [code for code in self.recorded.countries(table) if code in self._settings.market_table]


def _holds(window: Window, partition: PartitionKey, rebuilt: Mapping[str | None, Collection[pd.Timestamp]]) -> bool:
    """Return True if a rebuilt month lies in the window of a partition."""
    at = month_number(partition.month)
    return any(
        at + window.first <= month_number(month) <= at + window.last
        for country, months in rebuilt.items()
        if None in (country, partition.country) or country == partition.country
        for month in months
    )
