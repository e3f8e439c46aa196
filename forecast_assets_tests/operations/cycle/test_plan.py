"""Months that a cycle still needs: the smallest ranges, without closed months that are there."""

import pandas as pd
import pytest

from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.plan import missing_ranges


def month(number: int) -> pd.Timestamp:
    return pd.Timestamp(f"2024-{number:02d}-01")


@pytest.mark.parametrize(
    ("present", "closed", "expected"),
    [
        ([1, 2, 3, 4, 5, 6], [2], []),
        ([1, 4, 6], [], [(2, 5)]),
        ([1, 4, 6], [4], [(2, 3), (5, 5)]),
        ([3, 4], [3, 4], [(1, 2), (5, 6)]),
        # What is missing is built, closed or not.
        ([1, 3, 4, 5, 6], [2, 3], [(2, 2)]),
        # Between two gaps an open month is built again, as before.
        ([1, 3, 5, 6], [5], [(2, 4)]),
    ],
)
def test_ranges_hold_what_is_missing_and_no_closed_month_that_is_present(present, closed, expected):
    wanted = MonthRange(month(1), month(6))
    ranges = missing_ranges(wanted, set(map(month, present)), set(map(month, closed)))
    assert ranges == [MonthRange(month(first), month(last)) for first, last in expected]
    assert missing_ranges(None, set(), set()) == []
