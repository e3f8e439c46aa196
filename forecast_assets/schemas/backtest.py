"""``backtest``: One row per SKU, earlier origin and horizon: what each method would have said."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, first_of_month


class Backtest(Table):
    """One row per SKU, earlier origin and horizon: what each method would have said."""

    sku: Series[str] = pa.Field(str_length={"min_value": 1}, description="SKU as the company writes it")
    origin_month: Series[pa.DateTime] = pa.Field(description="Last closed month when the forecast was made")
    target_month: Series[pa.DateTime] = pa.Field(description="Month that is forecast")
    horizon_months: Series[int] = pa.Field(ge=1, le=18, description="Target month minus origin month")
    actual_units: Series[float] = pa.Field(nullable=True, description="Sell-in that came; null where unknown")
    model_units: Series[float] = pa.Field(ge=0, description="Recipe refitted at the origin")
    forecast_units_p10: Series[float] = pa.Field(ge=0, description="Lower end of the model's 80 per cent interval")
    forecast_units_p90: Series[float] = pa.Field(ge=0, description="Upper end of the model's 80 per cent interval")
    champion_units: Series[float] = pa.Field(
        nullable=True, ge=0, description="Champion's recipe refitted at the origin; null where there is no rival"
    )
    baseline_units: Series[float] = pa.Field(ge=0, description="Holt-Winters at the origin")
    naive_units: Series[float] = pa.Field(ge=0, description="Seasonal naive at the origin")
    category: Series[str] = pa.Field(description="Product category, UNKNOWN without a product row")
    abc_class: Series[str] = pa.Field(isin=["A", "B", "C"], description="By value: 80/15/5 per cent")
    xyz_class: Series[str] = pa.Field(isin=["X", "Y", "Z"], description="By variation of monthly units")

    class Config(Table.Config):
        unique = ["sku", "origin_month", "horizon_months"]

    @pa.check("origin_month", "target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: Series) -> Series:
        return first_of_month(months)

    @pa.dataframe_check(name="interval_holds_the_forecast")
    def interval_holds_the_forecast(cls, table: pd.DataFrame) -> pd.Series:
        return table["model_units"].between(table["forecast_units_p10"], table["forecast_units_p90"])
