"""What every stored table has in common: the base of the Pandera models in this folder.

A model feeds the write (column types), the blocking check of the asset (values) and the column descriptions in the UI.
``country`` and the partition ``month`` stand in the path of a file, never in it.
"""

import pandas as pd
import pandera.pandas as pa


class Table(pa.DataFrameModel):
    """Base of the models: exactly the declared columns, no silent conversion, keys unique."""

    class Config:
        strict = True
        coerce = False

    @classmethod
    def keys(cls) -> list[str]:
        """Columns that identify a row within a partition."""
        return list(cls.to_schema().unique or [])

    @classmethod
    def fixed_columns(cls) -> list[str]:
        """Names of the declared columns, in order, without those declared by a pattern."""
        return [name for name, column in cls.to_schema().columns.items() if not column.regex]


def first_of_month(months: pd.Series) -> pd.Series:
    """True where a date is the first day of its month."""
    return months.dt.day == 1
