"""What an alarm rule says: alarm, fine, or not to be decided; with the figures, in words a planner understands.

The rules are in ``kpi_alarms.py``, ``source_drift.py`` and ``drift.py``; who is told of them is no matter of theirs.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Outcome of one rule for a market and month.

    Attributes:
        kind, subject: What was looked at, say ``wape`` of ``published``; a later verdict of the same two replaces it.
        is_alarm: None where it could not be decided (too little history, nothing scored): what was said before stands.
        headline: One line with the figure and its limit; the reason where it could not be decided.
        facts: Name and formatted value.
        weight: Units at stake, to list the worst first over markets of different size.
        trend: The figure by month up to the month, None where it has none; ``trend_name`` says what it is.
        top_skus: SKU and its share (fraction) of the absolute error, largest first.
    """

    kind: str
    subject: str
    is_alarm: bool | None
    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    weight: float = 0.0
    trend: tuple[float | None, ...] = ()
    trend_name: str = ""
    top_skus: tuple[tuple[str, float], ...] = ()


def undecided(kind: str, subject: str, reason: str) -> Verdict:
    """A rule that could not be decided, and why."""
    return Verdict(kind, subject, None, reason)


def percent(fraction: float) -> str:
    """12.3 % for .123."""
    return f"{fraction * 100:.1f} %"


def signed_percent(fraction: float) -> str:
    """+12.3 % for .123."""
    return f"{fraction * 100:+.1f} %"
