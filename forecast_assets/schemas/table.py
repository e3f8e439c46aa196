"""What every stored table has in common: the base of the Pandera models in this folder.

A model feeds the write (column types), the blocking check of the asset (values) and the column descriptions in the UI.
``country`` and the partition ``month`` stand in the path of a file, never in it.
"""

import pandas as pd
import pandera.pandas as pa


class Table(pa.DataFrameModel):
    """Base of the models: exactly the declared columns, no silent conversion, keys unique.

    Columns whose names are only known with the data (features, product attributes) are declared by ``further_columns``
    and checked by type alone: one by one in Pandera, 540 features of a month took 0.2 s.
    """

    class Config:
        strict = True
        coerce = False

    @classmethod
    def keys(cls) -> list[str]:
        """Columns that identify a row within a partition."""
        return list(cls.to_schema().unique or [])

    @classmethod
    def further_columns(cls) -> tuple[str, str] | None:
        """Prefix and type of the columns a table may have besides the declared ones; None where it may have none."""
        return None

    @classmethod
    def fixed_columns(cls) -> list[str]:
        """Names of the declared columns, in order."""
        return list(cls.to_schema().columns)

    @classmethod
    def misfit_columns(cls, table: pd.DataFrame) -> list[str]:
        """Columns that are not declared and do not have the prefix and type of ``further_columns``."""
        further, declared = cls.further_columns(), set(cls.fixed_columns())
        extra = {name: str(dtype) for name, dtype in table.dtypes.items() if name not in declared}
        if further is None:
            return list(extra)
        prefix, wanted = further
        return [name for name, dtype in extra.items() if not str(name).startswith(prefix) or dtype != wanted]


def first_of_month(months: pd.Series) -> pd.Series:
    """True where a date is the first day of its month."""
    return months.dt.day == 1
