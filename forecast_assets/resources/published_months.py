"""Which months of a market have been published: read from the store, which is the truth."""

import dataclasses

import pandas as pd

from forecast_assets.storage import TableStore


@dataclasses.dataclass(frozen=True)
class PublishedMonths:
    """Looks into ``published_forecasts`` of the store."""

    store: TableStore

    def later_than(self, country: str, month: pd.Timestamp) -> bool:
        """Whether a later month of the market has been published already."""
        published = self.store.list_partitions("published_forecasts")
        return any(partition.country == country and partition.month > month for partition in published)
