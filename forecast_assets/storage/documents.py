"""Documents of a partition (report pages, workbooks): layout and versions as for tables, but several files each.

Each file is put in place atomically, ``_provenance.json`` last. While it still names the previous version, the new set
is incomplete.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.fenced_publish import replace_as_owner
from forecast_assets.storage.lease import Hold
from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.provenance import Provenance, StoredProvenance
from forecast_assets.storage.publish import Files, PublishConflict
from forecast_assets.storage.versions import version_names

PROVENANCE_FILE = "_provenance.json"


@dataclass(frozen=True)
class DocumentFolders:
    """Folders of one partition's documents: the published ones, and the versions."""

    published: str
    versions: str


def write_documents(
    files: Files,
    folders: DocumentFolders,
    name: str,
    partition: PartitionKey,
    documents: Mapping[str, bytes],
    provenance: Provenance,
    hold: Hold | None = None,
) -> StoredProvenance:
    """Store documents as a new version and publish them, with a ``hold`` only while it is the owner of its lease.

    Raises:
        LeaseLost: If another owner has taken the lease.
        ValueError: If there is no document or a name is not a plain file name.
        PublishConflict: If another writer published the partition meanwhile.
    """
    bad = [document for document in documents if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", document)]
    if bad or not documents:
        raise ValueError(
            f"{name} [{partition}]: documents have plain file names such as market_report.html, got {bad or 'none'}"
        )
    marker = f"{folders.published}/{PROVENANCE_FILE}"
    state_before = files.state(marker)
    try:
        published = read_provenance(files, folders)
    except DamagedFile:
        published = None  # The new set replaces it.
    stored = StoredProvenance(
        **vars(provenance),
        rows=len(documents),
        content_hash=digest_of(documents),
        previous_version=published.version if published else None,
        written_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )
    stored = _create_version(files, folders, documents, stored)
    for document, content in sorted(documents.items()):
        replace_as_owner(files, f"{folders.published}/{document}", content, hold)
    if hold is not None:
        replace_as_owner(files, marker, stored.to_json().encode(), hold)
        return stored
    try:
        files.replace(marker, stored.to_json().encode(), state_before)
    except PublishConflict as conflict:
        raise PublishConflict(
            f"{name} [{partition}] was published by another run while run {stored.run_id} was writing it; the "
            "documents may be of both. Repeat the run that should win."
        ) from conflict
    return stored


def read_provenance(files: Files, folders: DocumentFolders) -> StoredProvenance | None:
    """Return the provenance of the published documents; None without any."""
    return provenance_of_documents(files, f"{folders.published}/{PROVENANCE_FILE}")


def provenance_of_documents(files: Files, path: str) -> StoredProvenance | None:
    """Return the provenance in a file beside documents; None without a file. Raises DamagedFile."""
    content = files.read_many([path])[0]
    try:
        return None if content is None else StoredProvenance.from_json(content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedFile(path, f"the provenance of the documents cannot be read ({type(error).__name__})") from error


def _create_version(
    files: Files, folders: DocumentFolders, documents: Mapping[str, bytes], stored: StoredProvenance
) -> StoredProvenance:
    for version in version_names(stored.run_id):
        folder = f"{folders.versions}/{version}"
        candidate = replace(stored, version=version)
        # The provenance goes last: a folder without one is a version whose run was killed.
        content = {**dict(sorted(documents.items())), PROVENANCE_FILE: candidate.to_json().encode()}
        if all(_created_or_same(files, f"{folder}/{document}", bytes_) for document, bytes_ in content.items()):
            return candidate
    raise AssertionError("version names are endless")


def _created_or_same(files: Files, path: str, content: bytes) -> bool:
    try:
        files.create(path, content)
    except FileExistsError:
        if path.endswith(PROVENANCE_FILE):
            try:
                existing = provenance_of_documents(files, path)
            except DamagedFile:
                return False
            return existing is not None and existing.content_hash == StoredProvenance.from_json(content).content_hash
        return files.read(path) == content
    return True


def digest_of(documents: Mapping[str, bytes]) -> str:
    """Return the digest of a set of documents: their names and contents."""
    parts = [[document, hashlib.sha256(content).hexdigest()] for document, content in sorted(documents.items())]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()
