"""The store: tables by partition under a base folder; every version is kept, one is published.

Layout, versions and reading. Putting bytes in place is ``publish``, the content of a table ``table_spec``. Documents
(reports) follow the same layout in ``documents``.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

import pandas as pd
import pyarrow as pa

from forecast_assets.config.azure_account import AzureAccount
from forecast_assets.storage.content_hash import content_hash
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.documents import DocumentFolders, read_provenance, write_documents
from forecast_assets.storage.fenced_publish import Before, publish_file
from forecast_assets.storage.file_digest import footer_of
from forecast_assets.storage.folders import file_system_of, path_of
from forecast_assets.storage.last_good import last_good_version
from forecast_assets.storage.lease import Hold
from forecast_assets.storage.parquet_files import (
    StoredFile,
    provenance_in,
    provenance_of,
    read_files,
    stored_table,
    to_frame,
    to_parquet,
)
from forecast_assets.storage.partition_files import read_partitions
from forecast_assets.storage.partition_key import MissingPartition, PartitionKey
from forecast_assets.storage.provenance import Provenance, StoredProvenance
from forecast_assets.storage.publish import Files, PublishConflict
from forecast_assets.storage.table_reader import TableReader, WhenMissing
from forecast_assets.storage.table_spec import TableSpec, to_arrow
from forecast_assets.storage.version_files import partition_versions
from forecast_assets.storage.versions import Version, WrittenVersion, is_same_write, version_names


class TableStore(TableReader):
    """Tables under ``address``: a local folder, ``abfs://container/...`` of ``account``, or another fsspec address.

    Nothing is opened, and no secret fetched, before the first file is touched.
    """

    def __init__(self, address: str, account: AzureAccount | None = None) -> None:
        self.address, self.account = address, account
        self.base = path_of(address)

    @cached_property
    def files(self) -> Files:
        """The files of the store's file system."""
        return Files(file_system_of(self.address, self.account))

    def path(self, name: str, partition: PartitionKey) -> str:
        """Return the path of a partition's published file."""
        return f"{self.base}/{name}/{partition.folder}/{name}.parquet"

    def versions_folder(self, name: str, partition: PartitionKey) -> str:
        """Return the folder of a partition's versions."""
        return f"{self.base}/_versions/{name}/{partition.folder}"

    def write(
        self, spec: TableSpec, partition: PartitionKey, frame: pd.DataFrame, provenance: Provenance
    ) -> WrittenVersion:
        """Store a frame as a new version of a partition and publish it.

        A retried step that writes the same content, schema version and inputs gets its version back. Otherwise it
        writes a new version ``<run id>-2``, ``-3`` and so on. Versions are never overwritten.

        Raises:
            SchemaViolation: If the frame does not fit the spec; nothing is stored.
            PublishConflict: If another writer published the partition meanwhile. The version is kept, and the file of
                the other writer stays in place.
        """
        return self.write_all(spec, {partition: frame}, {partition: provenance})[0]

    def write_all(
        self,
        spec: TableSpec,
        frames: Mapping[PartitionKey, pd.DataFrame],
        provenances: Mapping[PartitionKey, Provenance],
        hold: Hold | None = None,
    ) -> list[WrittenVersion]:
        """Store several partitions of one table as ``write`` does; all frames are checked before any is stored.

        With the ``hold`` of a lease, nothing is published once another owner has taken it.

        Raises:
            LeaseLost: If another owner has taken the lease; versions are kept, published files stay.
        """
        tables = {partition: to_arrow(spec, partition, frame) for partition, frame in frames.items()}
        return self.files.side_by_side(
            lambda partition: self._write(spec, partition, tables[partition], provenances[partition], hold), tables
        )

    def _write(
        self, spec: TableSpec, partition: PartitionKey, table: pa.Table, provenance: Provenance, hold: Hold | None
    ) -> WrittenVersion:
        path = self.path(spec.name, partition)
        state_before, content_before = self.files.read_with_state(path)
        published, replaced = self._published_and_replaced(spec.name, partition, content_before)
        stored = StoredProvenance(
            **vars(provenance),
            schema_version=spec.schema_version,
            rows=table.num_rows,
            content_hash=content_hash(table, spec.keys_of(table.column_names)),
            previous_version=replaced,
            written_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        stored, content = self._create_version(spec, partition, table, stored, hold.token if hold else 0)
        if published is None or published.version != stored.version:
            self._publish(path, content, stored, Before(state_before, content_before), hold)
        return WrittenVersion(partition, path, stored)

    def _published_and_replaced(
        self, name: str, partition: PartitionKey, content: bytes | None
    ) -> tuple[StoredProvenance | None, str | None]:
        """Return the provenance of the published file and its version; of a damaged file the version that it was."""
        if content is None:
            return None, None
        path = self.path(name, partition)
        try:
            published = provenance_in(content, path)
        except DamagedFile:
            good = last_good_version(self.files, path, self.find(self.versions_folder(name, partition)))
            return None, good.provenance.version if good else None
        return published, published.version

    def _create_version(
        self, spec: TableSpec, partition: PartitionKey, table: pa.Table, stored: StoredProvenance, token: int
    ) -> tuple[StoredProvenance, bytes]:
        folder = self.versions_folder(spec.name, partition)
        for name in version_names(stored.run_id, ".parquet"):
            candidate = replace(stored, version=name)
            content = to_parquet(table, spec, partition, candidate, token)
            try:
                self.files.create(f"{folder}/{name}", content)
            except FileExistsError:
                content = self.files.read(f"{folder}/{name}")
                with contextlib.suppress(DamagedFile):
                    existing = provenance_in(content, f"{folder}/{name}")
                    if is_same_write(existing, candidate):
                        return existing, content
            else:
                return candidate, content
        raise AssertionError("version names are endless")

    def _publish(self, path: str, content: bytes, stored: StoredProvenance, before: Before, hold: Hold | None) -> None:
        try:
            publish_file(self.files, path, content, before, hold)
        except PublishConflict as conflict:
            other = self.provenance_at(path)
            raise PublishConflict(
                f"{path} was published by {f'run {other.run_id}' if other else 'another writer'} while run "
                f"{stored.run_id} was writing it. That file stays in place, this run's version is kept as "
                f"{stored.version}. Find out why two runs wrote one partition: a lease keeps them apart unless one "
                "wrote without it. Then repeat the run that should win."
            ) from conflict

    def read_with_provenance(
        self,
        table: TableSpec | str,
        partitions: Iterable[PartitionKey],
        columns: Sequence[str] | None = None,
        missing: WhenMissing = "error",
    ) -> tuple[pd.DataFrame, dict[PartitionKey, StoredProvenance]]:
        """Read as ``read`` does and return the provenance of each file with the frame: both from the same bytes."""
        name = table.name if isinstance(table, TableSpec) else table
        return read_partitions(
            self.files, lambda partition: self.path(name, partition), table, partitions, columns, missing
        )

    def provenance(self, table: str, partition: PartitionKey) -> StoredProvenance:
        """Return the provenance in a published file's footer. Raises MissingPartition."""
        provenance = self.provenance_at(self.path(table, partition))
        if provenance is None:
            raise MissingPartition(table, [partition])
        return provenance

    def provenances(self, table: str, partitions: Iterable[PartitionKey]) -> dict[PartitionKey, StoredProvenance]:
        """Return the provenance of each partition that is published, on object storage several at a time."""
        wanted = list(partitions)
        found = self.files.side_by_side(lambda partition: self.provenance_at(self.path(table, partition)), wanted)
        return {partition: stored for partition, stored in zip(wanted, found, strict=True) if stored is not None}

    def provenance_at(self, path: str) -> StoredProvenance | None:
        """Return the provenance in the footer of a table's file; None without a file."""
        if self.files.is_local:
            try:
                return provenance_of(footer_of(path), path)
            except FileNotFoundError:
                return None
        # The whole file in one request: an open file takes three, for its size, the footer's length and the footer.
        content = self.files.read_many([path])[0]
        return None if content is None else provenance_in(content, path)

    def exists(self, name: str, partition: PartitionKey) -> bool:
        """Return True if a partition is published."""
        return self.files.state(self.path(name, partition)) is not None

    def list_partitions(self, name: str) -> list[PartitionKey]:
        """Return the published partitions of a table, by country and month. One listing on object storage.

        Folders that are not those of a partition are left out: a copy, a backup. ``doctor --verify`` names them.
        """
        return self._list(name, f"{self.base}/{name}/")

    def list_market(self, name: str, country: str | None) -> list[PartitionKey]:
        """Return the published partitions of one market by month; for None, those of a table over all markets.

        Only the market's folder is listed: with forty markets a listing of all took a third of a second, and each
        market's run makes dozens.
        """
        if country is None:
            return super().list_market(name, None)
        return self._list(name, f"{self.base}/{name}/country={country}/")

    def _list(self, name: str, folder: str) -> list[PartitionKey]:
        root, file = f"{self.base}/{name}/", f"/{name}.parquet"
        folders = {path.split(root, 1)[1].removesuffix(file) for path in self.find(folder) if path.endswith(file)}
        partitions = filter(None, map(PartitionKey.of_folder, folders))
        return sorted(partitions, key=lambda partition: partition.sort_key)

    def versions(self, name: str, partition: PartitionKey) -> list[Version]:
        """Return all versions of a partition of a table or of documents, oldest first."""
        return partition_versions(self, name, partition, self.find(self.versions_folder(name, partition)))

    def read_version(self, table: TableSpec | str, partition: PartitionKey, version: str) -> pd.DataFrame:
        """Read one version of a partition, named as in ``versions``. Raises MissingPartition."""
        name, spec = (table.name, table) if isinstance(table, TableSpec) else (table, None)
        return to_frame(read_files([self._version_file(name, partition, version)], spec, None)[0])

    def read_version_table(self, name: str, partition: PartitionKey, version: str) -> pa.Table:
        """Read one version as it is stored, without ``country`` and ``month``: the input of ``content_hash``."""
        return stored_table(self._version_file(name, partition, version))

    def _version_file(self, name: str, partition: PartitionKey, version: str) -> StoredFile:
        path = f"{self.versions_folder(name, partition)}/{version}"
        content = self.files.read_many([path])[0]
        if content is None:
            raise MissingPartition(f"{name} (version {version})", [partition])
        return StoredFile(path, partition, content)

    def write_documents(
        self,
        name: str,
        partition: PartitionKey,
        documents: Mapping[str, bytes],
        provenance: Provenance,
        hold: Hold | None = None,
    ) -> WrittenVersion:
        """Store and publish a partition's documents (file name to bytes); versions as for tables, in a folder each."""
        folders = self._document_folders(name, partition)
        stored = write_documents(self.files, folders, name, partition, documents, provenance, hold)
        return WrittenVersion(partition, folders.published, stored)

    def read_document(self, name: str, partition: PartitionKey, document: str) -> bytes:
        """Return one published document. Raises MissingPartition."""
        content = self.files.read_many([f"{self._document_folders(name, partition).published}/{document}"])[0]
        if content is None:
            raise MissingPartition(f"{name} ({document})", [partition])
        return content

    def document_provenance(self, name: str, partition: PartitionKey) -> StoredProvenance:
        """Return the provenance of a partition's published documents. Raises MissingPartition."""
        provenance = self.published_provenance(name, partition)
        if provenance is None:
            raise MissingPartition(name, [partition])
        return provenance

    def published_provenance(self, name: str, partition: PartitionKey) -> StoredProvenance | None:
        """Return the provenance of a partition's published table or documents; None if neither is published."""
        table = self.provenance_at(self.path(name, partition))
        return table or read_provenance(self.files, self._document_folders(name, partition))

    def document_folder(self, name: str, partition: PartitionKey) -> str:
        """Return the folder of a partition's published documents."""
        return f"{self.base}/{name}/{partition.folder}"

    def _document_folders(self, name: str, partition: PartitionKey) -> DocumentFolders:
        return DocumentFolders(self.document_folder(name, partition), self.versions_folder(name, partition))

    def find(self, folder: str) -> list[str]:
        """Return the paths of all files below a folder; none if the folder is missing."""
        self.files.fs.invalidate_cache()
        try:
            return self.files.fs.find(folder)
        except FileNotFoundError:
            return []
