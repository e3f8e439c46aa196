"""The page of the sample company's parameters, faults and categories, from its source."""

import re
from pathlib import Path

from forecast_assets.sample import FAULTS, parameters

HEAD = """\
<!-- Generated from the simulator by `make reference`. -->
# Sample parameters

The numbers that shape the [sample company](../sample-company.md), each with its reason.
They are frozen, because benchmarks are measured on them.
An effect called log adds to the logarithm of expected sell-out: 0.10 is about +10 %.
"""
ASSIGNMENT = re.compile(r"^([A-Z][A-Z_, ]* = .*?)  # (.+)$", re.MULTILINE)
SECTION = re.compile(r"^# --- (.+?) -+$", re.MULTILINE)
EFFECTS = ("share", "summer", "christmas", "easter", "ramadan", "holiday", "covid", "elasticity", "price")


def render() -> str:
    """Return the page as Markdown."""
    _, *parts = SECTION.split(Path(parameters.__file__).read_text(encoding="utf-8"))
    lines = [HEAD]
    for title, code in zip(parts[::2], parts[1::2], strict=True):
        rows = [f"| `{assignment}` | {reason} |" for assignment, reason in ASSIGNMENT.findall(code)]
        lines += [f"## {title}", "", "| constant | reason |", "|---|---|", *rows, ""] if rows else []
    return "\n".join([*lines, *_categories(), *_faults()])


def _categories() -> list[str]:
    rows = [
        " | ".join([f"| {category.name}", *(f"{getattr(category, effect):g}" for effect in EFFECTS)]) + " |"
        for category in parameters.CATEGORIES
    ]
    head = f"| category | {' | '.join(EFFECTS)} |"
    note = "Log effects at full strength: climate, Easter or stringency of 1; `price` in EUR."
    return ["## Categories", "", note, "", head, "|---" * (len(EFFECTS) + 1) + "|", *rows, ""]


def _faults() -> list[str]:
    rows = [f"| `{name}` | {what} |" for name, what in FAULTS.items()]
    return ["## Faults", "", "| fault | what is wrong |", "|---|---|", *rows, ""]
