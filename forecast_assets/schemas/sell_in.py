"""``sell_in``: One row per SKU and month: units sold to wholesalers and retailers."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table


class SellIn(Table):
    """One row per SKU and month: units sold to wholesalers and retailers."""

    sku: Series[str] = pa.Field(str_length={"min_value": 1}, description="SKU as the company writes it")
    sell_in_units: Series[float] = pa.Field(nullable=True, description="Units, returns negative; null where unknown")
    net_sales: Series[float] = pa.Field(nullable=True, description="Net sales in the market's currency")
    reason: Series[str] = pa.Field(isin=["delivered", "no_sale", "unknown"], description="Why the row is there")

    class Config(Table.Config):
        unique = ["sku"]
