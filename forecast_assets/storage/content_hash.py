"""SHA-256 of a table's content, independent of its file.

The hash covers the rows in key order, column by column in name order, with names and types. Row order, row groups,
compression, dictionary encoding and the pandas index do not enter. Tables are *identical* if their hashes are equal.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forecast_assets.storage.array_types import Column, Positions, Values
from forecast_assets.storage.row_order import key_order


def content_hash(table: pa.Table, keys: Sequence[str]) -> str:
    """Return the SHA-256 (hex) of a table's rows, sorted by ``keys``.

    Rows with equal keys are ordered by their other columns. The SHA-256 of a column is taken over its values in row
    order, as little-endian bytes:

    - floats: the values, with one NaN for null and NaN, and 0.0 for -0.0;
    - integers, booleans, dates and timestamps: one byte a row for "not null", then the values (0 if null);
    - text and bytes: one byte a row for "not null", then the lengths as int64, then the bytes.

    The result is the SHA-256 of the JSON list of ``[name, type, rows, column digest]`` in name order.

    Raises:
        TypeError: If a column has a type that stored tables do not use (lists, structs, decimals).
    """
    names = sorted(table.column_names)
    table = pa.table([_plain(table.column(name)) for name in names], names=names)
    order = key_order(table, keys)
    digests = _digests(table, order)
    parts = [[name, str(table.schema.field(name).type), table.num_rows, digests[name]] for name in names]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _plain(column: Column) -> Values:
    """Undo encodings that carry no meaning: chunks, dictionaries, 64-bit offsets."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    elif pa.types.is_large_binary(column.type) or pa.types.is_binary_view(column.type):
        column = column.cast(pa.binary())
    return column.combine_chunks() if column.num_chunks != 1 else column.chunks[0]


def _digests(table: pa.Table, order: Positions | None) -> dict[str, str]:
    digests = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column.chunks[0]
        if pa.types.is_float32(values.type) or pa.types.is_float64(values.type):
            digests[name] = _float_digest(values, order)
        else:
            values = values if order is None else values.take(order)
            digests[name] = _validity_and_values(name, values)
    return digests


def _float_digest(values: Values, order: Positions | None) -> str:
    floats = values.to_numpy(zero_copy_only=False)
    # Adding 0.0 copies, and turns -0.0, which equals 0.0, into it.
    floats = (floats if order is None else floats[order]) + floats.dtype.type(0.0)
    floats[np.isnan(floats)] = np.nan
    return hashlib.sha256(_little_endian(floats)).hexdigest()


def _validity_and_values(name: str, values: Values) -> str:
    digest = hashlib.sha256(values.is_valid().cast(pa.uint8()).to_numpy().data)
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        lengths, text = _lengths_and_text(values)
        digest.update(lengths)
        digest.update(text)
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
    digest.update(_little_endian(values.to_numpy()))
    return digest.hexdigest()


def _lengths_and_text(values: Values) -> tuple[memoryview, memoryview]:
    """Return the lengths of texts as little-endian int64, and their bytes; null is an empty text."""
    if values.null_count:
        values = values.fill_null("" if pa.types.is_string(values.type) else b"")
    _, offsets_buffer, text = values.buffers()
    offsets = np.zeros(1, np.int32)
    if len(values) and offsets_buffer is not None:
        offsets = np.frombuffer(memoryview(offsets_buffer), np.int32)[values.offset : values.offset + len(values) + 1]
    lengths = _little_endian(np.diff(offsets).astype(np.int64))
    return lengths, memoryview(b"" if text is None else text)[offsets[0] : offsets[-1]]


def _little_endian(numbers: npt.NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(numbers, dtype=numbers.dtype.newbyteorder("<")).data
