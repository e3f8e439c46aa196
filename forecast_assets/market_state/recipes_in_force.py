"""Which recipe of a market is in force: read from ``champion`` of the store, which is the truth.

A look into the store and no input of the graph: a market's champion of m is made with that of m-1, and Dagster refuses
circles between assets whatever the months.
"""

import dataclasses
from collections.abc import Collection

import pandas as pd

from forecast_assets.domain.selection.contest import Holder, current_id, holder_from
from forecast_assets.market_state.lookups import Lookups, NotingStore
from forecast_assets.storage import PartitionKey, TableStore

REFUSED_COLUMNS = ["recipe_id", "recipe", "author", "reason"]


@dataclasses.dataclass(frozen=True)
class RecipesInForce:
    """Looks into ``champion`` and ``refused_recipe`` of the store."""

    store: TableStore
    lookups: Lookups = dataclasses.field(default_factory=Lookups)

    def noted_for(self, run_id: str, asset: str) -> "RecipesInForce":
        """The same for one asset of a run: what it reads is stored among the asset's inputs."""
        return dataclasses.replace(self, store=NotingStore(self.store, self.lookups.of(run_id, asset).read))

    def before(self, country: str, month: pd.Timestamp, refused: Collection[str] = ()) -> Holder | None:
        """The recipe in force before a month: of the latest earlier ``champion`` whose recipe is not refused."""
        earlier = sorted((at for at in self._months("champion", country) if at < month), reverse=True)
        for back, at in enumerate(earlier):
            row = self.champion(country, at)
            if not {row["recipe_id"], current_id(row["recipe"], row["recipe_id"])} & set(refused):
                return holder_from(row, interrupted=back > 0)
        return None

    def champion(self, country: str, month: pd.Timestamp) -> dict[str, object]:
        """The row of a month. Raises MissingPartition where there is none."""
        (row,) = self.store.read("champion", [PartitionKey(month, country)]).to_dict("records")
        return row

    def latest_month(self, country: str) -> pd.Timestamp | None:
        """The latest month whose champion is stored; None without any."""
        return max(self._months("champion", country), default=None)

    def history(self, country: str) -> pd.DataFrame:
        """``champion`` of every month, oldest first; no rows without any."""
        places = [PartitionKey(month, country) for month in sorted(self._months("champion", country))]
        return self.store.read("champion", places) if places else pd.DataFrame()

    def tuned(self, country: str, month: pd.Timestamp) -> pd.DataFrame:
        """``tuned_recipe`` of the months up to one; may have no rows."""
        return self._until("tuned_recipe", country, month, ["month", "role", "parameters"])

    def refused(self, country: str, month: pd.Timestamp) -> pd.DataFrame:
        """``refused_recipe`` of the months up to one; may have no rows."""
        return self._until("refused_recipe", country, month, ["month", *REFUSED_COLUMNS])

    def _until(self, table: str, country: str, month: pd.Timestamp, columns: list[str]) -> pd.DataFrame:
        places = [PartitionKey(at, country) for at in sorted(self._months(table, country)) if at <= month]
        return self.store.read(table, places) if places else pd.DataFrame(columns=columns)

    def _months(self, table: str, country: str) -> set[pd.Timestamp]:
        return {place.month for place in self.store.list_partitions(table) if place.country == country}
