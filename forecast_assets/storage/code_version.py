"""Code version of each asset: digest of what its rows are computed with, so that skipped work is skipped rightly.

It covers the import closure of the asset's function (``forecast_assets.storage.import_closure``), the SQL files that
it runs and the versions of the libraries that compute. It is finer than a commit, and holds without a repository.
Docstrings and comments are left out. Configuration has a digest of its own (``forecast_assets.storage.configuration``).
"""

import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from forecast_assets.storage.import_closure import Closure, SourceTree, UnknownAssetError

PACKAGE = Path(__file__).resolve().parents[1]
SQL = PACKAGE.parent / "dbt_like_sql"
# Every table is built with the first three; the others count where the closure uses them.
ALWAYS = ("numpy", "pandas", "pyarrow")
COMPUTING = {
    "duckdb", "holidays", "jinja2", "lightgbm", "optuna", "scipy", "sklearn", "sqlglot", "statsforecast", "statsmodels",
    "xlsxwriter", *ALWAYS,
}  # fmt: skip
# By name of the package, that of its distribution where it differs.
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
# Beside the Python files: what the report's page is filled from.
TEMPLATES = {".jinja", ".js", ".css"}
# Beside the compiled modules: written and found where Python writes and finds those.
CACHE = Path(importlib.util.cache_from_source(__file__)).with_name("code_versions.json")
_REFERENCE = re.compile(r"""ref\(\s*['"](\w+)['"]\s*\)""")


@functools.cache
def code_version(asset: str) -> str:
    """Return sixteen hexadecimal digits that change when the code that computes the asset's rows does.

    Empty for an asset that is not one of the package: nothing is known of its code.
    """
    return code_versions([asset])[asset]


def code_versions(
    assets: Iterable[str], package: Path = PACKAGE, sql: Path = SQL, cache: Path | None = CACHE
) -> dict[str, str]:
    """Return the code version of each asset.

    Parsing the sources takes a third of a second, so results are kept in ``cache`` under a digest of all files: a
    process that finds the same files reads them there.
    """
    wanted, key = list(assets), code_digest() if (package, sql) == (PACKAGE, SQL) else _key(package, sql)
    known = _cached(cache, key)
    missing = [asset for asset in wanted if asset not in known]
    if missing:
        tree = SourceTree(package)
        known |= {asset: _version(tree, sql, asset) for asset in missing}
        _keep(cache, key, known)
    return {asset: known[asset] for asset in wanted}


def digest_of(sources: Mapping[str, str], versions: Mapping[str, str]) -> str:
    """Return the digest of source texts by name and library versions by name, whatever the order."""
    parts = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sources.items()}
    return hashlib.sha256(json.dumps([parts, versions], sort_keys=True).encode()).hexdigest()[:16]


def sql_files_of(asset: str, sql: Path = SQL) -> list[Path]:
    """Return the SQL files that an asset runs: its mart and the mart's tests, with all that they refer to."""
    files = {path.stem: path for folder in ("staging", "marts", "tests") for path in (sql / folder).glob("*.sql")}
    refers = {name: set(_REFERENCE.findall(path.read_text(encoding="utf-8"))) for name, path in files.items()}
    if asset not in files or files[asset].parent.name != "marts":
        return []
    used: set[str] = set()
    waiting = [asset, *(name for name, path in files.items() if path.parent.name == "tests" and asset in refers[name])]
    while waiting:
        name = waiting.pop()
        if name in files and name not in used:
            used.add(name)
            waiting += refers[name]
    return [files[name] for name in sorted(used)]


def _version(tree: SourceTree, sql: Path, asset: str) -> str:
    try:
        closure = tree.closure(asset)
    except UnknownAssetError:
        return ""
    texts = {f"sql/{path.stem}": _without_comments(path) for path in sql_files_of(asset, sql)}
    versions = {name: version for name, version in _versions().items() if name in {*ALWAYS, *closure.libraries}}
    return digest_of(closure.texts | _templates(closure) | texts, versions)


@functools.cache
def _versions() -> dict[str, str]:
    return {library: _version_of(DISTRIBUTIONS.get(library, library)) for library in sorted(COMPUTING)}


def _version_of(distribution: str) -> str:
    """Return the version of a distribution; empty where it is not installed: members may need more than the product."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _templates(closure: Closure) -> dict[str, str]:
    files = [path for folder in closure.folders for path in folder.rglob("*") if path.suffix in TEMPLATES]
    return {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in files}


def _without_comments(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))


@functools.cache
def code_digest() -> str:
    """Return the digest of the package's own files, read once: a process runs the code that it began with."""
    return _key(PACKAGE, SQL)


def _key(package: Path, sql: Path) -> str:
    """Return the digest of all that a code version can depend on."""
    paths = [*package.rglob("*.py"), *sql.rglob("*.sql"), *(p for p in package.rglob("*") if p.suffix in TEMPLATES)]
    contents = {str(path): path.read_text(encoding="utf-8") for path in paths}
    return digest_of(contents, {**_versions(), "python": sys.version})


def _cached(cache: Path | None, key: str) -> dict[str, str]:
    """Return what the cache holds under the key; nothing where it is absent, of other files, or half written."""
    with suppress(OSError, ValueError):
        held = json.loads(cache.read_text(encoding="utf-8")) if cache else {}
        if held.get("key") == key:
            return dict(held["versions"])
    return {}


def _keep(cache: Path | None, key: str, versions: Mapping[str, str]) -> None:
    """Write the cache in one step; a folder that cannot be written (an image's) costs the parsing each time."""
    if cache is None:
        return
    new = cache.with_suffix(f".{hashlib.sha256(key.encode()).hexdigest()[:8]}.new")
    with suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps({"key": key, "versions": dict(versions)}), encoding="utf-8")
        new.replace(cache)
