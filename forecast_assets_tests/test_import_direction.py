"""Permitted imports between modules, read from the source without importing it."""

import ast
import functools
import sys
from pathlib import Path

import pytest

import forecast_assets

ROOT = Path(forecast_assets.__file__).parent
NUMBERS = {"numpy", "pandas", "scipy", "statsmodels", "lightgbm", "optuna", "holidays", "dateutil"}
OUTSIDE_WORLD = {
    "os", "pathlib", "time", "io", "subprocess", "shutil", "tempfile", "socket", "urllib", "http", "glob", "random",
    "logging", "threading", "multiprocessing", "asyncio", "sqlite3", "importlib", "ctypes", "getpass", "platform",
}  # fmt: skip
# A member of the blend may bring a library; the registry imports the file that a member's name says.
NEEDED = {
    "domain/models/boosting_library.py": {"importlib"},
    "domain/models/member_registry.py": {"importlib"},
    "domain/models/members/auto_ces.py": {"statsforecast"},
    "domain/models/members/ridge_on_lags.py": {"sklearn"},
}
CLOCK = {"now", "today", "utcnow"}


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def sources(package: str) -> list[Path]:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"no source under {package}"
    return files


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def imports_of(path: Path) -> frozenset[str]:
    """Full names of all imports, those inside functions too; ``from a import b`` gives ``a`` and ``a.b``."""
    names = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{named(path)}:{node.lineno}: imports are absolute"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def files_of_module(name: str) -> list[Path]:
    """The file of one of our modules and the ``__init__`` of every package around it."""
    parts = name.split(".")[1:]
    packages = [ROOT.joinpath(*parts[:depth]) / "__init__.py" for depth in range(len(parts) + 1)]
    return [path for path in [*packages, ROOT.joinpath(*parts).with_suffix(".py")] if path.is_file()]


def reached_from(start: list[Path]) -> set[Path]:
    """Every file of ours that is imported, directly or not."""
    reached, waiting = set(), list(start)
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            ours = (name for name in imports_of(path) if name.split(".")[0] == "forecast_assets")
            waiting += [file for name in ours for file in files_of_module(name)]
    return reached


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports_of(path)}


def test_the_domain_imports_numbers_the_quiet_part_of_the_standard_library_and_itself():
    allowed = NUMBERS | (set(sys.stdlib_module_names) - OUTSIDE_WORLD) | {"forecast_assets"}
    foreign = {named(path): roots(path) - allowed for path in sources("domain") if roots(path) - allowed}
    assert foreign == NEEDED


@pytest.mark.parametrize("package", ["domain", "schemas"])
def test_the_lowest_layers_know_no_other_part_of_ours(package):
    own = f"forecast_assets.{package}"
    others = {
        named(path): sorted(name for name in imports_of(path) if name.startswith("forecast_assets") and own not in name)
        for path in sources(package)
    }
    assert {path: names for path, names in others.items() if names} == {}


def test_the_domain_never_looks_at_the_clock():
    looks = [
        f"{named(path)}:{node.lineno}"
        for path in sources("domain")
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Attribute) and node.attr in CLOCK)
        or (isinstance(node, ast.Constant) and node.value in CLOCK)
    ]
    assert looks == []


def test_every_random_generator_of_the_domain_is_given_a_seed():
    unseeded = [
        f"{named(path)}:{node.lineno}"
        for path in sources("domain")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", None) in {"default_rng", "RandomState", "Generator"}
        and not node.args
    ]
    assert unseeded == []


def test_nobody_imports_the_definitions_but_the_launcher_and_it_only_when_it_launches():
    importers = [
        path
        for path in sources("")
        if path.name != "definitions.py" and any("forecast_assets.definitions" in name for name in imports_of(path))
    ]
    assert [named(path) for path in importers] == ["cli/code_location.py"]
    at_load = [node for path in importers for node in tree_of(path).body if isinstance(node, ast.ImportFrom)]
    assert "forecast_assets.definitions" not in {node.module for node in at_load}


@pytest.mark.parametrize(
    "package", ["domain", "schemas", "config", "storage", "sample", "sources", "reports", "alerts"]
)
def test_what_works_without_dagster_does_not_reach_it_by_any_detour(package):
    wired = [named(path) for path in reached_from(sources(package)) if roots(path) & {"dagster", "dagster_mlflow"}]
    assert wired == []
