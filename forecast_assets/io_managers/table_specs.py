"""From the Pandera models to what the store enforces: column types, keys and version of each table."""

import pyarrow as pa
from pandera.engines import pandas_engine

from forecast_assets.schemas import MONTH_ONLY, TABLES, Table
from forecast_assets.storage import TableSpec

ARROW_TYPES = {
    "str": pa.string(),
    "float64": pa.float64(),
    "float32": pa.float32(),
    "int64": pa.int64(),
    "datetime64[ns]": pa.date32(),
}


def table_specs() -> dict[str, TableSpec]:
    """The spec of every stored table by name."""
    return {name: _spec(name, model) for name, model in TABLES.items()}


def _spec(name: str, model: type[Table]) -> TableSpec:
    columns = model.to_schema().columns
    fixed = [pa.field(column.name, _arrow_type(column.dtype)) for column in columns.values() if not column.regex]
    patterns = [column for column in columns.values() if column.regex]
    extra = None
    if patterns:
        prefix = patterns[0].name.removeprefix("^")
        extra = {prefix: _arrow_type(patterns[0].dtype)} if prefix.isidentifier() else _arrow_type(patterns[0].dtype)
    return TableSpec(
        name=name,
        keys=tuple(model.keys()),
        arrow_schema=pa.schema(fixed),
        extra_columns=extra,
        partitioned_by_country=name not in MONTH_ONLY,
    )


def _arrow_type(dtype: pandas_engine.DataType) -> pa.DataType:
    return ARROW_TYPES[str(dtype)]
