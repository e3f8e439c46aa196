"""``pooled_model``: One row per part of the model over all markets: the JSON manifest and the LightGBM texts."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table


class PooledModel(Table):
    """One row per part of the model over all markets; the manifest alone where there is too little history."""

    part: Series[str] = pa.Field(description="manifest.json or the name of a booster, back_18_ .. for earlier cutoffs")
    content: Series[str] = pa.Field(description="Text of the part")

    class Config(Table.Config):
        unique = ["part"]
