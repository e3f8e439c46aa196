"""Where a stored file came from, kept inside the file.

The writer gives run, cycle, code and inputs; the store adds schema version, rows, content hash and the version's name.
The text form is JSON under one key of the Parquet metadata.
"""

import functools
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

METADATA_KEY = b"forecast_assets.provenance"


@dataclass(frozen=True)
class Provenance:
    """What the writer knows.

    ``inputs`` maps table to {partition (Dagster's form): content hash}, look-ups in the store included.
    ``code_version`` and ``configuration`` are digests of the code and of the settings the content depends on; empty
    where the writer did not say. ``answers`` is what else the content depends on, by name, and no stored table says.
    """

    run_id: str
    cycle_id: str
    git_sha: str
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    code_version: str = ""
    configuration: str = ""
    answers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredProvenance(Provenance):
    """What a stored file says of itself.

    ``version`` is the file name under ``_versions``; ``previous_version`` the one it replaced when it was written (None
    for the first), so the versions ever published form a chain; ``written_at`` is UTC in ISO 8601.
    """

    schema_version: int = 0
    rows: int = 0
    content_hash: str = ""
    version: str = ""
    previous_version: str | None = None
    written_at: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> "StoredProvenance":
        said = json.loads(text)
        # Millions of inputs name the same partitions and hashes where every version of a store is looked at.
        said["inputs"] = {
            table: {sys.intern(partition): sys.intern(content) for partition, content in partitions.items()}
            for table, partitions in said["inputs"].items()
        }
        return cls(**said)


@functools.cache
def git_sha() -> str:
    """Return the commit of the running code: FORECAST_GIT_SHA in an image, else git's HEAD, else "unknown".

    HEAD gets "-dirty" when tracked files have local changes.
    """
    stamped = os.environ.get("FORECAST_GIT_SHA", "").strip()
    if stamped:
        return stamped
    head = _git("rev-parse", "HEAD")
    if not head:
        return "unknown"
    return f"{head}-dirty" if _git("status", "--porcelain", "--untracked-files=no") else head


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        # Images have no git and installed packages no repository: the caller reports "unknown".
        return ""
    return done.stdout.strip()
