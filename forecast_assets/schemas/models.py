"""``tuned_recipe``: One row per recipe that was tried for a market, one of them in force from this month on."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table


class TunedRecipe(Table):
    """One row per recipe that was tried for a market; cycles use the one in force until the market is tuned again."""

    trial: Series[int] = pa.Field(ge=0, description="0 is the usual recipe")
    role: Series[str] = pa.Field(isin=["in_force", "tried"], description="Which recipe later cycles use")
    parameters: Series[str] = pa.Field(description="What differs from the usual recipe, as JSON")
    wape: Series[float] = pa.Field(ge=0, description="WAPE at earlier origins, up to 18 months before this month")
    bias: Series[float] = pa.Field(description="Bias on the same cells; positive: over-forecast")
    loss: Series[float] = pa.Field(ge=0, description="WAPE + a quarter of the absolute bias: what the search minimises")

    class Config(Table.Config):
        unique = ["trial"]

    @pa.dataframe_check(name="one_in_force")
    def one_in_force(cls, table: pd.DataFrame) -> bool:
        return int((table["role"] == "in_force").sum()) == 1
