"""Which code makes the tables: a digest of its sources and of the libraries that compute.

Finer than a commit, which a change of the documentation moves too, and it holds where there is no repository. Work is
skipped only where it is equal (``forecast_assets.operations.backfill.staleness``).
"""

import functools
import hashlib
import importlib.metadata
import json
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
SQL = PACKAGE.parent / "dbt_like_sql"
# They start runs, tell people, simulate companies or read what is recorded as configuration: no table depends on them.
WITHOUT_EFFECT = {"cli", "config", "operations", "sample", "alerts", "tracking", "definitions.py", "tags.py"}
WITHOUT_EFFECT_IN_DEFS = {"sensors", "schedules.py", "jobs.py", "resources.py", "adls2.py"}
LIBRARIES = ("numpy", "pandas", "lightgbm", "statsmodels", "duckdb", "holidays", "pyarrow")


@functools.cache
def code_version() -> str:
    """Sixteen hexadecimal digits that change when a source file or a library that tables depend on does."""
    versions = {library: importlib.metadata.version(library) for library in LIBRARIES}
    return digest_of(_sources(), versions)


def digest_of(sources: dict[str, bytes], versions: dict[str, str]) -> str:
    """The digest of files by relative path and library versions by name, whatever the order."""
    parts = {name: hashlib.sha256(content).hexdigest() for name, content in sources.items()}
    return hashlib.sha256(json.dumps([parts, versions], sort_keys=True).encode()).hexdigest()[:16]


def _sources() -> dict[str, bytes]:
    python = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in WITHOUT_EFFECT]
    return {path.relative_to(PACKAGE.parent).as_posix(): path.read_bytes() for path in [*python, *SQL.rglob("*.sql")]}
