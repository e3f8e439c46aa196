"""Pieces of an Adaptive Card: text that never turns into markup, sparklines, links into Dagster.

Pure. Every text from data stands in a ``TextRun`` (Adaptive Cards 1.2), which is not read as Markdown: a SKU such as
``*A_1*`` or ``[x](y)`` is shown unchanged.
"""

import json
import re
import unicodedata
from typing import Any
from urllib.parse import quote

import pandas as pd

SPARKS = "▁▂▃▄▅▆▇█"
NO_VALUE = "·"
ELLIPSIS = "…"
LONGEST_NAME = 100
CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"

Element = dict[str, Any]


def plain(text: object, most_characters: int) -> str:
    """Return a text on one line, without invisible characters, cut to a length.

    ``{{`` is split: cards replace ``{{DATE(...)}}`` by a date in every kind of text.
    """
    kept = "".join(" " if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character
                   for character in str(text)[: 4 * most_characters])  # fmt: skip
    line = re.sub(r"\{(?=\{)", "{ ", " ".join(kept.split()))
    return line if len(line) <= most_characters else line[: most_characters - 1] + ELLIPSIS


def run(text: object, most_characters: int = 300, **style: Any) -> Element:
    """Return a piece of a line. Style as in Adaptive Cards: ``weight, color, size, isSubtle, selectAction``."""
    return {"type": "TextRun", "text": plain(text, most_characters), **style}


def line(*runs: Element, gap: str = "  ", **style: Any) -> Element:
    """Return a line of pieces with a gap between them; ``style`` is that of the block."""
    # The gap comes before a piece: after a link it would be underlined.
    spaced = [{**piece, "text": (gap if at else "") + piece["text"]} for at, piece in enumerate(runs)]
    return {"type": "RichTextBlock", "inlines": spaced, **{"spacing": "Small", **style}}


def joined(runs: list[Element]) -> list[Element]:
    """Return pieces with a dot between them, for a line without gap."""
    between = {"type": "TextRun", "text": " · ", "isSubtle": True, "size": "Small"}
    return [piece for one in runs for piece in (one, between)][:-1]


def container(items: list[Element], **style: Any) -> Element:
    """Return a box of elements."""
    return {"type": "Container", "items": items, **style}


def sparkline(values: tuple[float | None, ...]) -> str:
    """Return values as blocks between their lowest and highest; a missing value is a dot.

    Special cases: equal values are drawn at half height; without any value the text is empty.
    """
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    heights = [None if v is None else 0.5 if span == 0 else (v - low) / span for v in values]
    top = len(SPARKS) - 1
    return "".join(NO_VALUE if height is None else SPARKS[round(height * top)] for height in heights)


def links(
    base_url: str, country: str | None, month: pd.Timestamp, run_id: str | None, asset: str | None
) -> list[Element]:
    """Return pieces that open the run, the market's report and the checks in Dagster; none without a base address.

    A name too long for a run or an asset gets no link: unlike a text, an address cannot be cut.
    """
    if not base_url:
        return []
    base = base_url.rstrip("/")
    targets = []
    if run_id and len(run_id) <= LONGEST_NAME:
        targets.append(("Run", f"{base}/runs/{quote(run_id, safe='')}"))
    if country:
        partition = quote(f"{country}|{month:%Y-%m-%d}", safe="")
        targets.append(("Report", f"{base}/assets/market_report?view=partitions&partition={partition}"))
    if asset and len(asset) <= LONGEST_NAME:
        targets.append(("Check", f"{base}/assets/{quote(asset, safe='')}?view=checks"))
    return [piece for title, url in targets for piece in link(title, url)]


def link(title: str, url: str) -> list[Element]:
    """Return a piece that opens an address."""
    return [run(title, size="Small", color="Accent", selectAction={"type": "Action.OpenUrl", "url": url})]


def as_message(body: list[Element], summary: str) -> dict[str, Any]:
    """Return the payload of a Workflows webhook: a message with one Adaptive Card."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": plain(summary, 200),
        "msteams": {"width": "Full"},
        "body": body,
    }
    return {"type": "message", "attachments": [{"contentType": CONTENT_TYPE, "contentUrl": None, "content": card}]}


def size_bytes(payload: dict[str, Any]) -> int:
    """Return the bytes of a request: each character beyond ASCII is sent as an escape, longer than in UTF-8."""
    return len(json.dumps(payload).encode())
