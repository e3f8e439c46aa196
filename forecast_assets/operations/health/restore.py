"""Putting the last good version of a partition back in the place of a damaged published file."""

import os
from dataclasses import dataclass

from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.storage import PartitionKey, StoredProvenance, TableStore
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.documents import PROVENANCE_FILE, digest_of, provenance_of_documents
from forecast_assets.storage.fenced_publish import replace_as_owner
from forecast_assets.storage.last_good import GoodVersion, last_good_version, read_or_nothing
from forecast_assets.storage.lease import Hold
from forecast_assets.storage.parquet_files import provenance_in
from forecast_assets.storage.version_files import versions_of_documents
from forecast_assets.storage.withdrawals import withdrawn_files


@dataclass(frozen=True)
class Restored:
    """Result of a restore.

    Attributes:
        provenance: Of the version that is published now.
        path: The file or folder that was written; empty if nothing was damaged.
    """

    provenance: StoredProvenance
    path: str


class NothingToRestore(LookupError):
    """A partition without a sound version."""


def restore(store: TableStore, table: str, partition: PartitionKey, lease_seconds: float) -> Restored:
    """Publish the last good version of a partition again, under the lease of its market.

    A published file that is sound stays. If its version is damaged instead, the version is written again from it.

    Raises:
        LeaseTaken: If a run is writing the market.
        LeaseLost: If a run began to write it because this process was paused for longer than its lease.
        NothingToRestore: If no version is sound.
    """
    hold = lease_of(store, partition.country, lease_seconds).take(f"restore-{os.getpid()}")
    try:
        _require_not_withdrawn(store, table, partition)
        versions = store.find(store.versions_folder(table, partition))
        if any(path.endswith(f"/{PROVENANCE_FILE}") for path in versions):
            return _restore_documents(store, table, partition, versions, hold)
        return _restore_table(store, table, partition, versions, hold)
    finally:
        hold.release()


def _require_not_withdrawn(store: TableStore, table: str, partition: PartitionKey) -> None:
    """Raise NothingToRestore for a publication that people have taken back: it is missing on purpose."""
    withdrawal = withdrawn_files(store, table, partition).in_force()
    published = (store.path(table, partition), f"{store.document_folder(table, partition)}/{PROVENANCE_FILE}")
    if withdrawal is not None and not any(store.files.state(path) for path in published):
        raise NothingToRestore(
            f"{table} [{partition}] was withdrawn on {withdrawal.withdrawn_at[:10]} by {withdrawal.withdrawn_by}: "
            f"{withdrawal.reason}. forecast-assets withdraw {partition.country} {partition.month:%Y-%m} --undo "
            "publishes it again."
        )


def _restore_table(store: TableStore, table: str, partition: PartitionKey, versions: list[str], hold: Hold) -> Restored:
    path = store.path(table, partition)
    content = read_or_nothing(store.files, path)
    try:
        provenance = provenance_in(content, path)
    except DamagedFile:
        taken_back = [
            each.version for each in withdrawn_files(store, table, partition).withdrawals() if each.is_in_force
        ]
        candidates = [version for version in versions if version.rpartition("/")[2] not in taken_back]
        good = last_good_version(store.files, path, candidates)
        if good is None:
            raise NothingToRestore(
                f"{table} [{partition}] has no sound version in {store.versions_folder(table, partition)}: materialize "
                "the partition again."
            ) from None
        return _put_back(store, path, good, hold)
    version = f"{store.versions_folder(table, partition)}/{provenance.version}"
    if read_or_nothing(store.files, version) == content:
        return Restored(provenance, "")
    # A file that lost its digest looks sound: its version decides, unless that one is damaged.
    good = last_good_version(store.files, path, [version])
    if good is None:
        path, good = version, GoodVersion(path, content, provenance)
    return _put_back(store, path, good, hold)


def _put_back(store: TableStore, path: str, good: GoodVersion, hold: Hold) -> Restored:
    replace_as_owner(store.files, path, good.content, hold)
    return Restored(good.provenance, path)


def _restore_documents(
    store: TableStore, name: str, partition: PartitionKey, versions: list[str], hold: Hold
) -> Restored:
    folder = store.document_folder(name, partition)
    sets = {
        provenance.version: (provenance, documents)
        for provenance, documents in versions_of_documents(store.files, versions)
        if digest_of(documents) == provenance.content_hash
    }
    published = _published_version(store, folder)
    wanted = published if published in sets else max(sets, key=lambda each: sets[each][0].written_at, default=None)
    if wanted is None:
        raise NothingToRestore(f"{name} [{partition}] has no sound version: materialize the partition again.")
    provenance, documents = sets[wanted]
    files = {**documents, PROVENANCE_FILE: provenance.to_json().encode()}
    damaged = {file: each for file, each in files.items() if read_or_nothing(store.files, f"{folder}/{file}") != each}
    for file, content in damaged.items():
        replace_as_owner(store.files, f"{folder}/{file}", content, hold)
    return Restored(provenance, folder if damaged else "")


def _published_version(store: TableStore, folder: str) -> str | None:
    try:
        provenance = provenance_of_documents(store.files, f"{folder}/{PROVENANCE_FILE}")
    except DamagedFile:
        return None
    return provenance.version if provenance else None
