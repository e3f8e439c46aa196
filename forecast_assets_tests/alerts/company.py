"""Incidents, a clock that tests advance, and stores."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from forecast_assets.alerts.incidents import Incident

CYCLE = "prod-2024-06"
JUNE = pd.Timestamp("2024-06-01")
MOST_READS = 5_000


def incident(country: str | None = "FR", kind: str = "wape", subject: str = "published", **values: Any) -> Incident:
    defaults = {"month": JUNE, "severity": "warning", "headline": f"{kind} of {country} over its limit"}
    return Incident(kind=kind, country=country, subject=subject, **{**defaults, **values})


class Clock:
    """A clock that advances in ``sleep`` alone; reading it endlessly without a pause is an error."""

    def __init__(self) -> None:
        self.now = datetime(2024, 7, 10, 6, tzinfo=UTC)
        self.reads = 0

    def __call__(self) -> datetime:
        self.reads += 1
        assert self.reads < MOST_READS, "an endless loop: the time is asked for again and again, and nobody waits"
        return self.now

    def sleep(self, seconds: float) -> None:
        self.reads = 0
        self.now += timedelta(seconds=seconds)
