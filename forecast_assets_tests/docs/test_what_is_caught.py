"""The page of what is caught: each row names tests, and each of them exists."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/what-is-caught.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([A-Z]\d+) \|", PAGE, re.MULTILINE)
NAMED = re.findall(r"^([A-Z]\d+) (\S+\.py)::\s*(test_\w+)$", PAGE, re.MULTILINE)


def test_each_row_has_a_number_of_its_own_and_a_test():
    assert len(set(ROWS)) == len(ROWS) > 60
    assert {row for row, _, _ in NAMED} == set(ROWS)


def test_each_test_that_the_page_names_exists():
    assert len(NAMED) == PAGE.count("::")
    texts = {path: (TESTS / path).read_text(encoding="utf-8") for _, path, _ in NAMED}
    absent = [f"{path}::{name}" for _, path, name in NAMED if f"\ndef {name}(" not in texts[path]]
    assert absent == []
