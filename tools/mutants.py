"""Mutation tests of named files: each one-line mutant must turn a test red that is meant for its file.

    python -m tools.mutants forecast_assets/defs/sensors/arrivals.py [--sample 30] [--tests forecast_assets_tests/...]

The tests of ``forecast_assets/a/b.py`` are ``forecast_assets_tests/a/test_b*.py``; without such files, every test file
that imports the module. Works on copies of the tree, one per process. A mutant that changes nothing that anyone could
see is listed in ``equivalent_mutants.yaml`` with the reason. Exits with 0 if at least 95 % of the others turned red.
"""

import argparse
import compileall
import math
import multiprocessing
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from tools.mutations import Mutant, mutants

REPOSITORY = Path(__file__).resolve().parent.parent
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.yaml")
FLOOR = 0.95
# Imported once and shared by the processes that run the tests: their import costs more than most tests.
PRELOADED = [
    "dagster", "pandas", "pandera.pandas", "duckdb", "pyarrow.parquet", "pytest", "lightgbm", "scipy.stats",
    "alembic.context", "upath", "jinja2", "dagster._core.storage.event_log.sqlite", "dagster._core.execution.api",
    "hypothesis.core", "_hypothesis_pytestplugin", "anyio.pytest_plugin", "typeguard._pytest_plugin", "xdist.plugin",
    "pytest_cov.plugin",
]  # fmt: skip
# A mutant may loop for ever: it has this many times the time of the unchanged module, and some seconds.
TIME_FACTOR, TIME_EXTRA_S = 3.0, 20.0


def main() -> int:
    """Run the mutants of the named files and return the exit code."""
    parser = argparse.ArgumentParser(description="Run the tests of named files against one-line mutants of them.")
    parser.add_argument("files", nargs="+", help="Modules, as paths from the top of the repository")
    parser.add_argument("--tests", nargs="+", default=[], help="Test files to run instead of those found by name")
    parser.add_argument("--sample", type=int, default=0, help="Number of mutants per file, drawn at random; 0 for all")
    parser.add_argument("--seed", type=int, default=1, help="Seed of the draw")
    parser.add_argument("--processes", type=int, default=2, help="Number of mutants tested at a time")
    arguments = parser.parse_args()
    multiprocessing.set_start_method("forkserver")
    multiprocessing.set_forkserver_preload(PRELOADED)
    work = tempfile.mkdtemp(prefix="mutants-")
    try:
        copies: queue.Queue[Path] = queue.Queue()
        for number in range(arguments.processes):
            copies.put(_copy(Path(work) / str(number)))
        survivors, count = [], 0
        for module in arguments.files:
            tests = arguments.tests or tests_of(module, REPOSITORY)
            chosen = _chosen(module, arguments.sample, arguments.seed)
            survivors += _survivors(chosen, tests, copies, arguments.processes)
            count += len(chosen)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return _report(survivors, count)


def tests_of(module: str, repository: Path) -> list[str]:
    """Return the test files meant for a module, by name, else by import.

    Raises:
        SystemExit: If there is none.
    """
    path = Path(module)
    folder = repository / "forecast_assets_tests" / Path(*path.parts[1:-1])
    named = sorted(folder.glob(f"test_{path.stem}.py")) + sorted(folder.glob(f"test_{path.stem}_*.py"))
    if not named:
        dotted = ".".join(path.with_suffix("").parts)
        parent, _, name = dotted.rpartition(".")
        named = [
            file
            for file in sorted((repository / "forecast_assets_tests").rglob("test_*.py"))
            if dotted in (text := file.read_text()) or f"from {parent} import {name}" in text
        ]
    if not named:
        sys.exit(f"{module}: no test file has its name or imports it. Name the tests with --tests")
    return [str(file.relative_to(repository)) for file in named]


def dead_entries(entries: Sequence[Mapping[str, str]], repository: Path) -> list[str]:
    """Return the entries of equivalent mutants whose lines are no longer in their file, as file and line."""
    dead = []
    for entry in entries:
        file = repository / entry["file"]
        is_dead = entry["file"] != "*" and not (file.is_file() and entry["was"] in " ".join(file.read_text().split()))
        if is_dead:
            dead.append(f"{entry['file']}: {entry['was']}")
    return dead


