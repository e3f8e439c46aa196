"""Files of versions: a Parquet file of a table, or a folder of documents with its provenance; and their removal.

The rule that decides which versions are removed is ``operations/history/retention.py``.
"""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.documents import PROVENANCE_FILE, provenance_of_documents
from forecast_assets.storage.last_good import last_good_version
from forecast_assets.storage.lease import Hold
from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.provenance import StoredProvenance
from forecast_assets.storage.publish import Files
from forecast_assets.storage.versions import PRUNED_FILE, PrunedVersions, Version, list_versions, read_pruned
from forecast_assets.storage.withdrawals import WITHDRAWN_FILE, read_withdrawals

LOG = logging.getLogger("forecast_assets.storage")
_PATH = re.compile(r"(?P<table>[^/.][^/]*)/(?P<folder>(?:country=[^/]+/)?month=[^/]+)/")


class VersionedStore(Protocol):
    """The part of the store that reading and removing versions needs."""

    base: str

    @property
    def files(self) -> Files:
        """The files of the store's file system."""

    def versions_folder(self, name: str, partition: PartitionKey) -> str:
        """Return the folder of a partition's versions."""

    def find(self, folder: str) -> list[str]:
        """Return the files below a folder."""

    def published_provenance(self, name: str, partition: PartitionKey) -> StoredProvenance | None:
        """Return the provenance of the published file or documents; None if nothing is published."""

    def provenance_at(self, path: str) -> StoredProvenance | None:
        """Return the provenance of a table's file; None without a file."""


@dataclass(frozen=True)
class VersionFiles:
    """A version with its table and partition, its files and their size in bytes."""

    table: str
    partition: PartitionKey
    version: Version
    files: tuple[str, ...]
    size: int


def partition_versions(
    store: VersionedStore, name: str, partition: PartitionKey, paths: Sequence[str]
) -> list[Version]:
    """Return the complete versions among the files below a partition's folder of versions, oldest first."""
    folder = store.versions_folder(name, partition)
    marked = [path for path in paths if _is_version(path.removeprefix(f"{folder}/"))]
    provenances = store.files.side_by_side(lambda path: _provenance(store, path), marked)
    stored = {
        path.removesuffix(f"/{PROVENANCE_FILE}"): provenance
        for path, provenance in zip(marked, provenances, strict=True)
        if provenance is not None
    }
    pruned = {version: note["previous_version"] for version, note in pruned_of(store, name, partition).items()}
    return list_versions(
        stored, published_version(store, name, partition, paths), pruned, _withdrawn(store, folder, paths)
    )


def _withdrawn(store: VersionedStore, folder: str, paths: Sequence[str]) -> list[str]:
    """Return the names of the versions that were taken back and not restored."""
    path = f"{folder}/{WITHDRAWN_FILE}"
    if path not in paths:
        return []
    (content,) = store.files.read_many([path])
    notes = read_withdrawals(content, path)
    return [each.version for each in notes if each.is_in_force]


def published_version(store: VersionedStore, name: str, partition: PartitionKey, paths: Sequence[str]) -> str | None:
    """Return the name of the published version; None if nothing is published.

    Of a damaged published file it is the version that the file most likely was: its versions must not pass for
    orphans, which are pruned.
    """
    try:
        published = store.published_provenance(name, partition)
    except DamagedFile as damaged:
        good = last_good_version(store.files, damaged.path, paths)
        return good.provenance.version if good else None
    return published.version if published else None


def all_versions(store: VersionedStore) -> list[VersionFiles]:
    """Return every version of every partition of a store; reads the footer of each file."""
    root = f"{store.base}/_versions"
    by_partition: dict[tuple[str, PartitionKey], dict[str, int]] = {}
    for path, size in _sizes(store, root).items():
        place = _place(path.removeprefix(f"{root}/"))
        if place is not None:
            by_partition.setdefault(place, {})[path] = size
    return [
        _with_files(table, partition, version, sizes)
        for (table, partition), sizes in sorted(by_partition.items(), key=lambda item: (item[0][0], item[0][1].folder))
        for version in partition_versions(store, table, partition, list(sizes))
    ]


def stored_tables(store: VersionedStore) -> list[str]:
    """Return the names of tables and documents that have a version."""
    root = f"{store.base}/_versions"
    try:
        names = [path.rstrip("/").rpartition("/")[2] for path in store.files.fs.ls(root, detail=False)]
    except FileNotFoundError:
        return []
    return sorted(name for name in names if not name.startswith("."))


def versioned_partitions(store: VersionedStore, name: str) -> list[PartitionKey]:
    """Return the partitions of a table or of documents that have a version."""
    root = f"{store.base}/_versions/{name}/"
    places = {_place(f"{name}/{path.removeprefix(root)}") for path in store.find(root.rstrip("/"))}
    return sorted((place[1] for place in places if place), key=lambda partition: partition.sort_key)


