"""Tables of forecasts: statistical baselines, the model's forecasts, and the forecasts that planners read."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import (
    Table,
    abc_class_column,
    category_column,
    first_of_month,
    forecast_in_interval,
    horizon_months_column,
    origin_month_column,
    sku_column,
    target_month_column,
    units_column,
    xyz_class_column,
)

PORTFOLIO_RULE_NAMES = [
    "end_of_life", "new_with_reference", "new_with_like_items", "all_zero", "new_without_relative", "short_history",
    "returned", "dying", "intermittent", "level_shift", "regular",
]  # fmt: skip


class BaselineForecasts(Table):
    """One row per SKU and target month: the planners' Holt-Winters and the seasonal naive."""

    sku: Series[str] = sku_column()
    origin_month: Series[pa.DateTime] = origin_month_column()
    target_month: Series[pa.DateTime] = target_month_column()
    horizon_months: Series[int] = horizon_months_column()
    baseline_units: Series[float] = units_column("Holt-Winters forecast of the month")
    naive_units: Series[float] = units_column("Seasonal naive forecast of the month")

    class Config(Table.Config):
        unique = ["sku", "target_month"]

    @pa.check("origin_month", "target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)


class Forecasts(Table):
    """One row per SKU and target month: the model's forecast beside the baseline."""

    sku: Series[str] = sku_column()
    origin_month: Series[pa.DateTime] = origin_month_column()
    target_month: Series[pa.DateTime] = target_month_column()
    horizon_months: Series[int] = horizon_months_column()
    forecast_units: Series[float] = units_column("Model forecast of the month")
    forecast_units_p10: Series[float] = units_column("Lower end of the model's 80 % interval")
    forecast_units_p90: Series[float] = units_column("Upper end of the model's 80 % interval")
    baseline_units: Series[float] = units_column("Holt-Winters forecast of the month")
    naive_units: Series[float] = units_column("Seasonal naive forecast of the month")
    category: Series[str] = category_column()
    abc_class: Series[str] = abc_class_column()
    xyz_class: Series[str] = xyz_class_column()
    inputs_missing: Series[str] = pa.Field(
        description="Inputs that the forecast was made without, comma separated; may be empty"
    )
    rule: Series[str] = pa.Field(
        isin=PORTFOLIO_RULE_NAMES, description="Portfolio rule that applies to the SKU, see docs/portfolio.md"
    )
    champion_units: Series[float] = units_column(
        "Forecast by the champion's recipe; null if the model uses the same recipe", nullable=True
    )
    champion_units_p10: Series[float] = units_column("Lower end of the champion's 80 % interval", nullable=True)
    champion_units_p90: Series[float] = units_column("Upper end of the champion's 80 % interval", nullable=True)

    class Config(Table.Config):
        unique = ["sku", "target_month"]

    @pa.check("origin_month", "target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)

    @pa.dataframe_check(name="interval_holds_the_forecast")
    def interval_holds_the_forecast(cls, table: pd.DataFrame) -> pd.Series:
        """Check that the interval contains the forecast."""
        return forecast_in_interval(table, "forecast_units")


class PublishedForecasts(Table):
    """One row per SKU and target month: the forecast that planners read."""

    sku: Series[str] = sku_column()
    origin_month: Series[pa.DateTime] = origin_month_column()
    target_month: Series[pa.DateTime] = target_month_column()
    horizon_months: Series[int] = horizon_months_column()
    forecast_units: Series[float] = units_column("Published forecast of the month")
    forecast_units_p10: Series[float] = units_column("Lower end of the 80 % interval")
    forecast_units_p90: Series[float] = units_column("Upper end of the 80 % interval")
    baseline_units: Series[float] = units_column("Holt-Winters forecast of the month")
    naive_units: Series[float] = units_column("Seasonal naive forecast of the month")
    category: Series[str] = category_column()
    abc_class: Series[str] = abc_class_column()
    xyz_class: Series[str] = xyz_class_column()
    model_units: Series[float] = units_column("Model forecast of the month; null if no model ran", nullable=True)
    inputs_missing: Series[str] = pa.Field(
        description="Inputs that the forecast was made without, comma separated; may be empty"
    )
    rule: Series[str] = pa.Field(
        isin=PORTFOLIO_RULE_NAMES, description="Portfolio rule that applies to the SKU, see docs/portfolio.md"
    )
    status: Series[str] = pa.Field(
        isin=["published", "shadow", "held", "stale", "backfilled"],
        description="State of the publication: shadow (trial market), held (retired market), stale (an older forecast)",
    )
    source: Series[str] = pa.Field(
        isin=["model", "champion", "baseline", "rule", "last published", "override"],
        description="Method that the published number comes from",
    )
    reason: Series[str] = pa.Field(description="Reason for this source")

    class Config(Table.Config):
        unique = ["sku", "target_month"]

    @pa.check("origin_month", "target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)

    @pa.dataframe_check(name="interval_holds_the_forecast")
    def interval_holds_the_forecast(cls, table: pd.DataFrame) -> pd.Series:
        """Check that the interval contains the forecast."""
        return forecast_in_interval(table, "forecast_units")
