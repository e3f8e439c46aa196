"""Pages that people write: their width, and links that hold in the repository and on the site."""

import re
import tomllib
from pathlib import Path

import pytest

from tools.docs_hooks import LOADED_FROM_A_HOST, OUTSIDE, REPOSITORY, site_link
from tools.reference import PAGES

GENERATED = {f"docs/reference/{name}" for name in PAGES} | {"docs/vendor/README.md"}
TOP = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
WRITTEN = [
    path
    for path in [*TOP, *sorted((REPOSITORY / "docs").rglob("*.md"))]
    if path.relative_to(REPOSITORY).as_posix() not in GENERATED
]
WIDTH = 120
# Articles, and words that pass the blame to a reader; each has a plain alternative.
UNCLEAR = re.compile(r"\b(nobody|whoever|for want of|of theirs|of then)\b", re.IGNORECASE)


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_a_line_is_at_most_120_characters_wide(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > WIDTH and "://" not in line] == []


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_a_page_names_an_actor_in_each_sentence(path):
    assert UNCLEAR.findall(path.read_text(encoding="utf-8")) == []


def test_the_readme_fits_a_hundred_lines():
    assert len((REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()) <= 100


@pytest.mark.parametrize("path", TOP, ids=name_of)
def test_links_of_the_top_pages_lead_to_a_file(path):
    targets = re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.fixture(scope="module")
def modules() -> list[str]:
    """Paths of all Python files of the repository, each behind a slash."""
    folders = ("forecast_assets", "forecast_assets_tests", "benchmarks", "tools", "dbt_like_sql")
    return [f"/{name_of(path)}" for folder in folders for path in (REPOSITORY / folder).rglob("*.py")]


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_modules_that_a_page_names_exist(path, modules):
    named = re.findall(r"`([a-z_/]+\.py)`", path.read_text(encoding="utf-8"))
    assert [name for name in named if not any(module.endswith(f"/{name}") for module in modules)] == []


def test_the_layers_of_the_guide_are_those_that_lint_holds():
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers")
    guide = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    listed = re.search(r"```text\n(cli .*?)```", guide, re.DOTALL)[1].splitlines()
    assert [re.split(r"  +", line)[0] for line in listed] == layers


@pytest.mark.parametrize(
    ("link", "source", "page", "expected"),
    [
        ("../CONTRIBUTING.md", "docs/storage.md", "storage.md", "contributing.md"),
        ("../../CONTRIBUTING.md", "docs/decisions/blend.md", "decisions/blend.md", "../contributing.md"),
        ("docs/storage.md", "CONTRIBUTING.md", "contributing.md", "storage.md"),
        ("RESULTS.png", "benchmarks/RESULTS.md", "reference/accuracy.md", "RESULTS.png"),
        ("storage.md", "docs/architecture.md", "architecture.md", "storage.md"),
        ("../benchmarks/RESULTS.md", "docs/engine.md", "engine.md", "reference/accuracy.md"),
    ],
)
def test_a_link_of_the_repository_becomes_one_of_the_site(link, source, page, expected):
    assert site_link(link, source, page) == expected


def test_pages_outside_the_docs_folder_are_in_the_repository():
    assert [source for source in OUTSIDE if not (REPOSITORY / source).is_file()] == []


@pytest.mark.parametrize(
    ("tag", "is_found"),
    [
        ('<script src="https://cdn.example.com/a.js">', True),
        ('<link rel="stylesheet" href="//fonts.example.com/a.css">', True),
        ('<img alt="x" src="http://example.com/a.png">', True),
        ('<script src="vendor/mermaid.tiny.js">', False),
        ('<a href="https://example.com">', False),
    ],
)
def test_a_tag_that_loads_from_another_host_is_found(tag, is_found):
    assert bool(LOADED_FROM_A_HOST.search(tag)) == is_found
