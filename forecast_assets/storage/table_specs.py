"""Specs of the product's tables, derived from the Pandera models: column types and keys of each table."""

import pyarrow as pa

from forecast_assets.schemas import MONTH_ONLY, TABLES
from forecast_assets.schemas.table import Table
from forecast_assets.storage import TableSpec

ARROW_TYPES: dict[str, pa.DataType] = {
    "str": pa.string(),
    "object": pa.string(),
    "float64": pa.float64(),
    "float32": pa.float32(),
    "int64": pa.int64(),
    "datetime64[ns]": pa.date32(),
}


def table_specs() -> dict[str, TableSpec]:
    """Return the spec of every stored table by name."""
    return {name: _spec(name, model) for name, model in TABLES.items()}


def _spec(name: str, model: type[Table]) -> TableSpec:
    columns = model.to_schema().columns.values()
    further = model.further_columns()
    return TableSpec(
        name=name,
        keys=tuple(model.keys()),
        arrow_schema=pa.schema([(column.name, ARROW_TYPES[str(column.dtype)]) for column in columns]),
        extra_columns={further[0]: ARROW_TYPES[further[1]]} if further else None,
        partitioned_by_country=name not in MONTH_ONLY,
        sparse_columns=model.sparse_columns(),
    )
