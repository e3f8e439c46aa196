"""Pieces of an Adaptive Card: text that can never turn into markup, sparklines, links into Dagster.

Pure. Every text that comes from data stands in a ``TextRun`` (Adaptive Cards 1.2), which is not read as Markdown, so
that a SKU such as ``*A_1*`` or ``[x](y)`` shows as it is.
"""

import json
import unicodedata
from typing import Any
from urllib.parse import quote

import pandas as pd

SPARKS = "▁▂▃▄▅▆▇█"
NO_VALUE = "·"
ELLIPSIS = "…"
CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"

Element = dict[str, Any]


def plain(text: object, most_characters: int) -> str:
    """A text on one line, without invisible characters, cut to a length.

    ``{{`` is taken apart: cards read ``{{DATE(...)}}`` as an order to write a date, in every kind of text.
    """
    kept = "".join(" " if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character
                   for character in str(text))  # fmt: skip
    line = " ".join(kept.split()).replace("{{", "{ {")
    return line if len(line) <= most_characters else line[: most_characters - 1] + ELLIPSIS


def run(text: object, most_characters: int = 300, **style: Any) -> Element:
    """A piece of a line. Style as in Adaptive Cards: ``weight, color, size, isSubtle, fontType, selectAction``."""
    return {"type": "TextRun", "text": plain(text, most_characters), **style}


def line(*runs: Element, gap: str = "  ", **style: Any) -> Element:
    """A line of pieces with a gap between them; ``style`` is that of the block."""
    spaced = [{**piece, "text": piece["text"] + (gap if at < len(runs) - 1 else "")} for at, piece in enumerate(runs)]
    return {"type": "RichTextBlock", "inlines": spaced, **{"spacing": "Small", **style}}


def joined(runs: list[Element], separator: str = " · ") -> list[Element]:
    """Pieces with a separator between them, to be put into a line without gap."""
    parts = [[piece, run(separator.strip(), isSubtle=True, size="Small")] for piece in runs]
    return [piece for pair in parts for piece in pair][:-1]


def container(items: list[Element], **style: Any) -> Element:
    """A box of elements."""
    return {"type": "Container", "items": items, **style}


def sparkline(values: tuple[float | None, ...]) -> str:
    """Values as blocks between their lowest and highest, a dot where there is none.

    Special cases: equal values are drawn at half height; no value at all gives an empty text.
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
    """Pieces that open the run, the market's report and the checks in Dagster; none without a base address."""
    if not base_url:
        return []
    base = base_url.rstrip("/")
    found = []
    if run_id:
        found.append(("Run", f"{base}/runs/{quote(run_id, safe='')}"))
    if country:
        partition = quote(f"{country}|{month:%Y-%m-%d}", safe="")
        found.append(("Report", f"{base}/assets/market_report?view=partitions&partition={partition}"))
    if asset:
        found.append(("Check", f"{base}/assets/{quote(asset, safe='')}?view=checks"))
    return [
        run(title, size="Small", color="Accent", selectAction={"type": "Action.OpenUrl", "url": url})
        for title, url in found
    ]


def as_message(body: list[Element], summary: str) -> dict[str, Any]:
    """What a Workflows webhook takes: a message with one Adaptive Card."""
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
    """Bytes on the wire: requests writes each character beyond ASCII as ``\\uXXXX``, longer than in UTF-8."""
    return len(json.dumps(payload).encode())
