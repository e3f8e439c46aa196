"""``demand_totals_known``: One row per level, entity, category and earlier month: totals as known one month later."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, first_of_month


class DemandTotalsKnown(Table):
    """One row per level, entity, category and earlier month: totals as known one month later."""

    level: Series[str] = pa.Field(isin=["world", "region", "market"], description="How far the sum reaches")
    entity: Series[str] = pa.Field(description="WORLD, a region or a market code")
    category: Series[str] = pa.Field(description="Product category, ALL for the sum")
    total_month: Series[pa.DateTime] = pa.Field(description="Month of the total, before the partition month")
    sell_in_units: Series[float] = pa.Field(nullable=True, description="Sell-in units")
    sell_out_units: Series[float] = pa.Field(nullable=True, description="Sell-out units")
    markets: Series[int] = pa.Field(ge=0, description="Markets in the sum")
    sell_in_growth_12: Series[float] = pa.Field(
        nullable=True, description="Against the same month a year before, over the markets in both"
    )
    sell_out_growth_12: Series[float] = pa.Field(nullable=True, description="The same for sell-out")
    sell_in_recent_ratio: Series[float] = pa.Field(
        nullable=True, description="Mean of 3 months by mean of 12, over the markets in all 12"
    )
    sell_out_recent_ratio: Series[float] = pa.Field(nullable=True, description="The same for sell-out")

    class Config(Table.Config):
        unique = ["level", "entity", "category", "total_month"]

    @pa.check("total_month", name="first_of_month")
    def months_are_first_of_month(cls, months: Series) -> Series:
        return first_of_month(months)
