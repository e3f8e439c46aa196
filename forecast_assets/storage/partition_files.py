"""Reading partitions of one table from their files, in batches that fit into memory.

Which file belongs to a partition is decided by the caller; the bytes of one file are ``parquet_files``.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import get_args

import pandas as pd
import pyarrow as pa

from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.parquet_files import StoredFile, empty_table, read_files, to_frame
from forecast_assets.storage.partition_key import MissingPartition, PartitionKey
from forecast_assets.storage.provenance import StoredProvenance
from forecast_assets.storage.publish import Files
from forecast_assets.storage.table_reader import WhenMissing
from forecast_assets.storage.table_spec import TableSpec

LOG = logging.getLogger("forecast_assets.storage")
# Bounds the compressed bytes held at once: 256 feature partitions are about 75 MB.
FILES_READ_AT_ONCE = 256

PathOf = Callable[[PartitionKey], str]


def read_partitions(
    files: Files,
    path_of: PathOf,
    table: TableSpec | str,
    partitions: Iterable[PartitionKey],
    columns: Sequence[str] | None,
    missing: WhenMissing,
) -> tuple[pd.DataFrame, dict[PartitionKey, StoredProvenance]]:
    """Read partitions as ``TableReader.read_with_provenance`` describes, each from the file at ``path_of`` it."""
    if missing not in get_args(WhenMissing):
        raise ValueError(f"missing is one of {get_args(WhenMissing)}, got {missing!r}")
    name, spec = (table.name, table) if isinstance(table, TableSpec) else (table, None)
    wanted = sorted(set(partitions), key=lambda partition: partition.sort_key)
    parts: list[pa.Table] = []
    provenances: dict[PartitionKey, StoredProvenance] = {}
    for start in range(0, len(wanted), FILES_READ_AT_ONCE):
        part, provenances_of_part = _read_batch(
            files, path_of, spec, wanted[start : start + FILES_READ_AT_ONCE], columns, missing
        )
        parts.extend(part)
        provenances.update(provenances_of_part)
    absent = [partition for partition in wanted if partition not in provenances]
    if absent and missing == "error":
        raise MissingPartition(name, absent)
    if not parts:
        return to_frame(empty_table(spec, columns)), {}
    return to_frame(pa.concat_tables(parts, promote_options="permissive")), provenances


def _read_batch(
    files: Files,
    path_of: PathOf,
    spec: TableSpec | None,
    partitions: list[PartitionKey],
    columns: Sequence[str] | None,
    missing: WhenMissing,
) -> tuple[list[pa.Table], dict[PartitionKey, StoredProvenance]]:
    paths = [path_of(partition) for partition in partitions]
    present = [
        StoredFile(path, partition, content)
        for path, partition, content in zip(paths, partitions, files.read_many(paths), strict=True)
        if content is not None
    ]
    while present:
        try:
            table, provenances = read_files(present, spec, columns)
        except DamagedFile as damaged:
            if missing != "skip_damaged":
                raise
            LOG.warning("Left out: %s", damaged)
            present = [file for file in present if file.path != damaged.path]
        else:
            return [table], {file.partition: provenance for file, provenance in zip(present, provenances, strict=True)}
    return [], {}
