"""``forecasts``: One row per SKU and target month: the model's forecast beside the baseline."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, first_of_month

PORTFOLIO_RULE_NAMES = [
    "end_of_life", "new_with_reference", "new_with_like_items", "all_zero", "new_without_relative", "short_history",
    "returned", "dying", "intermittent", "level_shift", "regular",
]  # fmt: skip


class Forecasts(Table):
    """One row per SKU and target month: the model's forecast beside the baseline."""

    sku: Series[str] = pa.Field(str_length={"min_value": 1}, description="SKU as the company writes it")
    origin_month: Series[pa.DateTime] = pa.Field(description="Last closed month when the forecast was made")
    target_month: Series[pa.DateTime] = pa.Field(description="Month that is forecast")
    horizon_months: Series[int] = pa.Field(ge=1, le=18, description="Target month minus origin month")
    forecast_units: Series[float] = pa.Field(ge=0, description="Forecast")
    forecast_units_p10: Series[float] = pa.Field(ge=0, description="Lower end of the 80 per cent interval")
    forecast_units_p90: Series[float] = pa.Field(ge=0, description="Upper end of the 80 per cent interval")
    baseline_units: Series[float] = pa.Field(ge=0, description="Planners' Holt-Winters")
    naive_units: Series[float] = pa.Field(ge=0, description="Seasonal naive")
    category: Series[str] = pa.Field(description="Product category, UNKNOWN without a product row")
    abc_class: Series[str] = pa.Field(isin=["A", "B", "C"], description="By value: 80/15/5 per cent")
    xyz_class: Series[str] = pa.Field(isin=["X", "Y", "Z"], description="By variation of monthly units")
    inputs_missing: Series[str] = pa.Field(
        description="Inputs the forecast had to do without, comma separated; empty for none"
    )

    rule: Series[str] = pa.Field(
        isin=PORTFOLIO_RULE_NAMES, description="Portfolio case the SKU falls under, see docs/architecture.md"
    )
    champion_units: Series[float] = pa.Field(
        nullable=True, ge=0, description="Forecast by the champion's recipe; null where the model is by it"
    )
    champion_units_p10: Series[float] = pa.Field(
        nullable=True, ge=0, description="Lower end of the champion's 80 per cent interval"
    )
    champion_units_p90: Series[float] = pa.Field(
        nullable=True, ge=0, description="Upper end of the champion's 80 per cent interval"
    )

    class Config(Table.Config):
        unique = ["sku", "target_month"]

    @pa.check("origin_month", "target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: Series) -> Series:
        return first_of_month(months)

    @pa.dataframe_check(name="interval_holds_the_forecast")
    def interval_holds_the_forecast(cls, table: pd.DataFrame) -> pd.Series:
        return table["forecast_units"].between(table["forecast_units_p10"], table["forecast_units_p90"])
