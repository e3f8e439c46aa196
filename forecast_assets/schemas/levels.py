"""Tables of forecasts by level: sums of published forecasts with the distribution of the sum."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import (
    Table,
    first_of_month,
    forecast_in_interval,
    horizon_months_column,
    origin_month_column,
    quantile_column,
    quantiles_in_order,
    target_month_column,
    units_column,
)


class LevelForecasts(Table):
    """One row per level, entity, category and target month: the sum of published forecasts and its distribution."""

    level: Series[str] = pa.Field(isin=["category", "market", "region", "world"], description="Level of the sum")
    entity: Series[str] = pa.Field(description="WORLD, a region or a market code")
    category: Series[str] = pa.Field(description="Product category; ALL for the sum over categories")
    origin_month: Series[pa.DateTime] = origin_month_column()
    target_month: Series[pa.DateTime] = target_month_column()
    horizon_months: Series[int] = horizon_months_column()

    forecast_units: Series[float] = units_column("Sum of the published forecasts of the month")
    forecast_units_p05: Series[float] = quantile_column(5, "the sum")
    forecast_units_p10: Series[float] = quantile_column(10, "the sum")
    forecast_units_p15: Series[float] = quantile_column(15, "the sum")
    forecast_units_p20: Series[float] = quantile_column(20, "the sum")
    forecast_units_p25: Series[float] = quantile_column(25, "the sum")
    forecast_units_p30: Series[float] = quantile_column(30, "the sum")
    forecast_units_p35: Series[float] = quantile_column(35, "the sum")
    forecast_units_p40: Series[float] = quantile_column(40, "the sum")
    forecast_units_p45: Series[float] = quantile_column(45, "the sum")
    forecast_units_p50: Series[float] = quantile_column(50, "the sum")
    forecast_units_p55: Series[float] = quantile_column(55, "the sum")
    forecast_units_p60: Series[float] = quantile_column(60, "the sum")
    forecast_units_p65: Series[float] = quantile_column(65, "the sum")
    forecast_units_p70: Series[float] = quantile_column(70, "the sum")
    forecast_units_p75: Series[float] = quantile_column(75, "the sum")
    forecast_units_p80: Series[float] = quantile_column(80, "the sum")
    forecast_units_p85: Series[float] = quantile_column(85, "the sum")
    forecast_units_p90: Series[float] = quantile_column(90, "the sum")
    forecast_units_p95: Series[float] = quantile_column(95, "the sum")

    class Config(Table.Config):
        unique = ["level", "entity", "category", "target_month"]

    @pa.check("origin_month", "target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)

    @pa.dataframe_check(name="interval_holds_the_forecast")
    def interval_holds_the_forecast(cls, table: pd.DataFrame) -> pd.Series:
        """Check that the interval contains the forecast."""
        return forecast_in_interval(table, "forecast_units")

    @pa.dataframe_check(name="quantiles_in_order")
    def quantiles_do_not_decrease(cls, table: pd.DataFrame) -> pd.Series:
        """Check that no quantile is below one of a lower level."""
        return quantiles_in_order(table)


class ForecastLevels(LevelForecasts):
    """One row per category of a market, or the market, and target month: published forecasts and their distribution."""


class ForecastTotals(LevelForecasts):
    """One row per region or world and target month: published forecasts and their distribution."""
