"""The order of a table's rows by its key columns, and rows that share a key.

Used for hashing and on write, so that both have one idea of order. Tables mostly arrive sorted, which is checked before
any sort.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def key_order(table: pa.Table, keys: Sequence[str]) -> np.ndarray | None:
    """Return the row numbers in key order, or None where the rows stand in it already and no two share a key.

    Rows that share a key are ordered by the other columns in name order, so that the result is the same set of rows in
    the same order however they came.
    """
    unknown = sorted(set(keys) - set(table.column_names))
    if unknown:
        raise KeyError(f"key columns {unknown} are not in the table, whose columns are {table.column_names}")
    if table.num_rows < 2 or _strictly_increasing(table, keys):
        return None
    order = _sort(table, keys)
    if keys and not has_equal_neighbours(table, keys, order).any():
        return order
    return _sort(table, [*keys, *sorted(set(table.column_names) - set(keys))])


def has_equal_neighbours(table: pa.Table, keys: Sequence[str], order: np.ndarray) -> np.ndarray:
    """Return, per position in ``order`` from the second on, whether the row has the same key as the one before."""
    equal = np.ones(max(len(order) - 1, 0), dtype=bool)
    for key in keys:
        codes = _codes(table.column(key))[order]
        equal &= codes[1:] == codes[:-1]
    return equal


def _strictly_increasing(table: pa.Table, keys: Sequence[str]) -> bool:
    rising = np.zeros(table.num_rows - 1, dtype=bool)
    tied = ~rising
    for key in keys:
        column = table.column(key)
        if column.null_count:
            return False
        before, after = column.slice(0, len(column) - 1), column.slice(1)
        rising |= tied & pc.less(before, after).to_numpy()
        tied &= pc.equal(before, after).to_numpy()
    return bool(rising.all())


def _sort(table: pa.Table, columns: Sequence[str]) -> np.ndarray:
    if not columns:
        return np.arange(table.num_rows)
    return np.lexsort([_codes(table.column(column)) for column in reversed(columns)])


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    """Replace values by integers of the same order, null and NaN last: three times as fast as sorting text."""
    if pa.types.is_floating(column.type):
        column = pc.if_else(
            pc.is_nan(column), pa.scalar(None, column.type), pc.add(column, pa.scalar(0.0, column.type))
        )
    encoded = column.combine_chunks()
    encoded = encoded if pa.types.is_dictionary(column.type) else encoded.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    ranks = np.empty(len(encoded.dictionary) + 1, dtype=np.int64)
    ranks[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(encoded.dictionary))
    ranks[-1] = len(encoded.dictionary)
    return ranks[encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)]
