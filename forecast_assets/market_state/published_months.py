"""Published months of a market, read from the stored ``published_forecasts``."""

import dataclasses
from collections.abc import Sequence

import pandas as pd

from forecast_assets.market_state.lookups import LATER_PUBLISHED, Lookups, NotingStore
from forecast_assets.storage import PartitionKey, TableReader

TABLE = "published_forecasts"
NOTHING_PUBLISHED = pd.DataFrame(columns=["sku"])


@dataclasses.dataclass(frozen=True)
class PublishedMonths:
    """Reads ``published_forecasts``. ``answers`` collects the facts that a run was given, by name."""

    store: TableReader
    lookups: Lookups = dataclasses.field(default_factory=Lookups)
    answers: dict[str, str] = dataclasses.field(default_factory=dict)

    def noted_for(self, run_id: str, asset: str) -> "PublishedMonths":
        """Return the same for one asset of a run: its reads and ``answers`` are stored with the asset's output."""
        noted = self.lookups.of(run_id, asset)
        return dataclasses.replace(self, store=NotingStore(self.store, noted.read), answers=noted.answers)

    def later_than(self, country: str, month: pd.Timestamp) -> bool:
        """Return True if a later month of the market is published."""
        latest = max(self._months(country), default=month)
        if latest > month:
            self.answers[LATER_PUBLISHED] = f"{latest:%Y-%m-%d}"
        return latest > month

    def month_before(self, country: str, month: pd.Timestamp) -> pd.Timestamp | None:
        """Return the latest published month of the market before a month; None without any."""
        return max((published for published in self._months(country) if published < month), default=None)

    def is_closed(self, country: str, month: pd.Timestamp) -> bool:
        """Return True if the month and a later one are published: performance measures the publication of that time."""
        return month in self._months(country) and self.later_than(country, month)

    def last_before(self, country: str, month: pd.Timestamp) -> pd.DataFrame:
        """Return the published forecasts of the latest month before a month; no rows without any."""
        earlier = self.month_before(country, month)
        if earlier is None:
            return NOTHING_PUBLISHED.copy()
        return self.store.read(TABLE, [PartitionKey(earlier, country)])

    def forecasts(self, country: str, month: pd.Timestamp, columns: Sequence[str]) -> pd.DataFrame:
        """Return columns of a month's published forecasts; no rows if the month is not published."""
        partition = PartitionKey(month, country)
        if not self.store.exists(TABLE, partition):
            return pd.DataFrame(columns=list(columns))
        return self.store.read(TABLE, [partition], columns=columns)

    def _months(self, country: str) -> set[pd.Timestamp]:
        return {partition.month for partition in self.store.list_partitions(TABLE) if partition.country == country}
