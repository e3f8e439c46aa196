"""``sell_out``: One row per SKU and month: units sold by retailers to consumers."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table


class SellOut(Table):
    """One row per SKU and month: units sold by retailers to consumers."""

    sku: Series[str] = pa.Field(str_length={"min_value": 1}, description="SKU as the company writes it")
    sell_out_units: Series[float] = pa.Field(nullable=True, description="Units sold to consumers")
    stock_units: Series[float] = pa.Field(nullable=True, description="Retailers' stock at the end of the month")
    distribution_pct: Series[float] = pa.Field(
        nullable=True, ge=0, le=100, description="Share of stores that list the SKU, per cent"
    )
    price: Series[float] = pa.Field(nullable=True, ge=0, description="Average shelf price in the market's currency")
    is_promoted: Series[float] = pa.Field(nullable=True, isin=[0.0, 1.0], description="1 where the SKU was promoted")

    class Config(Table.Config):
        unique = ["sku"]
