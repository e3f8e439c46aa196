"""Specs of stored tables, and the conversion of a DataFrame into the table of a spec.

The specs of the product's tables are in ``table_specs``. Types, nulls and keys are enforced here; ranges, full horizons
and cross checks belong to the Pandera models of ``forecast_assets.schemas``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from forecast_assets.storage.array_types import Positions, Values
from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.row_order import has_equal_neighbours, key_order

ROWS_SHOWN = 5
# Numbers that are stored as they are. A column of 800 takes 60 microseconds less as an array than as a Series.
FLOATS: dict[object, pa.DataType] = {np.dtype("float64"): pa.float64(), np.dtype("float32"): pa.float32()}


class SchemaViolation(ValueError):
    """A frame that does not fit its table's spec. Nothing was stored."""

    def __init__(self, table: str, partition: PartitionKey, column: object, problem: str) -> None:
        self.table, self.partition, self.column = table, partition, column
        super().__init__(f"{table} [{partition}], column {column!r}: {problem}. Nothing was stored.")


@dataclass(frozen=True)
class TableSpec:
    """A stored table: name, key columns, fixed columns, and the further columns it may have.

    ``extra_columns`` is a type for any further column (features), or a mapping of name prefix to type (``{"attribute_":
    string}``), or None. Rows are unique in their key columns, which are never null unless they are sparse. ``country``
    and ``month`` of the partition stand in the path, never in a column. A sparse column, one that starts with one of
    ``sparse_columns``, is stored only if one of the partition's rows has a value there.
    """

    name: str
    keys: tuple[str, ...]
    arrow_schema: pa.Schema
    extra_columns: pa.DataType | Mapping[str, pa.DataType] | None = None
    partitioned_by_country: bool = True
    schema_version: int = 1
    sparse_columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        missing = set(self.keys) - set(self.arrow_schema.names)
        reserved = {"country", "month"} & set(self.arrow_schema.names)
        if missing or reserved:
            raise ValueError(
                f"table {self.name}: keys {sorted(missing)} are not among its columns"
                if missing
                else f"table {self.name}: {sorted(reserved)} stand in the path, not in a column"
            )

    def keys_of(self, columns: Collection[str]) -> list[str]:
        """Return the key columns of a stored table with these columns; a sparse one may be absent."""
        return [key for key in self.keys if key in columns or not self.is_sparse(key)]

    def is_sparse(self, column: str) -> bool:
        """Return True if a column is stored only where it has a value."""
        return column.startswith(self.sparse_columns)

    def type_of(self, column: str) -> pa.DataType | None:
        """Return the type of a column; None if the table cannot have it."""
        if column in self.arrow_schema.names:
            kind: pa.DataType = self.arrow_schema.field(column).type
            return kind
        if column in ("country", "month") or self.extra_columns is None:
            return None
        if isinstance(self.extra_columns, pa.DataType):
            return self.extra_columns
        return next((kind for prefix, kind in self.extra_columns.items() if column.startswith(prefix)), None)


def to_arrow(spec: TableSpec, partition: PartitionKey, frame: pd.DataFrame) -> pa.Table:
    """Convert a frame into the table of a spec: rows in key order, fixed columns first, NaN as null.

    Whole numbers become floats and whole floats integers where the spec says so; nothing else is converted.

    Raises:
        SchemaViolation: If a column is missing, doubled or unexpected, a value has another type, or a key is null or
            doubled.
    """
    if (partition.country is not None) != spec.partitioned_by_country:
        wanted = "FR|2024-01-01" if spec.partitioned_by_country else "2024-01-01"
        raise ValueError(f"{spec.name} has partitions such as {wanted}, got {partition}")
    kinds = _column_types(spec, partition, frame)
    kinds = {name: kind for name, kind in kinds.items() if not _is_left_out(spec, frame, name)}
    arrays = [_to_array(spec, partition, frame[column], column, kind) for column, kind in kinds.items()]
    table = pa.table(arrays, schema=pa.schema(list(kinds.items())))
    _raise_at_null_key(spec, partition, frame, table)
    order = key_order(table, spec.keys_of(table.column_names))
    if order is None:
        return table
    _raise_at_doubled_key(spec, partition, frame, table, order)
    return table.take(order)


def _raise_at_null_key(spec: TableSpec, partition: PartitionKey, frame: pd.DataFrame, table: pa.Table) -> None:
    for key in spec.keys:
        if not spec.is_sparse(key) and table.column(key).null_count:
            nulls = np.flatnonzero(table.column(key).is_null().to_numpy())
            raise SchemaViolation(
                spec.name,
                partition,
                key,
                f"a key is never null, but {len(nulls)} of {len(frame)} rows are: {_rows(frame, nulls)}",
            )


