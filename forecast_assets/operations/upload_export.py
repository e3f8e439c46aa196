"""Published forecasts of a market as other systems take them: names and order of columns, whole numbers."""

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.publication.whole_units import whole_quantities
from forecast_assets.storage import PartitionKey, TableStore

PUBLISHED, PRODUCTS = "published_forecasts", "products"
# Not for readers: markets on trial or retired, and forecasts made when later months were known.
RELEASED = ("published", "stale")
MONTHS = ("origin_month", "target_month")
CASE_UNITS = "attribute_case_units"


class ExportRefused(ValueError):
    """A market and month cannot be exported; nothing was written."""


def upload_rows(settings: Settings, store: TableStore, partition: PartitionKey) -> pd.DataFrame:
    """Return the released rows of a publication with the columns that the settings name, in their order.

    Raises:
        ExportRefused: If the month is not published, no row of it is released, or a named column does not exist.
    """
    export = settings.export
    if not store.exists(PUBLISHED, partition):
        raise ExportRefused(f"{partition.country} {partition.month:%Y-%m} is not published: there is nothing to export")
    published = store.read(PUBLISHED, [partition]).astype({"sku": object})
    released = published[published["status"].isin(RELEASED)]
    if released.empty:
        status = published["status"].iloc[0]
        raise ExportRefused(
            f"{partition.country} {partition.month:%Y-%m} is {status}: only {' and '.join(RELEASED)} are exported"
        )
    case_units = _case_units(store, partition) if export.quantity == "cases" else pd.Series(dtype=float)
    rows = whole_quantities(released, case_units).assign(country=partition.country)
    unknown = [name for name in export.names if name not in rows]
    if unknown:
        known = ", ".join(sorted(map(str, rows.columns)))
        raise ExportRefused(f"FORECAST_EXPORT_COLUMNS: no column {', '.join(unknown)}; known: {known}")
    texts = {name: rows[name].dt.strftime(export.month_format) for name in MONTHS}
    return rows.assign(**texts)[list(export.names)].rename(columns=export.names)


def _case_units(store: TableStore, partition: PartitionKey) -> pd.Series:
    """Return units of a case by SKU; a SKU without a number above 0 is absent."""
    products = store.read(PRODUCTS, [partition]) if store.exists(PRODUCTS, partition) else pd.DataFrame()
    if CASE_UNITS not in products:
        return pd.Series(dtype=float)
    by_sku = products.drop_duplicates("sku", keep="last").set_index("sku")
    units = pd.to_numeric(by_sku[CASE_UNITS], errors="coerce").astype(float)
    return units[units > 0]
