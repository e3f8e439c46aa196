"""Tables of forecasts by level: sums of published forecasts with the distribution of the sum."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.distribution import Distribution
from forecast_assets.schemas.table import (
    Table,
    first_of_month,
    horizon_months_column,
    origin_month_column,
    target_month_column,
    units_column,
)


class LevelCells(Table):
    """One row per level, entity, category and target month."""

    level: Series[str] = pa.Field(isin=["category", "market", "region", "world"], description="Level of the sum")
    entity: Series[str] = pa.Field(description="WORLD, a region or a market code")
    category: Series[str] = pa.Field(description="Product category; ALL for the sum over categories")
    origin_month: Series[pa.DateTime] = origin_month_column()
    target_month: Series[pa.DateTime] = target_month_column()
    horizon_months: Series[int] = horizon_months_column()

    cumulative_units: Series[float] = units_column("Forecast of the months from the first one up to this one")
    cumulative_units_p10: Series[float] = units_column("10 % quantile of the sum of these months")
    cumulative_units_p90: Series[float] = units_column("90 % quantile of the sum of these months")

    class Config(Table.Config):
        unique = ["level", "entity", "category", "target_month"]

    @pa.dataframe_check(name="band_holds_the_sum")
    def band_holds_the_sum(cls, table: pd.DataFrame) -> pd.Series:
        """Check that the band of the sum of months contains the sum."""
        return table["cumulative_units"].between(table["cumulative_units_p10"], table["cumulative_units_p90"])

    @pa.check("origin_month", "target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)


class ForecastLevels(Distribution, LevelCells):
    """One row per category of a market, or the market, and target month: published forecasts and their distribution."""


class ForecastTotals(Distribution, LevelCells):
    """One row per region or world and target month: published forecasts and their distribution."""
