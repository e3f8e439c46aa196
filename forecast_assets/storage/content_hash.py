"""SHA-256 of what a table says, whatever file it came from.

The hash covers the rows in key order, column by column in name order, with names and types. Row order, row groups,
compression, dictionary encoding and the pandas index do not enter. Two tables are *identical* when their hashes are
equal.
"""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from forecast_assets.storage.row_order import key_order


def content_hash(table: pa.Table, keys: Sequence[str]) -> str:
    """Return the SHA-256 (hex) of a table's rows, sorted by ``keys``.

    Per column the SHA-256 is taken over the values in row order: floats as little-endian with one NaN for null and NaN
    and 0.0 for -0.0; integers, booleans, dates and timestamps as one byte a row for "not null" followed by the
    little-endian values (0 where null); text and bytes as one byte a row for "not null", the lengths as int64 and the
    bytes. The result is the SHA-256 of the JSON list of ``[name, type, rows, column digest]`` in name order. Rows with
    equal keys are put in the order of their other columns.

    Raises:
        TypeError: If a column has a type that stored tables do not use (lists, structs, decimals).
    """
    names = sorted(table.column_names)
    table = pa.table([_plain(table.column(name)) for name in names], names=names)
    order = key_order(table, keys)
    digests = _digests(table, order)
    parts = [[name, str(table.schema.field(name).type), table.num_rows, digests[name]] for name in names]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """Undo encodings that carry no meaning: chunks, dictionaries, 64-bit offsets."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    elif pa.types.is_large_binary(column.type) or pa.types.is_binary_view(column.type):
        column = column.cast(pa.binary())
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _digests(table: pa.Table, order: np.ndarray | None) -> dict[str, str]:
    digests = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column.chunk(0)
        if pa.types.is_float32(values.type) or pa.types.is_float64(values.type):
            digests[name] = hashlib.sha256(_float_bytes(values, order)).hexdigest()
        else:
            values = values if order is None else values.take(pa.array(order))
            digests[name] = _validity_and_values(name, values)
    return digests


def _float_bytes(values: pa.Array, order: np.ndarray | None) -> np.ndarray:
    floats = values.to_numpy(zero_copy_only=False)
    # Adding 0.0 copies, and turns -0.0, which equals 0.0, into it.
    floats = (floats if order is None else floats[order]) + floats.dtype.type(0.0)
    floats[np.isnan(floats)] = np.nan
    return np.ascontiguousarray(floats, dtype=floats.dtype.newbyteorder("<"))


def _validity_and_values(name: str, values: pa.Array) -> str:
    digest = hashlib.sha256(values.is_valid().cast(pa.uint8()).to_numpy())
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        values = values.fill_null("" if pa.types.is_string(kind) else b"") if values.null_count else values
        _, offsets_buffer, text = values.buffers()
        offsets = (
            np.frombuffer(offsets_buffer, np.int32)[values.offset : values.offset + len(values) + 1]
            if len(values)
            else [0]
        )
        digest.update(np.diff(offsets).astype("<i8"))
        digest.update(memoryview(text)[offsets[0] : offsets[-1]] if text is not None else b"")
        return digest.hexdigest()
    if pa.types.is_boolean(kind):
        values = values.cast(pa.uint8())
    elif pa.types.is_date32(kind):
        values = values.view(pa.int32())
    elif pa.types.is_timestamp(kind):
        values = values.view(pa.int64())
    elif not pa.types.is_integer(kind):
        raise TypeError(
            f"column {name!r} has type {kind}, which stored tables do not use: no content hash is defined for it"
        )
    values = values.fill_null(pa.scalar(0, values.type)) if values.null_count else values
    numbers = values.to_numpy(zero_copy_only=False)
    digest.update(np.ascontiguousarray(numbers, dtype=numbers.dtype.newbyteorder("<")))
    return digest.hexdigest()
