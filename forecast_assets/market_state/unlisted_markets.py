"""Markets with stored months that the markets file no longer lists, and the tables of a market.

Such a market is not an error of the file: deleting an entry is allowed, but what is summed over markets changes by it.
"""

import dataclasses
from collections.abc import Collection

import pandas as pd

from forecast_assets.schemas import MONTH_ONLY, TABLES
from forecast_assets.storage import TableReader

SELL_IN = "sell_in"


@dataclasses.dataclass(frozen=True)
class UnlistedMarkets:
    """Resource that reads the stored months of markets that are not listed."""

    store: TableReader
    listed: Collection[str]

    def months(self) -> dict[str, set[pd.Timestamp]]:
        """Return the months with stored sell-in of each market that is not listed."""
        months: dict[str, set[pd.Timestamp]] = {}
        for partition in self.store.list_partitions(SELL_IN):
            if partition.country is not None and partition.country not in self.listed:
                months.setdefault(partition.country, set()).add(partition.month)
        return dict(sorted(months.items()))


def tables_of_market(store: TableReader, code: str) -> list[str]:
    """Return the tables with a stored month of a market."""
    return [table for table in TABLES if table not in MONTH_ONLY and store.list_market(table, code)]
