"""``pooled_rows``: One row per market and SKU of the sample: its features and the sell-in of the month."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, first_of_month


class PooledRows(Table):
    """One row per market and SKU of the sample over all markets: features and sell-in of the month."""

    market: Series[str] = pa.Field(str_length={"min_value": 1}, description="Market code")
    sku: Series[str] = pa.Field(str_length={"min_value": 1}, description="SKU as the company writes it")
    origin_month: Series[pa.DateTime] = pa.Field(description="Month at whose end all of it was known")
    category: Series[str] = pa.Field(description="Product category, UNKNOWN without a product row")
    abc_class: Series[str] = pa.Field(isin=["A", "B", "C"], description="By value: 80/15/5 per cent")
    xyz_class: Series[str] = pa.Field(isin=["X", "Y", "Z"], description="By variation of monthly units")
    inputs_missing: Series[str] = pa.Field(description="Inputs that were not there, comma separated; empty for none")
    scale_units: Series[float] = pa.Field(gt=0, description="Level by which the SKU's units are divided")
    sell_in_units: Series[float] = pa.Field(nullable=True, description="Sell-in of the month; null where unknown")

    class Config(Table.Config):
        unique = ["market", "sku"]

    @classmethod
    def further_columns(cls) -> tuple[str, str]:
        """Features, named by how they are made."""
        return "", "float32"

    @pa.check("origin_month", name="first_of_month")
    def months_are_first_of_month(cls, months: Series) -> Series:
        return first_of_month(months)
