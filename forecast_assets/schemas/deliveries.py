"""``products``: One row per SKU: attributes as known at the end of the partition month."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table


class Products(Table):
    """One row per SKU: attributes as known at the end of the partition month."""

    sku: Series[str] = pa.Field(str_length={"min_value": 1}, description="SKU as the company writes it")
    category: Series[str] = pa.Field(nullable=True, description="Product category")
    brand: Series[str] = pa.Field(nullable=True, description="Brand")
    pack: Series[str] = pa.Field(nullable=True, description="Pack size")
    launch_month: Series[pa.DateTime] = pa.Field(nullable=True, description="First month on sale, if known by then")
    end_month: Series[pa.DateTime] = pa.Field(nullable=True, description="Last month on sale, if known by then")
    reference_sku: Series[str] = pa.Field(nullable=True, description="Predecessor or like item")

    class Config(Table.Config):
        unique = ["sku"]

    @classmethod
    def further_columns(cls) -> tuple[str, str]:
        """Further attributes, as delivered."""
        return "attribute_", "object"
