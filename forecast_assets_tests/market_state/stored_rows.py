"""Small sources of a market as a store holds them."""

from collections.abc import Mapping

import pandas as pd

from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs


def store_rows(store: TableStore, table: str, month: pd.Timestamp, rows: pd.DataFrame, country: str = "FR") -> str:
    """Store rows of a source; columns that are left out are null. Return the content hash."""
    spec = table_specs()[table]
    empty = spec.arrow_schema.empty_table().to_pandas()
    whole = rows.assign(**{name: pd.Series(dtype=empty[name].dtype) for name in empty if name not in rows})
    provenance = Provenance("run", f"dev-{month:%Y-%m}", "sha")
    return store.write(spec, PartitionKey(month, country), whole, provenance).provenance.content_hash


def store_sell_in(
    store: TableStore,
    month: pd.Timestamp,
    units: Mapping[str, float],
    restated: Mapping[tuple[str, pd.Timestamp], float] | None = None,
    country: str = "FR",
) -> str:
    """Store the sell-in of a month, with restatements by SKU and the month that they are of."""
    cells = [(sku, value, pd.NaT) for sku, value in units.items()]
    cells += [(sku, value, of) for (sku, of), value in (restated or {}).items()]
    rows = pd.DataFrame(cells, columns=["sku", "sell_in_units", "restated_month"])
    rows["restated_month"] = pd.to_datetime(rows["restated_month"])
    return store_rows(store, "sell_in", month, rows.assign(reason="delivered"), country)
