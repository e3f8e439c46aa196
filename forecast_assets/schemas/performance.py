"""``performance``: One row per SKU and lag: forecasts of the month as published then, against its sell-in."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, first_of_month


class Performance(Table):
    """One row per SKU and lag: forecasts of the month as published then, against its sell-in."""

    sku: Series[str] = pa.Field(str_length={"min_value": 1}, description="SKU as the company writes it")
    origin_month: Series[pa.DateTime] = pa.Field(description="Last closed month when the forecast was made")
    lag_months: Series[int] = pa.Field(ge=1, le=18, description="Months between origin and target")
    actual_units: Series[float] = pa.Field(nullable=True, description="Sell-in of the month; null where unknown")
    published_units: Series[float] = pa.Field(ge=0, description="Published then")
    model_units: Series[float] = pa.Field(nullable=True, ge=0, description="What the model said then")
    baseline_units: Series[float] = pa.Field(ge=0, description="Holt-Winters then")
    naive_units: Series[float] = pa.Field(ge=0, description="Seasonal naive then")
    status: Series[str] = pa.Field(description="Status when published")
    source: Series[str] = pa.Field(description="Source when published")
    category: Series[str] = pa.Field(description="Product category, UNKNOWN without a product row")
    abc_class: Series[str] = pa.Field(isin=["A", "B", "C"], description="By value: 80/15/5 per cent")
    xyz_class: Series[str] = pa.Field(isin=["X", "Y", "Z"], description="By variation of monthly units")

    class Config(Table.Config):
        unique = ["sku", "lag_months"]

    @pa.check("origin_month", name="first_of_month")
    def months_are_first_of_month(cls, months: Series) -> Series:
        return first_of_month(months)
