"""Metadata of a stored version, reported to Dagster by the run that made it or by the command ``doctor``."""

import hashlib
import json
from typing import Any

import dagster as dg

from forecast_assets.storage import WrittenVersion


def describe_version(written: WrittenVersion) -> dict[str, dg.MetadataValue[Any] | str]:
    """Return the metadata that tables and documents share: run, version, code and inputs."""
    stored = written.provenance
    inputs = {table: {"partitions": len(hashes), "digest": _digest(hashes)} for table, hashes in stored.inputs.items()}
    return {
        "content_hash": stored.content_hash,
        "version": stored.version,
        "run_id": stored.run_id,
        "cycle_id": stored.cycle_id,
        "git_sha": stored.git_sha,
        "code_version": stored.code_version,
        "path": dg.MetadataValue.path(written.path),
        "inputs": dg.MetadataValue.json(inputs),
    }


def _digest(hashes: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()
