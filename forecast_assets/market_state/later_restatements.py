"""Sell-in of a month as later months restate it, for measuring forecasts: they are measured by what is known now.

A month's own partition stays as it was known at its end, so restatements are looked up in the months after it.
"""

import dataclasses
from collections.abc import Sequence

import pandas as pd

from forecast_assets.domain.demand.restatements import RESTATED_MONTH, dated_rows
from forecast_assets.market_state.lookups import Lookups
from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.storage.table_specs import table_specs

SELL_IN = "sell_in"
COLUMNS = ["sku", "sell_in_units", RESTATED_MONTH]


@dataclasses.dataclass(frozen=True)
class LaterRestatements:
    """Reads the restatements in stored ``sell_in``; those that a run uses are noted as inputs of its months."""

    store: TableReader
    lookups: Lookups = dataclasses.field(default_factory=Lookups)

    def of(self, country: str, months: Sequence[pd.Timestamp], run_id: str, asset: str) -> pd.DataFrame:
        """Return the restatements of the months, noted for an asset of a run.

        Returns:
            ``sku, month, known_month, sell_in_units``, where ``month`` is one of the months.
        """
        later = [each for each in self.store.list_market(SELL_IN, country) if each.month > min(months)]
        rows, provenances = self.store.read_with_provenance(table_specs()[SELL_IN], later, columns=COLUMNS)
        restated = dated_rows(rows[rows[RESTATED_MONTH].notna()])
        restated = restated[restated["month"].isin(months)]
        for month, known_month in restated[["month", "known_month"]].drop_duplicates().itertuples(index=False):
            partition = PartitionKey(known_month, country)
            self.lookups.of(run_id, asset, month).read(SELL_IN, partition, provenances[partition].content_hash)
        return restated.drop(columns="country")
