"""``history_marks``: One row per extreme cell of a SKU's history, as known at the end of the partition month."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, first_of_month

REASONS = ["covid", "stock_out", "outlier_high", "outlier_low"]


class HistoryMarks(Table):
    """One row per extreme cell of a SKU's history, as known at the end of the partition month."""

    sku: Series[str] = pa.Field(str_length={"min_value": 1}, description="SKU as the company writes it")
    marked_month: Series[pa.DateTime] = pa.Field(description="Month whose units are no guide to level and season")
    reason: Series[str] = pa.Field(isin=REASONS, description="Why the cell is marked, see docs/architecture.md")
    units: Series[float] = pa.Field(description="Sell-in as delivered; what is stored, scored and learned as label")
    cleaned_units: Series[float] = pa.Field(description="What level and season are learned from instead")

    class Config(Table.Config):
        unique = ["sku", "marked_month"]

    @pa.check("marked_month", name="first_of_month")
    def months_are_first_of_month(cls, months: Series) -> Series:
        return first_of_month(months)
