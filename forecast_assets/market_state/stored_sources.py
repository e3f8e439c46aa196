"""Rows of a market's sources as they were stored in the months before, to compare a new delivery with them."""

import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.deliveries.whole_sources import EXPECTED_MONTHS
from forecast_assets.storage import PartitionKey, TableReader

# Stored months that are compared with today's delivery.
RESTATED_MONTHS = 60
PRODUCT_COLUMNS = ["category", "brand", "pack"]


def delivered_before(store: TableReader, source: str, country: str, month: pd.Timestamp) -> pd.Series:
    """Return delivered rows by stored month, of the few months before one. Rows that ``products`` adds do not count."""
    months = [add_months(month, -back) for back in range(EXPECTED_MONTHS, 0, -1)]
    stored = [each for each in (PartitionKey(at, country) for at in months) if store.exists(source, each)]
    if source == "products" and stored:
        rows = store.read(source, stored, columns=PRODUCT_COLUMNS)
        return rows[PRODUCT_COLUMNS].notna().any(axis=1).groupby(rows["month"]).sum()
    counts = [store.provenance(source, each).rows for each in stored]
    return pd.Series(counts, index=pd.DatetimeIndex([each.month for each in stored]), dtype=float)


def stored_units(store: TableReader, source: str, country: str, month: pd.Timestamp) -> pd.DataFrame:
    """Return the stored units of ``sell_in`` or ``sell_out`` of the years before a month: ``sku, month, units``."""
    first, units = add_months(month, -RESTATED_MONTHS), f"{source}_units"
    stored = [each for each in store.list_partitions(source) if each.country == country and first <= each.month < month]
    if not stored:
        return pd.DataFrame(columns=["sku", "month", "units"])
    return store.read(source, stored, columns=["sku", units]).rename(columns={units: "units"})
