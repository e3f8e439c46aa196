"""The dry run of a release: version of a commit, and what keeps it from being released."""

import shutil
import subprocess
import sys

import pytest

from forecast_assets_tests.deploy.known_variables import ROOT
from tools.release import image_problems, problems_of

NAMED = "org.opencontainers.image."


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """Return the versions of a small repository: before a tag, at it, a commit after it, and without git."""
    pytest.importorskip("setuptools_scm")
    folder = tmp_path_factory.mktemp("repository")
    shutil.copy(ROOT / "pyproject.toml", folder)

    def git(*arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)

    def version():
        command = [sys.executable, "-m", "setuptools_scm"]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    git("add", "pyproject.toml")
    git("commit", "--quiet", "--message", "one")
    versions = {"no tag": version()}
    # The tag of something else does not count.
    git("tag", "v1.4.0")
    git("tag", "release-9")
    versions["tag"] = version()
    git("commit", "--quiet", "--allow-empty", "--message", "two")
    versions["after"] = version()
    shutil.rmtree(folder / ".git")
    versions["no git"] = version()
    return versions


def test_the_version_of_a_tagged_commit_is_its_tag(versions):
    assert versions["tag"] == "1.4.0"


def test_a_later_commit_is_a_development_version_of_the_next_patch(versions):
    version, _, commit = versions["after"].partition("+g")
    assert version == "1.4.1.dev1"
    assert int(commit, 16)


def test_without_a_tag_or_git_there_is_a_version_too(versions):
    assert versions["no git"] == "0.0.0"
    assert versions["no tag"].startswith("0.0.1.dev1+g")


def test_a_tagged_commit_with_a_section_and_a_clean_tree_can_be_released():
    assert problems_of("1.4.0", "## [1.4.0] - 2025-01-01", "") == []


@pytest.mark.parametrize(
    ("version", "changelog", "status", "words"),
    [
        ("1.4.0", "## [Unreleased]", "", "no section"),
        ("1.4.0", "## [1.4.0]", " M x", "has changes"),
        ("1.4.1.dev3+abc", "## [1.4.1]", "", "no tag"),
    ],
)
def test_what_keeps_a_release_back_is_named(version, changelog, status, words):
    (problem,) = problems_of(version, changelog, status)
    assert words in problem


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ({}, []),
        ({NAMED + "version": "1.4.0", NAMED + "revision": "abc"}, []),
        ({NAMED + "version": "1.4.0", NAMED + "revision": "def"}, ["revision def"]),
        ({NAMED + "version": "1.3.9", NAMED + "revision": "def"}, ["revision def", "version 1.3.9"]),
    ],
)
def test_an_image_of_another_commit_or_version_is_named(labels, names):
    problems = image_problems(labels, "1.4.0", "abc")
    assert len(problems) == len(names)
    assert all(f"the {name}," in problem for name, problem in zip(names, problems, strict=True))