def versions_of_documents(files: Files, paths: Sequence[str]) -> list[tuple[StoredProvenance, dict[str, bytes]]]:
    """Return provenance and documents of each version of documents whose provenance can be read."""
    versions = []
    for marker in [path for path in paths if path.endswith(f"/{PROVENANCE_FILE}")]:
        folder = marker.removesuffix(PROVENANCE_FILE)
        own = [path for path in paths if path.startswith(folder) and path != marker]
        try:
            provenance = provenance_of_documents(files, marker)
        except DamagedFile:
            continue
        if provenance is not None:
            contents = files.read_many(own)
            versions.append((provenance, {p.removeprefix(folder): c for p, c in zip(own, contents, strict=True) if c}))
    return versions


def pruned_of(store: VersionedStore, name: str, partition: PartitionKey) -> PrunedVersions:
    """Return the notes of a partition's removed versions, by version. Raises DamagedFile."""
    path = f"{store.versions_folder(name, partition)}/{PRUNED_FILE}"
    (content,) = store.files.read_many([path])
    return read_pruned(content, path)


def remove_versions(
    store: VersionedStore, versions: Sequence[VersionFiles], at: datetime, hold: Hold | None = None
) -> None:
    """Remove versions of one partition, noting them first: a reader of the chain never meets a gap.

    With the ``hold`` of a lease, nothing is removed once another owner has taken it: LeaseLost.

    A process killed in the middle leaves whole versions, which the next call removes, or documents without their
    provenance, which ``remove_left_over`` removes.
    """
    name, partition = versions[0].table, versions[0].partition
    path = f"{store.versions_folder(name, partition)}/{PRUNED_FILE}"
    state, content = store.files.read_with_state(path)
    pruned = read_pruned(content, path)
    for each in versions:
        provenance = each.version.provenance
        pruned[each.version.name] = {
            "previous_version": provenance.previous_version if each.version.was_published else None,
            "content_hash": provenance.content_hash,
            "cycle_id": provenance.cycle_id,
            "pruned_at": at.isoformat(timespec="seconds"),
        }
    if hold is not None:
        hold.require()
    store.files.replace(path, json.dumps(pruned, indent=1, sort_keys=True).encode(), state)
    for file in [file for each in versions for file in each.files]:
        store.files.remove(file)


def pruned_partitions(store: VersionedStore) -> list[tuple[str, PartitionKey]]:
    """Return the tables and partitions of which versions were removed before."""
    root = f"{store.base}/_versions/"
    paths = [path.removeprefix(root) for path in store.find(root) if path.endswith(f"/{PRUNED_FILE}")]
    return [place for place in map(_place, paths) if place is not None]


def remove_left_over(store: VersionedStore, name: str, partition: PartitionKey) -> None:
    """Remove documents of removed versions whose provenance is gone: ``remove_versions`` was killed before its end."""
    folder = store.versions_folder(name, partition)
    paths = store.find(folder)
    for version in pruned_of(store, name, partition):
        if f"{folder}/{version}/{PROVENANCE_FILE}" not in paths:
            for path in paths:
                if path.startswith(f"{folder}/{version}/"):
                    store.files.remove(path)


def _place(path: str) -> tuple[str, PartitionKey] | None:
    """Return table and partition of a path below ``_versions``; None if it is not in a partition's folder."""
    match = _PATH.match(path)
    partition = PartitionKey.of_folder(match["folder"]) if match else None
    return (match["table"], partition) if match and partition else None


def _with_files(table: str, partition: PartitionKey, version: Version, sizes: dict[str, int]) -> VersionFiles:
    own = [path for path in sizes if path == version.path or path.startswith(f"{version.path}/")]
    # The provenance of documents is removed first: without it the other files are no version any more.
    own.sort(key=lambda path: (not path.endswith(PROVENANCE_FILE), path))
    return VersionFiles(table, partition, version, tuple(own), sum(sizes[path] for path in own))


def _is_version(path: str) -> bool:
    """Return True if a path below the folder of versions marks one; temporary files begin with a dot."""
    *folders, file = path.split("/")
    return (not folders and file.endswith(".parquet") and not file.startswith(".")) or (
        len(folders) == 1 and file == PROVENANCE_FILE
    )


def _provenance(store: VersionedStore, path: str) -> StoredProvenance | None:
    """Return the provenance of a version; None if it is gone or unreadable: ``doctor --verify`` names damaged ones."""
    try:
        if not path.endswith(PROVENANCE_FILE):
            return store.provenance_at(path)
        return provenance_of_documents(store.files, path)
    except (DamagedFile, OSError) as error:
        LOG.warning("A version is left out: %s", error)
        return None


def _sizes(store: VersionedStore, root: str) -> dict[str, int]:
    store.files.fs.invalidate_cache()
    try:
        return {path: int(info["size"]) for path, info in store.files.fs.find(root, detail=True).items()}
    except FileNotFoundError:
        return {}
