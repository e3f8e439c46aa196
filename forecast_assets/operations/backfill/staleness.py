"""Which stored partitions are no longer what their inputs, the code and the configuration would make of them.

A partition is fresh when the hashes of everything its window holds now, and of what it would look up now, are those it
was made from and code version and configuration are equal; one of a source, when today's delivery has the content that
is stored. Nothing else is skipped.
"""

from collections.abc import Collection, Mapping

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.market_state.lookups import LOOKED_UP
from forecast_assets.operations.backfill.asset_nodes import AssetNode, Window
from forecast_assets.operations.backfill.deliveries import Deliveries
from forecast_assets.operations.backfill.lookups_now import LookupsNow, looks_up
from forecast_assets.operations.backfill.recorded import DOCUMENTS, Recorded, month_number
from forecast_assets.schemas import MONTH_ONLY
from forecast_assets.storage import PartitionKey, StoredProvenance, TableStore
from forecast_assets.storage.code_version import code_version
from forecast_assets.storage.configuration import configuration_of

# By asset and market (None: over all markets), the months that are made again.
Made = Mapping[str, Mapping[str | None, Collection[pd.Timestamp]]]


class Staleness:
    """Judges partitions against the store, the deliveries, this code and these settings."""

    def __init__(
        self, store: TableStore, settings: Settings, nodes: Mapping[str, AssetNode], deliveries: Deliveries
    ) -> None:
        self.recorded = Recorded(store)
        self._settings = settings
        self._nodes = nodes
        self._deliveries = deliveries
        self._lookups = LookupsNow(self.recorded, store)

    def stale(
        self, asset: str, country: str | None, months: list[pd.Timestamp], made: Made | None = None
    ) -> dict[pd.Timestamp, str]:
        """The months of an asset that have to be made, each with the reason; a fresh month is left out.

        Args:
            asset: Name of the asset.
            country: The market; None for an asset over all markets.
            months: Months that are judged.
            made: Partitions by asset that are taken as made again, whatever they will hold then.
        """
        node = self._nodes[asset]
        if node.is_source and country:
            self._deliveries.look_at(asset, country, months)
        reasons: dict[pd.Timestamp, str] = {}
        for month in sorted(months):
            place = PartitionKey(month, country)
            reason = self._reason(node, place, made or {}) or self._earlier_made(node, place, made or {}, reasons)
            if reason:
                reasons[month] = reason
        return reasons

    def _reason(self, node: AssetNode, place: PartitionKey, made: Made) -> str | None:
        remade = next((w.table for w in node.windows if _holds(w, place, made.get(w.table, {}))), None)
        if not node.is_stored:
            return f"{remade} is made again" if remade else None
        said = self._said(node.name, place)
        if said is None:
            return "not there"
        if node.is_source:
            return self._changed_delivery(node.name, place, said)
        if said.code_version != code_version(node.name):
            return "code changed"
        if said.configuration != configuration_of(node.name, self._settings, place.country):
            return "configuration changed"
        if remade:
            return f"{remade} is made again"
        changed = self._changed_input(node, place, said)
        return f"{changed} changed" if changed else None

    def _earlier_made(
        self, node: AssetNode, place: PartitionKey, made: Made, reasons: Mapping[pd.Timestamp, str]
    ) -> str | None:
        """Whether what the partition looks up may be another one by then: an earlier month is made again.

        The asset's own earlier months stand for it: an asset that looks up is made before what it looks up.
        """
        said = self._said(node.name, place) if node.name in LOOKED_UP else None
        if said is None or not looks_up(node.name, said):
            return None
        table = LOOKED_UP[node.name]
        earlier = [*reasons, *(month for month in made.get(table, {}).get(place.country, ()) if month < place.month)]
        return f"{table} of {max(earlier):%Y-%m} is made again" if earlier else None

    def _said(self, asset: str, place: PartitionKey) -> StoredProvenance | None:
        if asset == DOCUMENTS:
            return self.recorded.document(place)
        return self.recorded.of(asset, place.country).get(place.month)

    def _changed_delivery(self, table: str, place: PartitionKey, said: StoredProvenance) -> str | None:
        problem = self._deliveries.problem(table, str(place.country), place.month)
        if problem:
            return f"delivery cannot be used: {problem}"
        delivered = self._deliveries.content_hash(table, str(place.country), place.month)
        return None if delivered == said.content_hash else "delivery changed"

    def _changed_input(self, node: AssetNode, place: PartitionKey, said: StoredProvenance) -> str | None:
        """The first table whose partitions in the window are not those the partition was made from."""
        for table in dict.fromkeys(window.table for window in node.windows):
            windows = [window for window in node.windows if window.table == table]
            now = {key: digest for window in windows for key, digest in self._hashes(window, place).items()}
            if now != said.inputs.get(table, {}):
                return table
        table = LOOKED_UP.get(node.name)
        if table and self._lookups.of(node.name, place, said) != said.inputs.get(table, {}):
            return table
        return None

    def _hashes(self, window: Window, place: PartitionKey) -> dict[str, str]:
        at = month_number(place.month)
        first, last = at + window.first, at + window.last
        return {
            key: digest
            for country in self._countries(window.table, place)
            for number, key, digest in self.recorded.hashes(window.table, country)
            if first <= number <= last
        }

    def _countries(self, table: str, place: PartitionKey) -> list[str | None]:
        """Whose partitions a partition reads: its market's, or all where it is over all markets."""
        if table in MONTH_ONLY:
            return [None]
        return [place.country] if place.country else [*self.recorded.countries(table)]


def _holds(window: Window, place: PartitionKey, made: Mapping[str | None, Collection[pd.Timestamp]]) -> bool:
    """Whether a month that is made again lies in the window of a partition."""
    at = month_number(place.month)
    return any(
        at + window.first <= month_number(month) <= at + window.last
        for country, months in made.items()
        if None in (country, place.country) or country == place.country
        for month in months
    )
