"""Check of every file of a store: whole, as it was written, in its place. Nothing is changed.

Tables and documents are compared with their digests and with their version, small JSON files are parsed. Files and
folders that are not the store's are named: the platform leaves them out, but other readers of the folder may not.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from forecast_assets.storage import PartitionKey, StoredProvenance, TableStore, content_hash
from forecast_assets.storage.damaged_file import DamagedFile, next_step
from forecast_assets.storage.documents import PROVENANCE_FILE, digest_of, provenance_of_documents
from forecast_assets.storage.file_digest import FILE_KEY
from forecast_assets.storage.last_good import read_or_nothing
from forecast_assets.storage.parquet_files import StoredFile, provenance_in, stored_table
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.storage.versions import PRUNED_FILE
from forecast_assets.storage.withdrawals import WITHDRAWN_FILE

DAMAGED, FOREIGN = "damaged", "not of the store"
VERSIONS = "_versions"
MOVE_IT = "Move it out of the store: DuckDB and Spark read what ends in .parquet below a table."


@dataclass(frozen=True)
class Finding:
    """A file that is not as it should be.

    Attributes:
        state: DAMAGED or FOREIGN.
        path: Path of the file.
        problem: The difference, and what to do.
    """

    state: str
    path: str
    problem: str


@dataclass(frozen=True)
class Verified:
    """Number of files that were checked, and the findings."""

    files: int
    findings: tuple[Finding, ...]

    @property
    def damaged(self) -> list[Finding]:
        """The findings of damaged files."""
        return [finding for finding in self.findings if finding.state == DAMAGED]


@dataclass(frozen=True)
class _Place:
    """Position of a file: table, partition, and the file's name below the partition's folder."""

    table: str
    partition: PartitionKey
    file: str


def verify_store(store: TableStore) -> Verified:
    """Check every file of a store; each is read once, with its version where it is published."""
    paths = [path for path in store.find(store.base) if not path.rpartition("/")[2].startswith(".")]
    findings = store.files.side_by_side(lambda path: _finding(store, path), paths)
    return Verified(len(paths), tuple(finding for finding in findings if finding))


def _finding(store: TableStore, path: str) -> Finding | None:
    try:
        is_known = _check(store, path)
    except DamagedFile as damaged:
        return Finding(DAMAGED, damaged.path, f"{damaged.problem}. {next_step(damaged.path)}")
    except OSError as error:
        return Finding(DAMAGED, path, f"it cannot be read ({error}). {next_step(path)}")
    return None if is_known else Finding(FOREIGN, path, MOVE_IT)


def _check(store: TableStore, path: str) -> bool:
    """Check one file; return False if it is not of the store. Raises DamagedFile."""
    folder, _, below = path.removeprefix(f"{store.base}/").partition("/")
    if folder.startswith("_") and below and folder != VERSIONS:
        # Leases, alerts, ids of MLflow runs: small JSON files.
        if path.endswith(".json"):
            _check_json(store, path)
        return True
    place = _place(below if folder == VERSIONS else f"{folder}/{below}")
    if place is None:
        return False
    return _check_version(store, path, place) if folder == VERSIONS else _check_published(store, path, place)


def _place(path: str) -> _Place | None:
    """Read ``table/[country=.../]month=.../file``; None if the folders are not those of a partition."""
    table, *rest = path.split("/")
    for folders in (2, 1):
        partition = PartitionKey.of_folder("/".join(rest[:folders]))
        if partition and len(rest) > folders:
            return _Place(table, partition, "/".join(rest[folders:]))
    return None


def _check_published(store: TableStore, path: str, place: _Place) -> bool:
    # Documents may hold a table of the same name: the rows of the company report.
    marker = f"{path.rpartition('/')[0]}/{PROVENANCE_FILE}"
    is_document = place.table not in table_specs() and store.files.state(marker) is not None
    if place.file == f"{place.table}.parquet" and not is_document:
        content = store.files.read(path)
        provenance = _checked_table(path, place, content)
        _check_same(store, path, _version_path(store, place, provenance), content)
        return True
    provenance_or_none = provenance_of_documents(store.files, marker)
    if provenance_or_none is None or "/" in place.file:
        return False
    if place.file == PROVENANCE_FILE:
        return True
    version = f"{_version_path(store, place, provenance_or_none)}/{place.file}"
    if store.files.state(version) is None:
        return False
    _check_same(store, path, version, store.files.read(path))
    return True


def _version_path(store: TableStore, place: _Place, provenance: StoredProvenance) -> str:
    return f"{store.versions_folder(place.table, place.partition)}/{provenance.version}"


def _check_same(store: TableStore, path: str, version: str, content: bytes) -> None:
    if content != read_or_nothing(store.files, version):
        raise DamagedFile(path, f"it is not the same as its version {version}")


def _check_version(store: TableStore, path: str, place: _Place) -> bool:
    if place.file in (PRUNED_FILE, WITHDRAWN_FILE):
        _check_json(store, path)
    elif "/" not in place.file and place.file.endswith(".parquet"):
        _checked_table(path, place, store.files.read(path))
    elif place.file.endswith(f"/{PROVENANCE_FILE}"):
        _check_documents(store, path)
    else:
        return "/" in place.file
    return True


def _checked_table(path: str, place: _Place, content: bytes) -> StoredProvenance:
    provenance = provenance_in(content, path)
    spec = table_specs().get(place.table)
    if FILE_KEY not in content and spec is not None:
        # A file of an earlier release has no digest of its bytes, but one of its rows.
        rows = stored_table(StoredFile(path, place.partition, content))
        if content_hash(rows, spec.keys_of(rows.column_names)) != provenance.content_hash:
            raise DamagedFile(path, "its rows are not those that its provenance names")
    return provenance


def _check_documents(store: TableStore, marker: str) -> None:
    """Compare the documents of a version with the digest in its provenance. Raises DamagedFile."""
    provenance = provenance_of_documents(store.files, marker)
    folder = marker.rpartition("/")[0]
    names = [path.rpartition("/")[2] for path in store.find(folder) if path != marker]
    documents: Mapping[str, bytes] = {name: store.files.read(f"{folder}/{name}") for name in names}
    if provenance is not None and digest_of(documents) != provenance.content_hash:
        raise DamagedFile(marker, "the documents beside it are not those that it names")


def _check_json(store: TableStore, path: str) -> None:
    try:
        json.loads(store.files.read(path))
    except ValueError as error:
        raise DamagedFile(path, "it is no JSON") from error
