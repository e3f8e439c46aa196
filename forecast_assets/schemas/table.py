"""Base of the Pandera models in this folder, and the columns and checks that several tables share.

A model feeds the write (column types), the blocking check of the asset (values), the column descriptions in the UI and
docs/reference/tables.md. ``country`` and the partition ``month`` are part of a file's path, never columns of the file.
Descriptions name the unit of a column; they are not stored.
"""

from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

# Names of the quantiles 5 to 95 % of a forecast, as in domain/evaluation/quantiles.py.
QUANTILE_COLUMNS = tuple(f"forecast_units_p{percent:02d}" for percent in range(5, 100, 5))


class Table(pa.DataFrameModel):
    """Base of the models: exactly the declared columns, no silent conversion, unique keys.

    Some column names are only known with the data (features, product attributes). They are declared by
    ``further_columns`` and checked by type alone: Pandera took 0.2 s for 540 features of a month, one by one.
    """

    class Config:
        strict = True
        coerce = False

    @classmethod
    def keys(cls) -> list[str]:
        """Return the columns that identify a row within a partition."""
        return list(cls.to_schema().unique or [])

    @classmethod
    def further_columns(cls) -> tuple[str, str] | None:
        """Return prefix and type of the allowed undeclared columns; None if the table allows none."""
        return None

    @classmethod
    def sparse_columns(cls) -> tuple[str, ...]:
        """Return prefixes of the columns that a partition has only if one of its rows has a value there.

        A partition then has the columns of what was known in its month, whatever later deliveries add.
        """
        return ()

    @classmethod
    def fixed_columns(cls) -> list[str]:
        """Return the names of the declared columns, in order."""
        return list(cls.to_schema().columns)

    @classmethod
    def misfit_columns(cls, table: pd.DataFrame) -> list[str]:
        """Return the undeclared columns that lack the prefix or the type of ``further_columns``."""
        further, declared = cls.further_columns(), set(cls.fixed_columns())
        extra = {str(name): str(dtype) for name, dtype in table.dtypes.items() if name not in declared}
        if further is None:
            return list(extra)
        prefix, wanted = further
        return [name for name, dtype in extra.items() if not name.startswith(prefix) or dtype != wanted]


def first_of_month(months: pd.Series) -> pd.Series:
    """Return True where a date is the first day of its month."""
    return months.dt.day.eq(1)


def forecast_in_interval(table: pd.DataFrame, forecast: str) -> pd.Series:
    """Return True where the column ``forecast`` lies within p10 .. p90, both ends included."""
    return table[forecast].between(table["forecast_units_p10"], table["forecast_units_p90"])


def quantiles_in_order(table: pd.DataFrame) -> pd.Series:
    """Return True where the quantiles of the forecast do not decrease with their level."""
    quantiles = table[list(QUANTILE_COLUMNS)].to_numpy(float)
    return pd.Series((np.diff(quantiles, axis=1) >= 0).all(axis=1), index=table.index)


# Pandera declares its own ``Field`` as Any: it becomes a column of the model.
def sku_column() -> Any:
    """Declare the SKU."""
    return pa.Field(str_length={"min_value": 1}, description="SKU code as the company writes it")


def origin_month_column() -> Any:
    """Declare the origin month of a forecast."""
    return pa.Field(description="Last closed month when the forecast was made")


def target_month_column() -> Any:
    """Declare the target month of a forecast."""
    return pa.Field(description="Month that is forecast")


def horizon_months_column() -> Any:
    """Declare the distance from origin to target."""
    return pa.Field(ge=1, le=18, description="Months from the origin month to the target month, 1 to 18")


def units_column(description: str, nullable: bool = False) -> Any:
    """Declare units that are never negative."""
    return pa.Field(nullable=nullable, ge=0, description=f"{description}, units")


def quantile_column(percent: int, of: str = "the forecast", nullable: bool = False) -> Any:
    """Declare a quantile of demand."""
    return units_column(
        f"{percent} % quantile of {of}: demand is expected below it in {percent} of 100 cases", nullable
    )


def figure_column(description: str) -> Any:
    """Declare a number that may be null."""
    return pa.Field(nullable=True, description=description)


def category_column() -> Any:
    """Declare the product category of a SKU."""
    return pa.Field(description="Product category; UNKNOWN if the SKU has no product row")


def abc_class_column() -> Any:
    """Declare the ABC class."""
    return pa.Field(
        isin=["A", "B", "C"], description="Class by value of the last 12 months: A 80 %, B the next 15 %, C the rest"
    )


def xyz_class_column() -> Any:
    """Declare the XYZ class."""
    return pa.Field(
        isin=["X", "Y", "Z"],
        description="Class by variation of the last 24 months: standard deviation / mean up to 0.5, up to 1.0, above",
    )
