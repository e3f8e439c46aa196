"""``refused_recipe``: One row per recipe that people refused for a market in a month."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table


class RefusedRecipe(Table):
    """One row per recipe that people refused for a market in a month; it makes no forecast from that month on."""

    recipe_id: Series[str] = pa.Field(description="Recipe that is refused")
    recipe: Series[str] = pa.Field(description="The recipe as sorted JSON")
    author: Series[str] = pa.Field(description="Who refused it")
    reason: Series[str] = pa.Field(str_length={"min_value": 1}, description="Why")

    class Config(Table.Config):
        unique = ["recipe_id"]
