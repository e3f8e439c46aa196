"""``baseline_forecasts``: One row per SKU and target month: the planners' Holt-Winters and the seasonal naive."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, first_of_month


class BaselineForecasts(Table):
    """One row per SKU and target month: the planners' Holt-Winters and the seasonal naive."""

    sku: Series[str] = pa.Field(str_length={"min_value": 1}, description="SKU as the company writes it")
    origin_month: Series[pa.DateTime] = pa.Field(description="Last closed month when the forecast was made")
    target_month: Series[pa.DateTime] = pa.Field(description="Month that is forecast")
    horizon_months: Series[int] = pa.Field(ge=1, le=18, description="Target month minus origin month")
    baseline_units: Series[float] = pa.Field(ge=0, description="Holt-Winters forecast")
    naive_units: Series[float] = pa.Field(ge=0, description="Seasonal naive forecast")

    class Config(Table.Config):
        unique = ["sku", "target_month"]

    @pa.check("origin_month", "target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: Series) -> Series:
        return first_of_month(months)
