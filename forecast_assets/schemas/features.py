"""Tables that models are trained on: features of one market, and of the sample over all markets."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import (
    Table,
    abc_class_column,
    category_column,
    first_of_month,
    sku_column,
    xyz_class_column,
)


class Features(Table):
    """One row per SKU as known at the end of the origin month; ``_h01`` .. ``_h18`` if it differs by horizon."""

    sku: Series[str] = sku_column()
    origin_month: Series[pa.DateTime] = pa.Field(description="Month at whose end all features were known")
    category: Series[str] = category_column()
    abc_class: Series[str] = abc_class_column()
    xyz_class: Series[str] = xyz_class_column()
    inputs_missing: Series[str] = pa.Field(description="Inputs that were not available, comma separated; may be empty")
    scale_units: Series[float] = pa.Field(gt=0, description="Level that the SKU's units are divided by, units a month")

    class Config(Table.Config):
        unique = ["sku"]

    @classmethod
    def further_columns(cls) -> tuple[str, str]:
        """Allow features; a feature's name states how it is made."""
        return "", "float32"

    @pa.check("origin_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)


class PooledRows(Table):
    """One row per market and SKU of the sample over all markets: its features and the sell-in of the month."""

    market: Series[str] = pa.Field(str_length={"min_value": 1}, description="Market code")
    sku: Series[str] = sku_column()
    origin_month: Series[pa.DateTime] = pa.Field(description="Month at whose end all features were known")
    category: Series[str] = category_column()
    abc_class: Series[str] = abc_class_column()
    xyz_class: Series[str] = xyz_class_column()
    inputs_missing: Series[str] = pa.Field(description="Inputs that were not available, comma separated; may be empty")
    scale_units: Series[float] = pa.Field(gt=0, description="Level that the SKU's units are divided by, units a month")
    sell_in_units: Series[float] = pa.Field(nullable=True, description="Sell-in of the month, units; null if unknown")

    class Config(Table.Config):
        unique = ["market", "sku"]

    @classmethod
    def further_columns(cls) -> tuple[str, str]:
        """Allow features; a feature's name states how it is made."""
        return "", "float32"

    @pa.check("origin_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)
