"""Which months of a market have been published: read from the store, which is the truth."""

import dataclasses
from collections.abc import Sequence

import pandas as pd

from forecast_assets.storage import PartitionKey, TableStore


@dataclasses.dataclass(frozen=True)
class PublishedMonths:
    """Looks into ``published_forecasts`` of the store."""

    store: TableStore

    def later_than(self, country: str, month: pd.Timestamp) -> bool:
        """Whether a later month of the market has been published already."""
        return any(published > month for published in self._months(country))

    def is_closed(self, country: str, month: pd.Timestamp) -> bool:
        """Whether the month was published and a later one after it: performance measures what was published then."""
        return month in self._months(country) and self.later_than(country, month)

    def last_before(self, country: str, month: pd.Timestamp) -> pd.DataFrame:
        """The published forecasts of the latest month before one; no rows where there is none."""
        earlier = [published for published in self._months(country) if published < month]
        if not earlier:
            return pd.DataFrame(columns=["sku"])
        return self.store.read("published_forecasts", [PartitionKey(max(earlier), country)])

    def forecasts(self, country: str, month: pd.Timestamp, columns: Sequence[str]) -> pd.DataFrame:
        """What is published of a month, given columns; no rows where nothing is."""
        place = PartitionKey(month, country)
        if not self.store.exists("published_forecasts", place):
            return pd.DataFrame(columns=list(columns))
        return self.store.read("published_forecasts", [place], columns=columns)

    def _months(self, country: str) -> set[pd.Timestamp]:
        places = self.store.list_partitions("published_forecasts")
        return {place.month for place in places if place.country == country}
