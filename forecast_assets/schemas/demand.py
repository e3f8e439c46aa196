"""Tables that describe demand before features are built: totals over markets, and extreme months of a SKU."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, figure_column, first_of_month, sku_column


class DemandTotals(Table):
    """One row per level, entity and category: the month's units over the markets of the entity."""

    level: Series[str] = pa.Field(isin=["world", "region", "market"], description="Level of the total")
    entity: Series[str] = pa.Field(description="WORLD, a region or a market code")
    category: Series[str] = pa.Field(description="Product category; ALL for the total over categories")
    sell_in_units: Series[float] = pa.Field(nullable=True, description="Sell-in of the month, units")
    sell_out_units: Series[float] = pa.Field(
        nullable=True, description="Sell-out of the month, units; null without sell-out"
    )

    class Config(Table.Config):
        unique = ["level", "entity", "category"]


class DemandTotalsKnown(Table):
    """One row per level, entity, category and earlier month: totals as known at the end of the partition month."""

    level: Series[str] = pa.Field(isin=["world", "region", "market"], description="Level of the total")
    entity: Series[str] = pa.Field(description="WORLD, a region or a market code")
    category: Series[str] = pa.Field(description="Product category; ALL for the total over categories")
    total_month: Series[pa.DateTime] = pa.Field(description="Month of the total, before the partition month")
    sell_in_units: Series[float] = pa.Field(nullable=True, description="Sell-in of the total month, units")
    sell_out_units: Series[float] = pa.Field(nullable=True, description="Sell-out of the total month, units")
    markets: Series[int] = pa.Field(ge=0, description="Number of markets in the total")
    sell_in_growth_12: Series[float] = figure_column(
        "Sell-in against the same month a year before, over the markets in both months; fraction, 0.1 is 10 % more"
    )
    sell_out_growth_12: Series[float] = figure_column(
        "Sell-out against the same month a year before, over the markets in both months; fraction, 0.1 is 10 % more"
    )
    sell_in_recent_ratio: Series[float] = figure_column(
        "Mean sell-in of the last 3 months / mean of the last 12, over the markets in all 12"
    )
    sell_out_recent_ratio: Series[float] = figure_column(
        "Mean sell-out of the last 3 months / mean of the last 12, over the markets in all 12"
    )

    class Config(Table.Config):
        unique = ["level", "entity", "category", "total_month"]

    @pa.check("total_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)


class HistoryMarks(Table):
    """One row per extreme month of a SKU's history, as known at the end of the partition month."""

    sku: Series[str] = sku_column()
    marked_month: Series[pa.DateTime] = pa.Field(description="Month that is left out of level and season")
    reason: Series[str] = pa.Field(
        isin=["covid", "stock_out", "outlier_high", "outlier_low", "latest_high", "latest_low", "old_level"],
        description="Reason for the mark, see docs/history-marks.md",
    )
    units: Series[float] = pa.Field(description="Sell-in as delivered, units; forecasts are scored against it")
    cleaned_units: Series[float] = pa.Field(
        description="Units that replace the sell-in when level and season are estimated"
    )

    class Config(Table.Config):
        unique = ["sku", "marked_month"]

    @pa.check("marked_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)
