"""What an asset would look up if it were made now: champion, or last published forecast, of an earlier month."""

import pandas as pd

from forecast_assets.domain.selection.contest import rejection_reasons
from forecast_assets.market_state.lookups import LOOKED_UP, Noted, NotingStore
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.operations.backfill.recorded import Recorded
from forecast_assets.storage import PartitionKey, StoredProvenance, TableReader


def looks_up(asset: str, said: StoredProvenance) -> bool:
    """Whether a stored partition was made with a look-up: a publication makes one where there were no forecasts."""
    return asset in LOOKED_UP and not (asset == "published_forecasts" and said.inputs.get("forecasts"))


class LookupsNow:
    """Look-ups judged against what the store holds, as ``Recorded`` has read it."""

    def __init__(self, recorded: Recorded, store: TableReader) -> None:
        self._recorded = recorded
        self._store = store

    def of(self, asset: str, place: PartitionKey, said: StoredProvenance) -> dict[str, str]:
        """Content hash of each partition of ``LOOKED_UP[asset]`` that a partition would read; ``said`` is what its
        stored file says, whose declared inputs are those of now."""
        if not looks_up(asset, said):
            return {}
        earlier = {
            month: stored.content_hash
            for month, stored in self._recorded.of(LOOKED_UP[asset], place.country).items()
            if month < place.month
        }
        refused = said.inputs.get("refused_recipe", {})
        if LOOKED_UP[asset] == "champion" and refused and earlier:
            return self._not_refused(place, [PartitionKey.from_dagster(key) for key in refused])
        latest = max(earlier, default=None)
        return {} if latest is None else {PartitionKey(latest, place.country).to_dagster(): earlier[latest]}

    def _not_refused(self, place: PartitionKey, refused: list[PartitionKey]) -> dict[str, str]:
        """Past the champions that people have refused: only their content says how far back that is."""
        noted = Noted()
        why = rejection_reasons(self._store.read("refused_recipe", refused))
        recipes = RecipesInForce(NotingStore(self._store, noted.read))
        recipes.before(str(place.country), pd.Timestamp(place.month), why)
        return noted.inputs.get("champion", {})
