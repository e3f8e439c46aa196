"""Tables of configurations (called recipes) and of the models trained with them."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table


class TunedRecipe(Table):
    """One row per recipe tried for a market; cycles use the one in force until the market is tuned again."""

    trial: Series[int] = pa.Field(ge=0, description="Number of the trial; 0 is the default recipe")
    role: Series[str] = pa.Field(
        isin=["in_force", "tried"], description="in_force for the recipe that later cycles use, else tried"
    )
    parameters: Series[str] = pa.Field(description="Parameters that differ from the default recipe, as JSON")
    wape: Series[float] = pa.Field(
        ge=0, description="WAPE as a fraction at earlier origins, up to 18 months before this month"
    )
    bias: Series[float] = pa.Field(description="Bias as a fraction on the same cells; positive is over-forecast")
    loss: Series[float] = pa.Field(
        ge=0, description="WAPE + a quarter of the absolute bias, fraction: the search minimises it"
    )

    class Config(Table.Config):
        unique = ["trial"]

    @pa.dataframe_check(name="one_in_force")
    def one_in_force(cls, table: pd.DataFrame) -> bool:
        """Check that exactly one recipe is in force."""
        return int((table["role"] == "in_force").sum()) == 1


class RefusedRecipe(Table):
    """One row per recipe that people rejected for a market; it makes no forecast from that month on."""

    recipe_id: Series[str] = pa.Field(description="Rejected recipe: first 12 hex digits of the SHA-256 of its JSON")
    recipe: Series[str] = pa.Field(description="Rejected recipe as sorted JSON")
    author: Series[str] = pa.Field(description="Name of the person who rejected it")
    reason: Series[str] = pa.Field(str_length={"min_value": 1}, description="Reason for the rejection")

    class Config(Table.Config):
        unique = ["recipe_id"]


class PooledModel(Table):
    """One row per part of the model over all markets; the manifest alone if there is too little history."""

    part: Series[str] = pa.Field(
        description="manifest.json or the name of a booster; back_18_ and so on for earlier cutoffs"
    )
    content: Series[str] = pa.Field(description="Text of the part: JSON or a LightGBM model")

    class Config(Table.Config):
        unique = ["part"]


class Model(Table):
    """One row per part of a model: the JSON manifest and the LightGBM texts."""

    part: Series[str] = pa.Field(description="manifest.json or the name of a booster")
    content: Series[str] = pa.Field(description="Text of the part: JSON or a LightGBM model")

    class Config(Table.Config):
        unique = ["part"]
