"""Ranges of months: from one month to another, and the consecutive ones among many.

Arithmetic on single months belongs to ``calendar``.
"""

import dataclasses
from collections.abc import Iterable

import pandas as pd

from forecast_assets.domain.calendar import add_months, month_range


@dataclasses.dataclass(frozen=True)
class MonthRange:
    """Months from ``first`` to ``last``, both included."""

    first: pd.Timestamp
    last: pd.Timestamp

    @property
    def months(self) -> list[pd.Timestamp]:
        """All months of the range."""
        return list(month_range(self.first, self.last))

    def parts(self, most_months: int) -> "list[MonthRange]":
        """Cut the range, in order, into ranges of at most ``most_months`` months; below 1 counts as 1."""
        size = max(1, most_months)
        starts = self.months[::size]
        return [MonthRange(first, min(add_months(first, size - 1), self.last)) for first in starts]

    def __str__(self) -> str:
        """Return ``2023-01 to 2023-06 (6 months)``, or ``2023-09`` for one month."""
        if self.first == self.last:
            return f"{self.first:%Y-%m}"
        return f"{self.first:%Y-%m} to {self.last:%Y-%m} ({len(self.months)} months)"


def consecutive_months(months: Iterable[pd.Timestamp]) -> list[MonthRange]:
    """Return the ranges without a gap that months form, ascending; duplicates count once."""
    ranges: list[MonthRange] = []
    for month in sorted(set(months)):
        if ranges and month == add_months(ranges[-1].last, 1):
            ranges[-1] = MonthRange(ranges[-1].first, month)
        else:
            ranges.append(MonthRange(month, month))
    return ranges


def describe_months(months: Iterable[pd.Timestamp]) -> str:
    """Describe months briefly: ``2023-01 to 2023-06 (6 months), 2023-09``."""
    return ", ".join(map(str, consecutive_months(months)))
