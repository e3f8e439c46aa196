"""The dry run of a release: version of a commit, and what keeps it from being released."""

import pytest

from tools.release import problems_of, version_of


@pytest.mark.parametrize(
    ("described", "version"),
    [
        ("v1.4.0-0-gabc1234", "1.4.0"),
        ("v1.4.0-3-gabc1234", "1.4.1.dev3+abc1234"),
        ("", "0.0.0+fedcba9"),
        ("release-1", "0.0.0+fedcba9"),
    ],
)
def test_the_version_is_that_of_the_tag(described, version):
    assert version_of(described, "fedcba9876") == version


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
