"""Verdict of an alarm rule: alarm, no alarm, or undecided, with figures in words that a planner understands.

Not here: the rules (``kpi_alarms.py``, ``source_drift.py``, ``drift.py``) and notification.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class AlarmVerdict:
    """Outcome of one rule for a market and month.

    Attributes:
        kind: Name of the rule, for example ``wape``; a later verdict of the same kind and subject replaces this one.
        subject: Object of the rule, for example ``published``.
        is_alarm: None if undecided (too little history, nothing scored): the previous verdict stays valid.
        headline: One line with the figure and its limit; the reason if undecided.
        facts: Name and formatted value.
        weight: Units at stake, for sorting over markets of different size.
        trend: The figure by month up to the month, None for months without one.
        trend_name: Name of the trend's figure.
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


def undecided(kind: str, subject: str, reason: str) -> AlarmVerdict:
    """Return an undecided verdict with its reason."""
    return AlarmVerdict(kind, subject, None, reason)


def percent(fraction: float) -> str:
    """Format a fraction: 12.3 % for .123."""
    return f"{fraction * 100:.1f} %"


def signed_percent(fraction: float) -> str:
    """Format a fraction with its sign: +12.3 % for .123."""
    return f"{fraction * 100:+.1f} %"