def _chosen(module: str, sample: int, seed: int) -> list[Mutant]:
    made = mutants(module, (REPOSITORY / module).read_text())
    changes = {(mutant.was, mutant.now) for mutant in made}
    for entry in equivalent():
        if entry["file"] == module and (entry["was"], entry["now"]) not in changes:
            sys.exit(f"{EQUIVALENT.name}: {module} has no mutant {entry['was']} -> {entry['now']}. Remove the entry")
    every = [mutant for mutant in made if not _equivalence(mutant)]
    if not sample or sample >= len(every):
        return every
    return sorted(random.Random(seed).sample(every, sample), key=lambda mutant: mutant.line)


def equivalent() -> list[dict[str, str]]:
    """Return the listed mutants that change nothing that anyone could see."""
    return yaml.safe_load(EQUIVALENT.read_text()) or []


def _equivalence(mutant: Mutant) -> str | None:
    """Return why a mutant is known to change nothing; None if it is not listed."""
    for known in equivalent():
        if known["file"] not in ("*", mutant.module):
            continue
        if (known["was"], known["now"]) == (mutant.was, mutant.now):
            return str(known["reason"])
    return None


def _survivors(chosen: list[Mutant], tests: list[str], copies: "queue.Queue[Path]", processes: int) -> list[Mutant]:
    """Run every mutant of one module, print its line, and return those that no test noticed."""
    if not chosen:
        return []
    copy = copies.get()
    begun = time.monotonic()
    if not _is_green(copy, tests, None):
        sys.exit(f"{chosen[0].module}: {' '.join(tests)} fail without any mutant. Correct them first")
    limit = TIME_FACTOR * (time.monotonic() - begun) + TIME_EXTRA_S
    copies.put(copy)
    _print(f"{chosen[0].module}: {len(chosen)} mutants, {' '.join(tests)}")

    def survives(mutant: Mutant) -> bool:
        tree = copies.get()
        file = tree / mutant.module
        original = file.read_text()
        try:
            file.write_text(mutant.source)
            green = _is_green(tree, tests, limit)
        finally:
            file.write_text(original)
            copies.put(tree)
        if green:
            _print(f"  green  {mutant.module}:{mutant.line}  {mutant.was}  ->  {mutant.now}")
        return green

    with ThreadPoolExecutor(processes) as pool:
        green = list(pool.map(survives, chosen))
    _print(f"{chosen[0].module}: {len(chosen) - sum(green)} of {len(chosen)} red")
    return [mutant for mutant, is_green in zip(chosen, green, strict=True) if is_green]


def _is_green(tree: Path, tests: list[str], limit_s: float | None) -> bool:
    """Return True if the tests pass in a copy of the tree within the limit."""
    process = multiprocessing.Process(target=_pytest, args=(str(tree), tests, limit_s))
    process.start()
    process.join(limit_s)
    if process.exitcode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
    return process.exitcode == 0


def _pytest(tree: str, tests: list[str], limit_s: float | None) -> None:
    os.setsid()  # the tests' own processes end with them
    if limit_s is not None:
        # A mutant that loops ends although the command that started it was killed.
        signal.alarm(math.ceil(limit_s + TIME_EXTRA_S))
    sys.dont_write_bytecode = True
    os.chdir(tree)
    sys.path.insert(0, tree)
    # Programs that tests start import the mutant, too.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [tree, os.environ.get("PYTHONPATH")]))
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    import pytest

    os._exit(pytest.main(["-x", "-q", "-n0", "-p", "no:cacheprovider", *tests]))


def _copy(target: Path) -> Path:
    """Copy what git tracks, and new files that it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.splitlines()):
        if (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target / name)
    # Processes that run the tests write no bytecode: a mutant of the same second could be taken for another.
    compileall.compile_dir(target / "forecast_assets", quiet=2)
    return target


def _report(survivors: list[Mutant], count: int) -> int:
    share = 1 - len(survivors) / count if count else 1.0
    _print(f"{count - len(survivors)} of {count} mutants red ({share:.1%}; at least {FLOOR:.0%} is asked for)")
    return 0 if share >= FLOOR else 1


def _print(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
