"""``overrides``: One row per SKU and target month: a planner's own number for this origin."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, first_of_month


class Overrides(Table):
    """One row per SKU and target month: a planner's own number for this origin."""

    sku: Series[str] = pa.Field(str_length={"min_value": 1}, description="SKU as the company writes it")
    target_month: Series[pa.DateTime] = pa.Field(description="Month that is forecast")
    forecast_units: Series[float] = pa.Field(ge=0, description="Units the planner expects")
    author: Series[str] = pa.Field(nullable=True, description="Who")
    reason: Series[str] = pa.Field(nullable=True, description="Why")

    class Config(Table.Config):
        unique = ["sku", "target_month"]

    @pa.check("target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: Series) -> Series:
        return first_of_month(months)
