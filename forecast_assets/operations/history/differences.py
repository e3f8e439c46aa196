"""Differences of two versions of a table: rows of only one version, and the cells that differ by column."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

FIRST_CELLS = 3


@dataclasses.dataclass(frozen=True)
class ColumnDifference:
    """Cells of a column that differ in rows both tables have.

    Attributes:
        cells: Number of cells that differ.
        largest: Largest absolute difference of two numbers; None if there is none.
        first: The first cells in key order: key, value before, value now.
    """

    column: str
    cells: int
    largest: float | None
    first: tuple[tuple[str, str, str], ...]


@dataclasses.dataclass(frozen=True)
class TableDifference:
    """``only_before`` and ``only_now`` count rows by key; ``missing`` and ``new`` are columns of one table alone."""

    only_before: int
    only_now: int
    missing: tuple[str, ...]
    new: tuple[str, ...]
    columns: tuple[ColumnDifference, ...]


def table_difference(before: pd.DataFrame, now: pd.DataFrame, keys: Sequence[str]) -> TableDifference:
    """Compare two tables by their key columns. Null equals null, 0.0 equals -0.0."""
    left, right = (table.set_index(list(keys)).sort_index() for table in (before, now))
    both = left.index.intersection(right.index).sort_values()
    shared = [column for column in left.columns if column in right.columns]
    differences = [_column_difference(column, left.loc[both, column], right.loc[both, column]) for column in shared]
    return TableDifference(
        only_before=len(left.index.difference(right.index)),
        only_now=len(right.index.difference(left.index)),
        missing=tuple(column for column in left.columns if column not in right.columns),
        new=tuple(column for column in right.columns if column not in left.columns),
        columns=tuple(each for each in differences if each.cells),
    )


def _column_difference(column: str, before: pd.Series, now: pd.Series) -> ColumnDifference:
    same = (before == now) | (before.isna() & now.isna())
    differ = ~same.to_numpy(dtype=bool)
    where = np.flatnonzero(differ)
    largest: float | None = None
    if len(where) and _is_number(before) and _is_number(now):
        apart = float((now - before).abs().max())
        largest = None if np.isnan(apart) else apart
    first = tuple((_text(before.index[at]), _text(before.iloc[at]), _text(now.iloc[at])) for at in where[:FIRST_CELLS])
    return ColumnDifference(column, len(where), largest, first)


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_text(part) for part in value)
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return "null" if np.isnan(value) else repr(float(value))
    return "null" if value is None else str(value)
