"""``model``: One row per part of a model: the JSON manifest and the LightGBM texts."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table


class Model(Table):
    """One row per part of a model: the JSON manifest and the LightGBM texts."""

    part: Series[str] = pa.Field(description="manifest.json or the name of a booster")
    content: Series[str] = pa.Field(description="Text of the part")

    class Config(Table.Config):
        unique = ["part"]
