"""Parquet bytes of partitions: serialising with provenance in the footer, and reading many files as one table.

Works on bytes: a reader sees each file as of one moment even while it is being replaced, and object storage gets one
request per file.
"""

import io
from collections.abc import Sequence
from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.provenance import METADATA_KEY, StoredProvenance
from forecast_assets.storage.table_spec import TableSpec

PARQUET = ds.ParquetFileFormat()


def to_parquet(table: pa.Table, spec: TableSpec, provenance: StoredProvenance) -> bytes:
    """Serialise a table with its provenance in the file's metadata."""
    text = [field.name for field in table.schema if pa.types.is_string(field.type)]
    sink = io.BytesIO()
    # Snappy, statistics of the keys only, no copy of the Arrow schema: 4 instead of 17 ms to write and 3 instead of 8
    # ms to read 150 rows of 400 columns than with zstd and defaults, for a tenth more bytes.
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression="snappy",
        use_dictionary=text,  # type: ignore[arg-type]  # the stubs know no list of columns
        write_statistics=list(spec.keys),
        store_schema=False,
    ) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({METADATA_KEY.decode(): provenance.to_json()})
    return sink.getvalue()


def provenance_of(metadata: pq.FileMetaData, path: str) -> StoredProvenance:
    """Return the provenance in a footer.

    Raises:
        ValueError: If the file was not written by this store.
    """
    text = (metadata.metadata or {}).get(METADATA_KEY)
    if text is None:
        raise ValueError(
            f"{path} carries no provenance: it was not written by this store. Materialize the partition again."
        )
    return StoredProvenance.from_json(text)


def read_files(
    contents: Sequence[bytes], partitions: Sequence[PartitionKey], spec: TableSpec | None, columns: Sequence[str] | None
) -> tuple[pa.Table, list[pq.FileMetaData]]:
    """Read the files of several partitions as one table, in their order; ``country`` and ``month`` come from the keys.

    Columns that a file lacks are null in its rows. Returns the table and the footers.

    Raises:
        KeyError: If neither a file nor the spec's fixed columns have a requested column.
    """
    fields = _partition_fields(partitions[0].country is not None)
    parquet = [_fragment(content, partition) for content, partition in zip(contents, partitions, strict=True)]
    fragments: list[ds.Fragment] = [*parquet]
    footers = [fragment.metadata for fragment in parquet]
    stored = _unify([fragment.physical_schema for fragment in fragments], spec)
    names = [*stored.names, *fields.names] if columns is None else list(dict.fromkeys([*columns, *fields.names]))
    full = pa.schema([*stored, *fields])
    unknown = [name for name in names if name not in full.names]
    if unknown:
        raise KeyError(f"no column {unknown} in these partitions, which have {', '.join(full.names[:40])}")
    return ds.FileSystemDataset(fragments, full, PARQUET).to_table(columns=names), footers


def _partition_fields(has_country: bool) -> pa.Schema:
    fields: list[tuple[str, pa.DataType]] = [("country", pa.string())] if has_country else []
    return pa.schema([*fields, ("month", pa.date32())])


def _fragment(content: bytes, partition: PartitionKey) -> ds.ParquetFileFragment:
    buffer = pa.py_buffer(content)
    fragment = PARQUET.make_fragment(
        buffer,  # type: ignore[arg-type]  # the stubs know paths and open files alone
        partition_expression=_expression(partition),
    )
    assert isinstance(fragment, ds.ParquetFileFragment)  # a Parquet format makes no other
    return fragment


def _unify(schemas: list[pa.Schema], spec: TableSpec | None) -> pa.Schema:
    distinct = list(
        {tuple(zip(schema.names, map(str, schema.types), strict=True)): schema for schema in schemas}.values()
    )
    if spec is not None:
        distinct.insert(0, spec.arrow_schema)
    return pa.unify_schemas([schema.remove_metadata() for schema in distinct], promote_options="permissive")


def _expression(partition: PartitionKey) -> ds.Expression:
    month = ds.field("month") == pa.scalar(date(partition.month.year, partition.month.month, 1))
    return month if partition.country is None else (ds.field("country") == partition.country) & month


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Turn a table into a frame: dates as ``datetime64[ns]``, text as objects, null floats as NaN."""
    nanoseconds = [
        pa.field(field.name, pa.timestamp("ns") if pa.types.is_date(field.type) else field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(nanoseconds)).to_pandas()


def empty_table(spec: TableSpec | None, columns: Sequence[str] | None) -> pa.Table:
    """Return the table of no partitions: the spec's columns, typed."""
    stored = [] if spec is None else list(spec.arrow_schema)
    if columns is not None:
        kinds = {column: spec.type_of(column) if spec else None for column in columns}
        stored = [
            pa.field(column, kind or pa.null()) for column, kind in kinds.items() if column not in ("country", "month")
        ]
    has_country = spec is None or spec.partitioned_by_country
    return pa.schema([*stored, *_partition_fields(has_country)]).empty_table()
