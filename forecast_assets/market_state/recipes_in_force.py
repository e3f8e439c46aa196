"""The recipe in force of a market, read from the stored ``champion``.

A look-up in the store and no input of the graph: the champion of a month depends on that of the month before, and
Dagster rejects circles between assets whatever the months.
"""

import dataclasses
from collections.abc import Collection
from typing import Any

import pandas as pd

from forecast_assets.domain.selection.contest import Incumbent, current_id, incumbent_from
from forecast_assets.market_state.lookups import Lookups, NotingStore
from forecast_assets.storage import PartitionKey, TableReader

REFUSED_COLUMNS = ["recipe_id", "recipe", "author", "reason"]


@dataclasses.dataclass(frozen=True)
class RecipesInForce:
    """Reads ``champion``, ``tuned_recipe`` and ``refused_recipe``."""

    store: TableReader
    lookups: Lookups = dataclasses.field(default_factory=Lookups)

    def noted_for(self, run_id: str, asset: str) -> "RecipesInForce":
        """Return the same for one asset of a run: its reads are stored among the asset's inputs."""
        return dataclasses.replace(self, store=NotingStore(self.store, self.lookups.of(run_id, asset).read))

    def before(self, country: str, month: pd.Timestamp, refused: Collection[str] = ()) -> Incumbent | None:
        """Return the recipe of the latest ``champion`` before a month that is not rejected; None without any."""
        earlier = sorted((at for at in self._months("champion", country) if at < month), reverse=True)
        for back, at in enumerate(earlier):
            row = self.champion(country, at)
            stored_id = row["recipe_id"]
            if not {stored_id, current_id(row["recipe"], stored_id)} & set(refused):
                return incumbent_from(row, interrupted=back > 0)
        return None

    def champion(self, country: str, month: pd.Timestamp) -> dict[str, Any]:
        """Return the row of a month. Raises MissingPartition."""
        (row,) = self.store.read("champion", [PartitionKey(month, country)]).to_dict("records")
        return {str(column): value for column, value in row.items()}

    def latest_month(self, country: str) -> pd.Timestamp | None:
        """Return the latest month whose champion is stored; None without any."""
        return max(self._months("champion", country), default=None)

    def history(self, country: str) -> pd.DataFrame:
        """Return ``champion`` of every month, oldest first; no rows without any."""
        partitions = [PartitionKey(month, country) for month in sorted(self._months("champion", country))]
        return self.store.read("champion", partitions) if partitions else pd.DataFrame()

    def tuned(self, country: str, month: pd.Timestamp) -> pd.DataFrame:
        """Return ``tuned_recipe`` of the months up to one; may have no rows."""
        return self._until("tuned_recipe", country, month, ["month", "role", "parameters"])

    def refused(self, country: str, month: pd.Timestamp) -> pd.DataFrame:
        """Return ``refused_recipe`` of the months up to one; may have no rows."""
        return self._until("refused_recipe", country, month, ["month", *REFUSED_COLUMNS])

    def _until(self, table: str, country: str, month: pd.Timestamp, columns: list[str]) -> pd.DataFrame:
        partitions = [PartitionKey(at, country) for at in sorted(self._months(table, country)) if at <= month]
        return self.store.read(table, partitions) if partitions else pd.DataFrame(columns=columns)

    def _months(self, table: str, country: str) -> set[pd.Timestamp]:
        return {partition.month for partition in self.store.list_market(table, country)}
