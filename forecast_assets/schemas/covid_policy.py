"""``covid_policy``: One row per month: the market's COVID-19 restrictions."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table


class CovidPolicy(Table):
    """One row per month: the market's COVID-19 restrictions."""

    stringency_index: Series[float] = pa.Field(
        nullable=True, ge=0, le=100, description="OxCGRT stringency, mean over the days of the month"
    )
    economic_support_index: Series[float] = pa.Field(
        nullable=True, ge=0, le=100, description="OxCGRT economic support, mean over the days of the month"
    )
    reason: Series[str] = pa.Field(
        isin=["observed", "no_data", "before_tracker", "after_tracker_end", "no_file"],
        description="Where the numbers come from; null for no_data, zero for the others",
    )

    class Config(Table.Config):
        unique = ["reason"]
