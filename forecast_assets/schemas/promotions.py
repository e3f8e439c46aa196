"""``promotions``: One row per SKU and promoted month, as known at the end of the partition month."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, first_of_month


class Promotions(Table):
    """One row per SKU and promoted month, as known at the end of the partition month."""

    sku: Series[str] = pa.Field(str_length={"min_value": 1}, description="SKU as the company writes it")
    promotion_month: Series[pa.DateTime] = pa.Field(description="Month of the promotion, past or ahead")
    is_promoted: Series[float] = pa.Field(nullable=True, isin=[0.0, 1.0], description="1 where promoted")
    discount_pct: Series[float] = pa.Field(nullable=True, ge=0, le=1, description="Price reduction as a fraction")

    class Config(Table.Config):
        unique = ["sku", "promotion_month"]

    @pa.check("promotion_month", name="first_of_month")
    def months_are_first_of_month(cls, months: Series) -> Series:
        return first_of_month(months)
