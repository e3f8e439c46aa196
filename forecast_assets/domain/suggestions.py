"""Suggestions for a name that is unknown and likely to be misspelt."""

import difflib
from collections.abc import Iterable


def closest(name: str, known: Iterable[str], count: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return at most ``count`` of the known names that are spelt nearly like a name, the closest first."""
    return difflib.get_close_matches(name, list(known), n=count, cutoff=cutoff)


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return ``Did you mean X?`` for the closest known name, or an empty text if none is close."""
    close = closest(name, known, cutoff=cutoff)
    return f"Did you mean {close[0]}?" if close else ""
