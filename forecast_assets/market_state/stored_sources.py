"""Rows of a market's sources as they were stored in the months before, to compare a new delivery with them."""

import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.deliveries.whole_sources import EXPECTED_MONTHS
from forecast_assets.domain.demand.restatements import RESTATED_MONTH, dated_rows
from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.storage.table_specs import table_specs

# Stored months that are compared with today's delivery.
RESTATED_MONTHS = 60
# Measures that are compared, as the profiles of deliveries name them.
MEASURES = {
    "sell_in": ("units", "net_sales"),
    "sell_out": ("units", "stock_units", "distribution_pct", "price"),
}
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


def stored_measures(store: TableReader, source: str, country: str, month: pd.Timestamp) -> pd.DataFrame:
    """Return the stored measures of ``sell_in`` or ``sell_out`` of the years before a month.

    Returns:
        ``sku, month, known_month`` and the measures of ``MEASURES``, ``units`` first; one row per SKU, month and the
        month with which it was stored.
    """
    units, *further = MEASURES[source]
    columns = ["sku", f"{source}_{units}", *further, RESTATED_MONTH]
    first = add_months(month, -RESTATED_MONTHS)
    stored = [each for each in store.list_market(source, country) if first <= each.month < month]
    rows = store.read(table_specs()[source], stored, columns=columns)
    return dated_rows(rows.rename(columns={f"{source}_{units}": units}))
