"""Look-ups of an asset if it were rebuilt now: the champion or the last published forecast of an earlier month."""

import pandas as pd

from forecast_assets.domain.selection.contest import rejection_reasons
from forecast_assets.market_state.lookups import LOOKED_UP, Noted, NotingStore
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.operations.backfill.recorded_provenance import RecordedProvenance
from forecast_assets.storage import PartitionKey, StoredProvenance, TableReader


def has_lookup(asset: str, provenance: StoredProvenance) -> bool:
    """Return True if a partition was built with a look-up; a publication looks up only if it had no forecasts."""
    return asset in LOOKED_UP and not (asset == "published_forecasts" and provenance.inputs.get("forecasts"))


class CurrentLookups:
    """Look-ups in the stored partitions, as ``RecordedProvenance`` has read them."""

    def __init__(self, recorded: RecordedProvenance, store: TableReader) -> None:
        self._recorded = recorded
        self._store = store

    def of(self, asset: str, partition: PartitionKey, provenance: StoredProvenance) -> dict[str, str]:
        """Return the content hash of each partition of ``LOOKED_UP[asset]`` that a partition would read now.

        ``provenance`` is the provenance of its stored file; its declared inputs are the present ones.
        """
        if not has_lookup(asset, provenance):
            return {}
        earlier = {
            month: stored.content_hash
            for month, stored in self._recorded.of(LOOKED_UP[asset], partition.country).items()
            if month < partition.month
        }
        rejected = provenance.inputs.get("refused_recipe", {})
        if LOOKED_UP[asset] == "champion" and rejected and earlier:
            return self._past_rejected(partition, [PartitionKey.from_dagster(key) for key in rejected])
        latest = max(earlier, default=None)
        return {} if latest is None else {PartitionKey(latest, partition.country).to_dagster(): earlier[latest]}

    def _past_rejected(self, partition: PartitionKey, rejected: list[PartitionKey]) -> dict[str, str]:
        """Return the champions read back to the first one that is not rejected; only their content shows how many."""
        noted = Noted()
        reasons = rejection_reasons(self._store.read("refused_recipe", rejected))
        recipes = RecipesInForce(NotingStore(self._store, noted.read))
        recipes.before(str(partition.country), pd.Timestamp(partition.month), reasons)
        return noted.inputs.get("champion", {})
