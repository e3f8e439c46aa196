"""``demand_totals``: One row per level, entity and category: the month's units over the markets in it."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table


class DemandTotals(Table):
    """One row per level, entity and category: the month's units over the markets in it."""

    level: Series[str] = pa.Field(isin=["world", "region", "market"], description="How far the sum reaches")
    entity: Series[str] = pa.Field(description="WORLD, a region or a market code")
    category: Series[str] = pa.Field(description="Product category, ALL for the sum")
    sell_in_units: Series[float] = pa.Field(nullable=True, description="Sell-in units")
    sell_out_units: Series[float] = pa.Field(nullable=True, description="Sell-out units; null without sell-out")

    class Config(Table.Config):
        unique = ["level", "entity", "category"]
