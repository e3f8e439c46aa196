"""Versions of a partition: their names, repeated writes of one run, and the chain of published versions."""

import itertools
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.provenance import StoredProvenance

# Beside the versions of a partition: notes of the removed ones, so that the chain of published versions stays whole.
PRUNED_FILE = "_pruned.json"
# By removed version: ``previous_version``, ``content_hash``, ``cycle_id`` and the time of removal, ``pruned_at``.
PrunedVersions = dict[str, dict[str, str | None]]


@dataclass(frozen=True)
class WrittenVersion:
    """Result of a write: the published file's path and its provenance."""

    partition: PartitionKey
    path: str
    provenance: StoredProvenance


@dataclass(frozen=True)
class Version:
    """One version of a partition.

    ``was_published`` is False for an orphan, which was never published. ``is_withdrawn`` is True for a publication that
    was taken back and can be restored.
    """

    name: str
    path: str
    provenance: StoredProvenance
    is_published: bool
    was_published: bool
    is_withdrawn: bool


def version_names(run_id: str, suffix: str = "") -> Iterator[str]:
    """Yield the names a run's versions of one partition may take: ``<run id>``, ``<run id>-2``, ``<run id>-3`` ...

    Raises:
        ValueError: If the run id cannot be a file name.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", run_id):
        raise ValueError(f"a run id becomes a file name: letters, digits, _ . and - only, got {run_id!r}")
    yield f"{run_id}{suffix}"
    for number in itertools.count(2):
        yield f"{run_id}-{number}{suffix}"


def is_same_write(existing: StoredProvenance, candidate: StoredProvenance) -> bool:
    """Return True if a run writes its version again: same content, schema version, inputs and cycle."""
    return (existing.content_hash, existing.schema_version, existing.inputs, existing.cycle_id) == (
        candidate.content_hash,
        candidate.schema_version,
        candidate.inputs,
        candidate.cycle_id,
    )


def list_versions(
    stored: Mapping[str, StoredProvenance],
    published: str | None,
    pruned: Mapping[str, str | None] | None = None,
    withdrawn: Collection[str] = (),
) -> list[Version]:
    """Order versions by time of writing and follow the chain of replaced versions back from the published one.

    A withdrawn version is the end of a chain of its own: what is published after it names no version before.

    Args:
        stored: Path -> provenance of every version file of one partition.
        published: The version that the published file names; None if nothing is published.
        pruned: By removed version, the version it had replaced.
        withdrawn: Versions that were published and taken back.
    """
    previous = dict(pruned or {}) | {each.version: each.previous_version for each in stored.values()}
    chain: set[str] = set()
    for end in (published, *withdrawn):
        version = end
        while version is not None and version not in chain:
            chain.add(version)
            version = previous.get(version)
    listed = [
        Version(
            each.version, path, each, each.version == published, each.version in chain, each.version in set(withdrawn)
        )
        for path, each in stored.items()
    ]
    return sorted(listed, key=lambda listed_version: listed_version.provenance.written_at)


def read_pruned(content: bytes | None, path: str) -> PrunedVersions:
    """Return the notes of a partition's removed versions; none without a file. Raises DamagedFile."""
    if content is None:
        return {}
    try:
        pruned: PrunedVersions = json.loads(content)
        return {version: {**note} for version, note in pruned.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise DamagedFile(path, "the notes of removed versions cannot be read; move the file away") from error
