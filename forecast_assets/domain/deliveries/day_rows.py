"""Rows of days: rows that come twice, and days of the month that did not come. Rows of a month are not judged."""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools
from forecast_assets.domain.deliveries.delivery import Delivery, DeliveryFinding

# Judged by the market's own past from so many months with days on.
LEARNED_MONTHS = 3
LEAST_ROWS = 5
REPEATED_MARGIN = 0.15
GAP_MARGIN_DAYS, LEAST_GAP_DAYS, LEAST_GAP_DAYS_YOUNG = 2, 4, 6
COVERED_MARGIN, MOST_COVERED_LIMIT = 0.05, 0.85
WEEK = 7


def repeated_rows(delivery: Delivery) -> DeliveryFinding | None:
    """Find rows of days that are there twice.

    Equal rows of one file may be two sales. They are a finding if every distinct row of the month (five or more) comes
    an even number of times, or if the share of repeated rows is 15 points above the largest of the earlier months.
    """
    dated = delivery.days[delivery.days["day"].notna()]
    by_month = dated.groupby("month")[["row_count", "distinct_rows", "odd_rows"]].sum()
    if delivery.month not in by_month.index:
        return None
    now, before = by_month.loc[delivery.month], by_month[by_month.index < delivery.month]
    share = 1 - float(now["distinct_rows"] / now["row_count"])
    is_doubled = now["distinct_rows"] >= LEAST_ROWS and now["odd_rows"] == 0
    usual = (
        float((1 - before["distinct_rows"] / before["row_count"]).max()) if len(before) >= LEARNED_MONTHS else np.nan
    )
    limit = usual + REPEATED_MARGIN
    if not is_doubled and not share > limit:
        return None
    of_month = dated[dated["month"] == delivery.month]
    rows = of_month[of_month["distinct_rows"] < of_month["row_count"]][
        ["day", "row_count", "distinct_rows", "repeated_sku"]
    ]
    reason = "every row is there twice" if is_doubled else f"the limit is {limit:.1%}, from the months before"
    message = (
        f"{now['row_count'] - now['distinct_rows']:.0f} of {now['row_count']:.0f} rows are repeated ({share:.1%}), "
        f"such as SKU {rows['repeated_sku'].iloc[0]}; {reason}. Deliver each row once: rows of a day are summed"
    )
    return DeliveryFinding(message, rows)


def days_missing(delivery: Delivery) -> DeliveryFinding | None:
    """Find a month of which days did not come, where rows carry days.

    Two rules. The longest stretch without a row is more than two days longer than any of the earlier months, and than
    four days (six without three earlier months). Or the days with rows are fewer than the weekdays let expect: less
    than the smallest share of the earlier months less 5 points, and at most 85 %.
    """
    dated = delivery.days[delivery.days["day"].notna()]
    by_month = {month: _present(dated.loc[dated["month"] == month, "day"], month) for month in _months(dated)}
    if delivery.month not in by_month:
        return None
    now = by_month.pop(delivery.month)
    # A month with rows of one day only is a month written as a date.
    before = {month: present for month, present in by_month.items() if present.sum() > 1}
    is_settled = len(before) >= LEARNED_MONTHS
    if now.sum() == 1 and not is_settled:
        return None
    longest = max(_gap(present) for present in before.values()) if is_settled else LEAST_GAP_DAYS_YOUNG
    gap, gap_limit = _gap(now), max(longest, LEAST_GAP_DAYS) + (GAP_MARGIN_DAYS if is_settled else 0)
    covered, limit = np.nan, np.nan
    if is_settled:
        covered = _covered(now, delivery.month, before)
        shares = [
            _covered(present, month, {m: p for m, p in before.items() if m != month})
            for month, present in before.items()
        ]
        limit = min(MOST_COVERED_LIMIT, min(shares) - COVERED_MARGIN)
    if gap <= gap_limit and not covered < limit:
        return None
    absent = [f"{delivery.month + pd.Timedelta(days=int(at)):%m-%d}" for at in np.flatnonzero(~now)]
    why = (
        f"the longest stretch without a row is {gap} days, the limit {gap_limit}"
        if gap > gap_limit
        else f"{covered:.0%} of the expected days have rows, the limit is {limit:.0%}"
    )
    source = f"from the {len(before)} months before" if is_settled else "for a market without earlier days"
    message = (
        f"rows of {now.sum()} of {len(now)} days: {why}, {source}. The month is incomplete; deliver all days of it"
    )
    return DeliveryFinding(message, pd.DataFrame({"day_without_rows": absent}))


def _months(dated: pd.DataFrame) -> list[pd.Timestamp]:
    return [pd.Timestamp(month) for month in dated["month"].unique()]


def _present(days: pd.Series, month: pd.Timestamp) -> Bools:
    """Mark the days of a month that have rows, (days in the month,)."""
    present = np.zeros(month.days_in_month, dtype=bool)
    present[pd.DatetimeIndex(days).day.to_numpy() - 1] = True
    return present


def _gap(present: Bools) -> int:
    """Return the longest run of days without rows; that before the first and after the last day of a month counts."""
    edges = np.flatnonzero(np.concatenate([[True], present, [True]]))
    return int(np.diff(edges).max() - 1)


def _covered(present: Bools, month: pd.Timestamp, others: dict[pd.Timestamp, Bools]) -> float:
    """Return days with rows by the days expected of each weekday in the other months, one or more with rows."""
    days, rows = np.zeros(WEEK), np.zeros(WEEK)
    for other, marks in others.items():
        weekdays = (other.weekday() + np.arange(len(marks))) % WEEK
        days += np.bincount(weekdays, minlength=WEEK)
        rows += np.bincount(weekdays, weights=marks, minlength=WEEK)
    expected = (rows / days)[(month.weekday() + np.arange(len(present))) % WEEK].sum()
    return float(present.sum() / expected)
