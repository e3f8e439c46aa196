"""Metadata of a stored version that the run which made it, or the doctor who finds it later, reports to Dagster."""

import hashlib
import json

import dagster as dg

from forecast_assets.storage import WrittenVersion


def describe_version(written: WrittenVersion) -> dict[str, object]:
    """Return the metadata that tables and documents share: who, what version, from what."""
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