def _raise_at_doubled_key(
    spec: TableSpec, partition: PartitionKey, frame: pd.DataFrame, table: pa.Table, order: Positions
) -> None:
    names = spec.keys_of(table.column_names)
    if not names:
        return
    doubled = np.flatnonzero(has_equal_neighbours(table, names, order))
    if len(doubled):
        positions = np.sort(np.unique(np.concatenate([order[doubled], order[doubled + 1]])))
        keys = ", ".join(names)
        raise SchemaViolation(
            spec.name,
            partition,
            keys,
            f"one row per key expected, {len(doubled)} rows too many: {_rows(frame[names], positions)}",
        )


def _column_types(spec: TableSpec, partition: PartitionKey, frame: pd.DataFrame) -> dict[str, pa.DataType]:
    """Return the type of each column in stored order. Raises SchemaViolation if a column does not fit the spec."""
    names: list[object] = list(frame.columns)
    fixed = spec.arrow_schema.names
    kinds: dict[str, pa.DataType] = {}
    for column in fixed:
        if column not in names and not spec.is_sparse(column):
            raise SchemaViolation(spec.name, partition, column, f"missing; the frame has {_few(names)}")
    for name in names:
        kind = spec.type_of(name) if isinstance(name, str) else None
        if kind is None:
            hint = "country and month of the partition stand in the path: drop the column"
            expected = hint if name in ("country", "month") else f"expected {_few(fixed)}{_extra_text(spec)}"
            raise SchemaViolation(spec.name, partition, name, f"unexpected; {expected}")
        kinds[str(name)] = kind
    if len(set(names)) < len(names):
        doubled = next(name for name in names if names.count(name) > 1)
        raise SchemaViolation(spec.name, partition, doubled, "appears more than once")
    return {column: kinds[column] for column in [*fixed, *sorted(set(kinds) - set(fixed))] if column in kinds}


def _is_left_out(spec: TableSpec, frame: pd.DataFrame, column: str) -> bool:
    return spec.is_sparse(column) and not frame[column].notna().any()


def _to_array(
    spec: TableSpec, partition: PartitionKey, values: "pd.Series[Any]", column: str, kind: pa.DataType
) -> Values:
    if FLOATS.get(values.dtype) == kind:
        return _array(values.to_numpy())
    try:
        array = _array(values)
        if array.null_count == len(array):
            # The type that pandas gives to a column without values means nothing.
            nulls: Values = pa.nulls(len(array), kind)  # type: ignore[call-overload]  # the stubs know single types alone
            return nulls
        if _may_become(array.type, kind):
            return _as_type(array, kind)
        problem = f"expected {kind}, got {array.type}"
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        problem = f"expected {kind}: {str(error).splitlines()[0]}"
    raise SchemaViolation(
        spec.name, partition, column, f"{problem}; rows {_rows(values.to_frame(), _offenders(values, kind))}"
    )


def _array(values: "pd.Series[Any] | npt.NDArray[Any]") -> Values:
    """Convert values in one piece; pyarrow splits long text into chunks."""
    array: pa.Array[Any] | pa.ChunkedArray[Any] = pa.array(values, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _as_type(array: Values, kind: pa.DataType) -> Values:
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    cast = array.cast(kind, safe=True)
    if pa.types.is_date32(kind) and not cast.cast(array.type).equals(array):
        # Arrow drops times of day even in a safe cast.
        raise pa.ArrowInvalid("a time of day would be lost")
    return cast


def _may_become(actual: pa.DataType, wanted: pa.DataType) -> bool:
    """Return True if the cast is allowed by type; the safe cast then rejects values (fractions, times of day)."""
    if pa.types.is_null(actual) or actual == wanted:
        return True
    if pa.types.is_dictionary(actual):
        return _may_become(actual.value_type, wanted)
    number = pa.types.is_integer(actual) or pa.types.is_floating(actual)
    if pa.types.is_integer(wanted) or pa.types.is_floating(wanted):
        return number
    if pa.types.is_string(wanted):
        return pa.types.is_large_string(actual) or pa.types.is_string_view(actual)
    if pa.types.is_date32(wanted) or pa.types.is_timestamp(wanted):
        return pa.types.is_date(actual) or (pa.types.is_timestamp(actual) and actual.tz is None)
    return False


def _offenders(values: "pd.Series[Any]", kind: pa.DataType) -> Positions:
    """Return the rows that alone do not fit; called after a column failed as a whole."""

    def fits(value: Any) -> bool:
        try:
            array = pa.array([value], from_pandas=True)
            return array.null_count == 1 or (_may_become(array.type, kind) and _as_type(array, kind) is not None)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            return False

    return np.flatnonzero([not fits(value) for value in values.head(100_000)])


def _rows(frame: pd.DataFrame, positions: Positions) -> str:
    shown = [
        f"{position}: {', '.join(f'{name}={_shown(value)}' for name, value in frame.iloc[position].head(8).items())}"
        for position in positions[:ROWS_SHOWN]
    ]
    more = len(positions) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _few(names: Sequence[object]) -> str:
    return ", ".join(map(str, names[:12])) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _extra_text(spec: TableSpec) -> str:
    if not isinstance(spec.extra_columns, Mapping):
        return ""
    return " and " + ", ".join(f"{prefix}* ({kind})" for prefix, kind in spec.extra_columns.items())
