"""docs/reference/sample-parameters.md lists every parameter with its value, every category and every fault."""

import re
from pathlib import Path

import pytest

from forecast_assets.sample import FAULTS, parameters

ROOT = Path(__file__).parents[2]
SOURCE = Path(parameters.__file__).read_text(encoding="utf-8")
ASSIGNMENTS = re.findall(r"^([A-Z][A-Z_, ]* = .*?)(?:  # (.+))?$", SOURCE, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def text():
    return (ROOT / "docs" / "reference" / "sample-parameters.md").read_text(encoding="utf-8")


def test_every_parameter_stands_in_the_documentation_with_its_value_and_reason(text):
    assert len(ASSIGNMENTS) > 60
    missing = [code for code, reason in ASSIGNMENTS if not reason or f"| `{code}` | {reason} |" not in text]
    assert missing == []


def test_every_fault_stands_in_the_documentation(text):
    assert [name for name, what in FAULTS.items() if f"| `{name}` | {what} |" not in text] == []


def test_every_category_stands_in_the_documentation_with_its_effects(text):
    for category in parameters.CATEGORIES:
        effects = [category.share, category.summer, category.christmas, category.easter, category.ramadan]
        effects += [category.holiday, category.covid, category.elasticity, category.price]
        assert f"| {category.name} | " + " | ".join(f"{value:g}" for value in effects) + " |" in text
