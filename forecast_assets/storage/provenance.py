"""Origin of a stored file, kept inside the file.

The writer gives run, cycle, code and inputs. The store adds schema version, rows, content hash and the version's name.
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
    """Origin as the writer knows it.

    Attributes:
        run_id: Run that wrote the file.
        cycle_id: Monthly cycle of the run.
        git_sha: Commit of the running code.
        inputs: Table to {partition (Dagster's form): content hash}, look-ups in the store included.
        code_version: Digest of the code that the content depends on; empty if the writer gave none.
        configuration: Digest of the settings that the content depends on; empty if the writer gave none.
        answers: Further facts that the content depends on and that no stored table holds, by name.
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
    """Origin as a stored file holds it.

    Attributes:
        schema_version: Version of the table's spec.
        rows: Rows of a table, or number of documents.
        content_hash: Digest of the content.
        version: File name below ``_versions``.
        previous_version: Version that this one replaced; None for the first. So published versions form a chain.
        written_at: Time in UTC, ISO 8601.
    """

    schema_version: int = 0
    rows: int = 0
    content_hash: str = ""
    version: str = ""
    previous_version: str | None = None
    written_at: str = ""

    def to_json(self) -> str:
        """Return the text form."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> "StoredProvenance":
        """Read the text form."""
        values = json.loads(text)
        # A reader of every version of a store meets millions of inputs with the same partitions and hashes.
        values["inputs"] = {
            table: {sys.intern(partition): sys.intern(content) for partition, content in partitions.items()}
            for table, partitions in values["inputs"].items()
        }
        return cls(**values)


@functools.cache
def git_sha() -> str:
    """Return the commit of the running code: FORECAST_GIT_SHA in an image, else git's HEAD, else "unknown".

    HEAD gets "-dirty" if tracked files have local changes.
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
        result = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        # An image has no git and an installed package no repository: the caller reports "unknown".
        return ""
    return result.stdout.strip()
