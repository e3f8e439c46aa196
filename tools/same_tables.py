"""Comparison of all stored tables of a small company, built with the code of a commit and with the working tree.

    python -m tools.same_tables --base 2c248ec

Exits with 0 if every version of every partition is identical, else with 1 and a line per difference. The store of the
commit is kept in ``var/same_tables``, so that a second run builds the working tree's side alone.
"""

import argparse
import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.small_company import BuildError, SmallCompany
from tools.stored_tables import absent_tables, differences, partitions

REPOSITORY = Path(__file__).resolve().parent.parent
KEPT = REPOSITORY / "var" / "same_tables"
EXPECTED_TABLES = [
    "sell_in", "sell_out", "products", "promotions", "overrides", "covid_policy", "demand_totals",
    "demand_totals_known", "history_marks", "features", "baseline_forecasts", "pooled_rows", "pooled_model",
    "tuned_recipe", "refused_recipe", "model", "forecasts", "backtest", "champion", "published_forecasts",
    "performance", "market_report",
]  # fmt: skip
SHOWN_DIFFERENCES = 100


def main() -> int:
    """Build what is missing, compare, and return the exit code."""
    parser = argparse.ArgumentParser(description="Compare the tables of a commit with those of the working tree.")
    parser.add_argument("--base", required=True, help="Commit to compare with, e.g. 2c248ec")
    commit = _git("rev-parse", "--verify", f"{parser.parse_args().base}^{{commit}}")
    try:
        base = _base_store(commit)
        own = KEPT / "working-tree"
        shutil.rmtree(own, ignore_errors=True)
        _build(REPOSITORY, own, "working tree")
    except BuildError as error:
        _print(str(error))
        return 1
    return _compare(base, own / "store")


def _compare(base: Path, own: Path) -> int:
    """Print every difference between two stores and return the exit code."""
    found = [
        f"{name}: no rows in the base's store, so nothing was compared" for name in absent_tables(base, EXPECTED_TABLES)
    ]
    found += differences(base, own)
    for line in found[:SHOWN_DIFFERENCES]:
        _print(line)
    if found:
        _print(f"{len(found)} differences ({min(len(found), SHOWN_DIFFERENCES)} shown); stores: {base} and {own}")
        return 1
    stored = partitions(base)
    versions = sum(len(each.versions) for each in stored.values())
    tables = len({table for table, _ in stored})
    _print(f"identical: {tables} tables, {len(stored)} partitions, {versions} versions")
    return 0


def _base_store(commit: str) -> Path:
    """Return the store of a commit, built in a temporary worktree unless a complete one is kept."""
    kept = KEPT / f"{commit[:12]}-{_digest()}"
    if not kept.exists():
        unfinished = kept.with_name(f"{kept.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        with _worktree(commit) as tree:
            _build(tree, unfinished, commit[:12])
        # The name without a suffix is given last: an interrupted build is never taken for a complete one.
        unfinished.rename(kept)
    else:
        _print(f"{commit[:12]}: kept in {kept.relative_to(REPOSITORY)}")
    return kept / "store"


def _digest() -> str:
    """Return a digest of what the tables depend on besides the code: libraries, Python, and the scenario."""
    scenario = Path(__file__).with_name("small_company.py")
    parts = [(REPOSITORY / "locks" / "dev.txt").read_bytes(), scenario.read_bytes(), platform.python_version().encode()]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:12]


def _build(tree: Path, folder: Path, title: str) -> None:
    began = time.monotonic()
    _print(f"{title}: building")
    SmallCompany(tree, folder, lambda line: _print(f"  {line}")).build()
    _print(f"{title}: built in {time.monotonic() - began:.0f} s")


@contextmanager
def _worktree(commit: str) -> Iterator[Path]:
    """Check a commit out in a temporary folder that is removed in the end."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        _git("worktree", "add", "--detach", str(tree), commit)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> str:
    ended = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise SystemExit(f"git {' '.join(arguments)}: {ended.stderr.strip()}")
    return ended.stdout.strip()


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
