"""Rule for the runs over all markets that are due: months in, months out. No Dagster, no store, no clock.

Totals and pooled rows of a month are frozen once, with the markets that have delivered: when all have, or at the
deadline. The tables that markets read a month later are built from them as soon as that month has closed, days before
its cycle is due.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from forecast_assets.domain.months import MonthRange, consecutive_months

# If the month before is not frozen by then, the tables that markets read are built without it.
FALLBACK_BEFORE_DUE = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Months:
    """Position in time.

    Attributes:
        due: The last month whose cycle is due.
        closed: The last closed month: the same one, or the next before the 10th.
        is_overdue: True if the deadline of ``due`` has passed.
        is_late: True if the cycle of ``closed`` is due within a day, or already.
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
    """Return the months to freeze now, as ranges without a gap; a frozen month is never rebuilt.

    Args:
        months: Position in time.
        delivered: Markets that have delivered, by month.
        expected: First month of every market that is forecast.
        frozen: Months that are frozen.
    """
    ready = []
    for month, markets in sorted(delivered.items()):
        wanted = {code for code, since in expected.items() if since <= month}
        if month <= months.due and month not in frozen and (months.is_overdue or wanted <= set(markets)):
            ready.append(month)
    return consecutive_months(ready)


def to_make_known(months: Months, frozen: Collection[pd.Timestamp], stored: Collection[pd.Timestamp]) -> bool:
    """Return True if the tables that the last closed month reads are due: the month before is frozen, or it is late.

    Args:
        months: Position in time.
        frozen: Months that are frozen.
        stored: Months whose tables are stored already.
    """
    if months.closed in stored or not frozen:
        return False
    return months.closed - pd.DateOffset(months=1) in frozen or months.is_late
