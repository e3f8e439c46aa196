"""The files of versions: a Parquet file of a table, a folder of documents with its provenance; and what was removed.

Which versions a partition has and what each is made of. When one may go stands in ``operations/history/retention.py``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forecast_assets.storage.documents import PROVENANCE_FILE
from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.provenance import StoredProvenance
from forecast_assets.storage.publish import Files
from forecast_assets.storage.versions import PRUNED_FILE, Version, list_versions, read_pruned


class VersionedStore(Protocol):
    """The part of the store that versions are read and removed through."""

    base: str

    @property
    def files(self) -> Files:
        """The files of the store's file system."""

    def versions_folder(self, name: str, partition: PartitionKey) -> str:
        """Return the folder of a partition's versions."""

    def find(self, folder: str) -> list[str]:
        """Return the files below a folder."""

    def published_provenance(self, name: str, partition: PartitionKey) -> StoredProvenance | None:
        """Return the provenance of the published file or documents; None where nothing is published."""

    def provenance_at(self, path: str) -> StoredProvenance | None:
        """Return the provenance of a table's file; None where there is none."""


@dataclass(frozen=True)
class VersionFiles:
    """A version with the table and partition it is of, its files and their size in bytes."""

    table: str
    partition: PartitionKey
    version: Version
    files: tuple[str, ...]
    size: int


def partition_versions(
    store: VersionedStore, name: str, partition: PartitionKey, paths: Sequence[str]
) -> list[Version]:
    """Versions of a partition among the files under its folder of versions, oldest first; the unfinished left out."""
    folder = store.versions_folder(name, partition)
    marked = [path for path in paths if _is_version(path.removeprefix(f"{folder}/"))]
    found = store.files.side_by_side(lambda path: _provenance(store, path), marked)
    stored = {
        path.removesuffix(f"/{PROVENANCE_FILE}"): said
        for path, said in zip(marked, found, strict=True)
        if said is not None
    }
    published = store.published_provenance(name, partition)
    pruned = {version: said["previous_version"] for version, said in pruned_of(store, name, partition).items()}
    return list_versions(stored, published.version if published else None, pruned)


def all_versions(store: VersionedStore) -> list[VersionFiles]:
    """Every version of every partition of a store; reads the footer of each file."""
    root = f"{store.base}/_versions"
    by_place: dict[tuple[str, str], dict[str, int]] = {}
    for path, size in _sizes(store, root).items():
        relative = path.removeprefix(f"{root}/")
        by_place.setdefault((relative.partition("/")[0], _partition_folder(relative)), {})[path] = size
    return [
        _with_files(table, partition, version, sizes)
        for (table, folder), sizes in sorted(by_place.items())
        for partition in [PartitionKey.from_folder(folder)]
        for version in partition_versions(store, table, partition, list(sizes))
    ]


def stored_tables(store: VersionedStore) -> list[str]:
    """Names of tables and documents of which there is a version."""
    root = f"{store.base}/_versions"
    try:
        return sorted(path.rstrip("/").rpartition("/")[2] for path in store.files.fs.ls(root, detail=False))
    except FileNotFoundError:
        return []


def versioned_partitions(store: VersionedStore, name: str) -> list[PartitionKey]:
    """Partitions of a table or of documents of which there is a version."""
    root = f"{store.base}/_versions/{name}/"
    folders = {_partition_folder(path.removeprefix(root)) for path in store.find(root.rstrip("/"))}
    return sorted(map(PartitionKey.from_folder, folders), key=lambda partition: partition.sort_key)


def pruned_of(store: VersionedStore, name: str, partition: PartitionKey) -> dict[str, dict[str, str | None]]:
    """What was removed of a partition's versions, by version."""
    return read_pruned(store.files.read_many([f"{store.versions_folder(name, partition)}/{PRUNED_FILE}"])[0])


def remove_versions(store: VersionedStore, versions: Sequence[VersionFiles], at: datetime) -> None:
    """Remove versions of one partition, noting them first: a reader of the chain never meets a gap.

    Killed in the middle, what is left is either a whole version, which is judged again, or the files of a set of
    documents without its provenance, which ``remove_left_over`` removes.
    """
    name, partition = versions[0].table, versions[0].partition
    path = f"{store.versions_folder(name, partition)}/{PRUNED_FILE}"
    state, pruned = store.files.state(path), pruned_of(store, name, partition)
    for each in versions:
        said = each.version.provenance
        pruned[each.version.name] = {
            "previous_version": said.previous_version if each.version.was_published else None,
            "content_hash": said.content_hash,
            "cycle_id": said.cycle_id,
            "pruned_at": at.isoformat(timespec="seconds"),
        }
    store.files.replace(path, json.dumps(pruned, indent=1, sort_keys=True).encode(), state)
    for file in [file for each in versions for file in each.files]:
        store.files.remove(file)


def pruned_partitions(store: VersionedStore) -> list[tuple[str, PartitionKey]]:
    """Tables and partitions of which versions were removed before."""
    root = f"{store.base}/_versions/"
    paths = [path.removeprefix(root) for path in store.find(root) if path.endswith(f"/{PRUNED_FILE}")]
    return [(path.partition("/")[0], PartitionKey.from_folder(_partition_folder(path))) for path in paths]


def remove_left_over(store: VersionedStore, name: str, partition: PartitionKey) -> None:
    """Remove documents of removed versions whose provenance is gone: a call of ``remove_versions`` was killed."""
    folder = store.versions_folder(name, partition)
    paths = store.find(folder)
    for version in pruned_of(store, name, partition):
        if f"{folder}/{version}/{PROVENANCE_FILE}" not in paths:
            for path in paths:
                if path.startswith(f"{folder}/{version}/"):
                    store.files.remove(path)


def _partition_folder(path: str) -> str:
    """The Hive folders in a path below ``_versions``."""
    return "/".join(part for part in path.split("/") if part.startswith(("country=", "month=")))


def _with_files(table: str, partition: PartitionKey, version: Version, sizes: dict[str, int]) -> VersionFiles:
    own = [path for path in sizes if path == version.path or path.startswith(f"{version.path}/")]
    # The provenance of documents goes first: without it, what is left of them is no version any more.
    own.sort(key=lambda path: (not path.endswith(PROVENANCE_FILE), path))
    return VersionFiles(table, partition, version, tuple(own), sum(sizes[path] for path in own))


def _is_version(path: str) -> bool:
    """Whether a path under the folder of versions stands for one; what a killed run leaves begins with a dot."""
    *folders, file = path.split("/")
    return (not folders and file.endswith(".parquet") and not file.startswith(".")) or (
        len(folders) == 1 and file == PROVENANCE_FILE
    )


def _provenance(store: VersionedStore, path: str) -> StoredProvenance | None:
    if not path.endswith(PROVENANCE_FILE):
        return store.provenance_at(path)
    content = store.files.read_many([path])[0]
    return None if content is None else StoredProvenance.from_json(content)


def _sizes(store: VersionedStore, root: str) -> dict[str, int]:
    store.files.fs.invalidate_cache()
    try:
        return {path: int(info["size"]) for path, info in store.files.fs.find(root, detail=True).items()}
    except FileNotFoundError:
        return {}
