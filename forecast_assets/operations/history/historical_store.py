"""The store as an earlier run saw it: the versions that a stored partition names as its inputs."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from forecast_assets.market_state.lookups import LATER_PUBLISHED
from forecast_assets.storage import (
    MissingPartition,
    PartitionKey,
    StoredProvenance,
    TableReader,
    TableSpec,
    TableStore,
    Version,
    content_hash,
)
from forecast_assets.storage.partition_files import read_partitions
from forecast_assets.storage.table_reader import WhenMissing
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.storage.version_files import pruned_of
from forecast_assets.storage.versions import PrunedVersions

# A table and one of its partitions.
TablePartition = tuple[str, PartitionKey]


class NotAsRecorded(LookupError):
    """An input's version is missing, or its file no longer holds the recorded content."""


class HistoricalStore(TableReader):
    """The inputs of one stored partition, in their recorded versions. Everything else is absent."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._paths: dict[TablePartition, str] = {}
        self._listed: set[TablePartition] = set()

    @property
    def original(self) -> TableStore:
        """The store whose versions are shown."""
        return self._store

    def use(self, asset: TablePartition, provenance: StoredProvenance, paths: Mapping[TablePartition, str]) -> None:
        """Show the inputs of another stored partition from now on; ``paths`` are the files of their versions."""
        self._paths = dict(paths)
        self._listed = set(paths)
        name, partition = asset
        if LATER_PUBLISHED in provenance.answers:
            later = f"{partition.country}|{provenance.answers[LATER_PUBLISHED]}"
            self._listed.add((name, PartitionKey.from_dagster(later)))

    def list_partitions(self, name: str) -> list[PartitionKey]:
        """Return the partitions of a table that were read, and those that are known to have been published."""
        partitions = [partition for table, partition in self._listed if table == name]
        return sorted(partitions, key=lambda partition: partition.sort_key)

    def exists(self, name: str, partition: PartitionKey) -> bool:
        """Return True if a partition was read and its version is still stored."""
        return self._store.files.state(self._path(name, partition)) is not None

    def provenance(self, table: str, partition: PartitionKey) -> StoredProvenance:
        """Return the provenance of the version that was read. Raises MissingPartition."""
        provenance = self._store.provenance_at(self._path(table, partition))
        if provenance is None:
            raise MissingPartition(table, [partition])
        return provenance

    def read_with_provenance(
        self,
        table: TableSpec | str,
        partitions: Iterable[PartitionKey],
        columns: Sequence[str] | None = None,
        missing: WhenMissing = "error",
    ) -> tuple[pd.DataFrame, dict[PartitionKey, StoredProvenance]]:
        """Read the recorded versions; partitions that were not read count as missing."""
        name = table.name if isinstance(table, TableSpec) else table
        return read_partitions(
            self._store.files, lambda partition: self._path(name, partition), table, partitions, columns, missing
        )

    def _path(self, name: str, partition: PartitionKey) -> str:
        """Return the path of the recorded version; of no file where the partition was not read."""
        absent = f"{self._store.versions_folder(name, partition)}/not recorded"
        return self._paths.get((name, partition), absent)


class RecordedVersions:
    """Versions of a store by their recorded content, hashed again before use."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._specs = table_specs()
        self._versions: dict[TablePartition, list[Version]] = {}
        self._sound: dict[tuple[str, PartitionKey, str], str] = {}

    def of(self, name: str, partition: PartitionKey) -> list[Version]:
        """Return all versions of a partition, oldest first."""
        if (name, partition) not in self._versions:
            self._versions[name, partition] = self._store.versions(name, partition)
        return self._versions[name, partition]

    def pruned(self, name: str, partition: PartitionKey) -> PrunedVersions:
        """Return the notes of a partition's removed versions, by version."""
        return pruned_of(self._store, name, partition)

    def paths(self, inputs: Mapping[str, Mapping[str, str]]) -> tuple[dict[TablePartition, str], list[str]]:
        """Return the file of each recorded input by table and partition, and describe the problems of the others."""
        paths: dict[TablePartition, str] = {}
        problems = []
        for table, partitions in inputs.items():
            for key, wanted in partitions.items():
                partition = PartitionKey.from_dagster(key)
                try:
                    paths[table, partition] = self.path(table, partition, wanted)
                except NotAsRecorded as problem:
                    problems.append(str(problem))
        return paths, problems

    def path(self, table: str, partition: PartitionKey, wanted: str) -> str:
        """Return the file of a version with a content hash, after hashing it again.

        Raises:
            NotAsRecorded: If no version has that hash, or the file's content differs from its provenance.
        """
        if (table, partition, wanted) not in self._sound:
            self._sound[table, partition, wanted] = self._sound_path(table, partition, wanted)
        return self._sound[table, partition, wanted]

    def hash_now(self, table: str, partition: PartitionKey, version: str) -> str:
        """Return the content hash of a version's current file, independent of its provenance."""
        rows = self._store.read_version_table(table, partition, version)
        return content_hash(rows, self._specs[table].keys_of(rows.column_names))

    def _sound_path(self, table: str, partition: PartitionKey, wanted: str) -> str:
        versions = [version for version in self.of(table, partition) if version.provenance.content_hash == wanted]
        altered = []
        for version in reversed(versions):
            if self._holds(table, partition, version.name, wanted):
                return version.path
            altered.append(version.name)
        if altered:
            raise NotAsRecorded(
                f"{table} {partition}: version {', '.join(altered)} does not hold the content {wanted[:12]} that its "
                "provenance names: the file was changed. Restore it from a backup."
            )
        raise NotAsRecorded(
            f"{table} {partition}: no version with content {wanted[:12]}{self._removal_note(table, partition, wanted)}"
        )

    def _holds(self, table: str, partition: PartitionKey, version: str, wanted: str) -> bool:
        try:
            return self.hash_now(table, partition, version) == wanted
        except (MissingPartition, OSError, ValueError):
            # pyarrow's errors for a file that is damaged are among these two.
            return False

    def _removal_note(self, table: str, partition: PartitionKey, wanted: str) -> str:
        removed: Iterable[str] = (
            f"; version {name} was pruned on {note['pruned_at']}"
            for name, note in pruned_of(self._store, table, partition).items()
            if note["content_hash"] == wanted
        )
        return next(iter(removed), " is in the store")
