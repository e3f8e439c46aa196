"""Suggestions for a word that is not known: the known words that are spelled most like it."""

import difflib
from collections.abc import Iterable


def close_matches(word: str, known: Iterable[str], count: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return up to ``count`` known words, the most similar first; similarity is at least ``cutoff`` (0 to 1)."""
    return difflib.get_close_matches(word, list(known), n=count, cutoff=cutoff)


def did_you_mean(word: str, known: Iterable[str], opening: str = ", did you mean") -> str:
    """Return the most similar known word as a question after ``opening``; empty if none is similar."""
    close = close_matches(word, known)
    return f"{opening} {close[0]}?" if close else ""
