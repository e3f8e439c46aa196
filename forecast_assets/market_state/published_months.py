"""Which months of a market have been published: read from the store, which is the truth."""

import dataclasses
from collections.abc import Sequence

import pandas as pd

from forecast_assets.market_state.lookups import LATER_PUBLISHED, Lookups, NotingStore
from forecast_assets.storage import PartitionKey, TableStore

TABLE = "published_forecasts"
NOTHING_PUBLISHED = pd.DataFrame(columns=["sku"])


@dataclasses.dataclass(frozen=True)
class PublishedMonths:
    """Looks into ``published_forecasts`` of the store. ``answers`` takes what a run was told, by name."""

    store: TableStore
    lookups: Lookups = dataclasses.field(default_factory=Lookups)
    answers: dict[str, str] = dataclasses.field(default_factory=dict)

    def noted_for(self, run_id: str, asset: str) -> "PublishedMonths":
        """The same for one asset of a run: what it reads and is told is stored with what the asset makes."""
        noted = self.lookups.of(run_id, asset)
        return dataclasses.replace(self, store=NotingStore(self.store, noted.read), answers=noted.answers)

    def later_than(self, country: str, month: pd.Timestamp) -> bool:
        """Whether a later month of the market has been published already."""
        latest = max(self._months(country), default=month)
        if latest > month:
            self.answers[LATER_PUBLISHED] = f"{latest:%Y-%m-%d}"
        return latest > month

    def month_before(self, country: str, month: pd.Timestamp) -> pd.Timestamp | None:
        """The latest month of the market before one that is published; None without any."""
        return max((published for published in self._months(country) if published < month), default=None)

    def is_closed(self, country: str, month: pd.Timestamp) -> bool:
        """Whether the month was published and a later one after it: performance measures what was published then."""
        return month in self._months(country) and self.later_than(country, month)

    def last_before(self, country: str, month: pd.Timestamp) -> pd.DataFrame:
        """The published forecasts of the latest month before one; no rows where there is none."""
        earlier = self.month_before(country, month)
        if earlier is None:
            return NOTHING_PUBLISHED.copy()
        return self.store.read(TABLE, [PartitionKey(earlier, country)])

    def forecasts(self, country: str, month: pd.Timestamp, columns: Sequence[str]) -> pd.DataFrame:
        """What is published of a month, given columns; no rows where nothing is."""
        place = PartitionKey(month, country)
        if not self.store.exists(TABLE, place):
            return pd.DataFrame(columns=list(columns))
        return self.store.read(TABLE, [place], columns=columns)

    def _months(self, country: str) -> set[pd.Timestamp]:
        places = self.store.list_partitions(TABLE)
        return {place.month for place in places if place.country == country}
