"""Incidents, a clock that tests move, and stores for them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from forecast_assets.alerts.incidents import Incident

CYCLE = "prod-2024-06"
JUNE = pd.Timestamp("2024-06-01")


def incident(country: str | None = "FR", kind: str = "wape", subject: str = "published", **values: Any) -> Incident:
    defaults = {"month": JUNE, "severity": "warning", "headline": f"{kind} of {country} over its limit"}
    return Incident(kind=kind, country=country, subject=subject, **{**defaults, **values})


class Clock:
    """Time that passes only when it is told to, or when somebody sleeps."""

    def __init__(self) -> None:
        self.now = datetime(2024, 7, 10, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
