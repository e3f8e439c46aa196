"""Incidents, a clock that tests advance, and stores."""

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
    """A clock that advances in ``sleep`` alone."""

    def __init__(self) -> None:
        self.now = datetime(2024, 7, 10, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
