"""Which runs over all markets are to be made now: a plain rule on months. No Dagster, no store, no clock.

Totals and pooled rows of a month are frozen once, with the markets that are in: when all are, or at the deadline. What
markets may read a month later is made from them as soon as that month has closed, days before its cycle is due.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from forecast_assets.domain.months import MonthRange, consecutive_months

# A month that was not frozen in time is done without from this long before the cycle is due.
FALLBACK_BEFORE_DUE = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Months:
    """Where in time a look is.

    Attributes:
        due: The last month whose cycle is due.
        closed: The last closed month: the same one, or the next before the 10th.
        is_overdue: Whether the deadline of ``due`` has passed.
        is_late: Whether the cycle of ``closed`` is due within a day or already.
    """

    due: pd.Timestamp
    closed: pd.Timestamp
    is_overdue: bool
    is_late: bool


def to_freeze(
    months: Months,
    delivered: Mapping[pd.Timestamp, Collection[str]],
    expected: Mapping[str, pd.Timestamp],
    frozen: Collection[pd.Timestamp],
) -> list[MonthRange]:
    """Months to freeze now, as ranges without a gap: what is frozen already is never made again.

    Args:
        months: Where in time the look is.
        delivered: Markets that are in, by month.
        expected: First month of every market that is forecast.
        frozen: Months that are frozen.
    """
    ready = []
    for month, markets in sorted(delivered.items()):
        wanted = {code for code, since in expected.items() if since <= month}
        if month <= months.due and month not in frozen and (months.is_overdue or wanted <= set(markets)):
            ready.append(month)
    return consecutive_months(ready)


def to_make_known(months: Months, frozen: Collection[pd.Timestamp], made: Collection[pd.Timestamp]) -> bool:
    """Whether what the last closed month may read is to be made now: the month before is frozen, or it is late."""
    if months.closed in made or not frozen:
        return False
    return months.closed - pd.DateOffset(months=1) in frozen or months.is_late
