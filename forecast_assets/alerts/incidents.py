"""Incidents: conditions of a market or of the platform that open, stay open and close with a recovery.

Pure. Storage is ``outbox``, presentation ``card``.
"""

import dataclasses
import math
from typing import Any

import pandas as pd

# Kind -> its name on the card.
KINDS = {
    "wape": "WAPE",
    "bias": "Bias",
    "worse_than_baseline": "Worse than Holt-Winters",
    "bias_same_sign": "Bias of one sign",
    "drift": "Drift of features",
    "source_drift": "Drift of a source",
    "source_missing": "Delivery missing",
    "late": "Will miss the deadline",
    "delivery_finding": "Finding in a delivery",
    "run_failed": "Run failed",
    "run_stopped": "Run stopped",
    "challenger_held": "Challenger held back",
    "fallback_published": "Not the model's forecast",
    "retuned": "Recipe tuned again",
    "workbook_parked": "Workbook of a planner",
    "number_replaced": "Planner's number replaced",
    "sensor_failed": "Sensor failed",
    "daemon_stopped": "Daemon stopped",
    "alert_unreadable": "Alert unreadable",
}
SEVERITIES = ("critical", "warning", "info")  # worst first


@dataclasses.dataclass(frozen=True)
class Incident:
    """One condition, as it was when it opened.

    Attributes:
        kind: One of ``KINDS``.
        country: Market code; None: the whole platform.
        subject: Part within the kind: ``published``, a source, a feature family, a job, a sensor; may be empty.
        month: Origin month or closed month of the condition.
        severity: One of ``SEVERITIES``.
        headline: One line for planners, with the figure and the limit.
        facts: Name and formatted value.
        weight: Orders incidents of one severity, largest first.
        run_id: Dagster run that detected it.
        asset: Asset whose checks are linked.
        trend: The figure by month, oldest first, the last one of ``month``; None for a month without a figure.
        trend_name: Name of ``trend``, e.g. ``WAPE by month``.
        top_skus: SKU and its share (fraction) of the market's absolute error, largest first.
    """

    kind: str
    country: str | None
    subject: str
    month: pd.Timestamp
    severity: str
    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    weight: float = 0.0
    run_id: str | None = None
    asset: str | None = None
    trend: tuple[float | None, ...] = ()
    trend_name: str = ""
    top_skus: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"incident kind {self.kind!r} is unknown; known: {', '.join(KINDS)}")
        if self.severity not in SEVERITIES:
            raise ValueError(f"incident severity {self.severity!r} is unknown; known: {', '.join(SEVERITIES)}")
        trend = tuple(None if value is None or pd.isna(value) else float(value) for value in self.trend)
        facts = tuple((str(name), str(value)) for name, value in self.facts)
        top_skus = tuple((str(sku), float(share)) for sku, share in self.top_skus)
        weight = 0.0 if math.isnan(self.weight) else float(self.weight)
        for name, value in {"trend": trend, "facts": facts, "top_skus": top_skus, "weight": weight}.items():
            object.__setattr__(self, name, value)

    @property
    def key(self) -> str:
        """Identity of the incident across months: ``kind|country|subject``."""
        return f"{self.kind}|{self.country or ''}|{self.subject}"

    @property
    def sort_key(self) -> tuple[int, float, str]:
        """Order from the worst incident: by severity, then by weight."""
        return SEVERITIES.index(self.severity), -self.weight, self.key

    def to_record(self) -> dict[str, Any]:
        """Return the incident as JSON can hold it."""
        return {**dataclasses.asdict(self), "month": f"{self.month:%Y-%m-%d}"}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Incident":
        """Read the result of ``to_record``; fields of a later release are left out."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{**{k: v for k, v in record.items() if k in known}, "month": pd.Timestamp(record["month"])})
