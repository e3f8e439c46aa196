"""Months that a cycle needs of sources and of training origins, checked by hand.

The windows: 84 months of features, 120 of the baseline, 18 of the backtest.
"""

import pandas as pd
import pytest

from forecast_assets.config.markets import Market
from forecast_assets.operations.cycle.plan import (
    CycleRequest,
    MonthRange,
    missing,
    source_months,
    training_months,
)


def month(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"{text}-01")


def span(months: MonthRange | None) -> str | None:
    return months and f"{months.first:%Y-%m} .. {months.last:%Y-%m}"


def market(since: str) -> Market:
    return Market("FR", "France", "FR", "FRA", "Europe", since=month(since))


def test_origins_are_steps_apart_and_end_with_the_requested_month():
    request = CycleRequest(month("2024-06"), history=60, origins=3, step=6)
    assert [f"{origin:%Y-%m}" for origin in request.origin_months] == ["2023-06", "2023-12", "2024-06"]
    assert CycleRequest(month("2024-06"), history=60).origin_months == [month("2024-06")]
    assert CycleRequest(month("2024-06"), history=60, origins=2).origin_months == [month("2024-05"), month("2024-06")]


def test_the_month_before_the_last_is_an_origin_once():
    request = CycleRequest(month("2024-06"), history=60, origins=2, step=6, month_before=True)
    assert [f"{origin:%Y-%m}" for origin in request.origin_months] == ["2023-12", "2024-05", "2024-06"]
    consecutive = CycleRequest(month("2024-06"), history=60, origins=2, step=1, month_before=True)
    assert [f"{origin:%Y-%m}" for origin in consecutive.origin_months] == ["2024-05", "2024-06"]


@pytest.mark.parametrize(
    ("history", "since", "expected"),
    [
        # The first training origin is 12 months before, its features reach 83 further; the baseline reaches 119 + 20.
        (12, "2000-01", "2012-11 .. 2024-05"),
        # 60 months before, and 83 more, are 143: more than the baseline's 139.
        (60, "2000-01", "2012-07 .. 2024-05"),
        (60, "2019-01", "2019-01 .. 2024-05"),
        (60, "2024-05", "2024-05 .. 2024-05"),
        # Nothing lies before the origin: the cycle itself ingests it.
        (60, "2024-06", None),
        (60, "2024-07", None),
    ],
)
def test_sources_reach_back_by_the_widest_window_but_not_before_the_market(history, since, expected):
    assert span(source_months(CycleRequest(month("2024-06"), history), market(since))) == expected


def test_sources_reach_back_from_the_first_of_several_origins():
    request = CycleRequest(month("2024-06"), history=60, origins=2, step=12)
    assert span(source_months(request, market("2000-01"))) == "2011-07 .. 2024-05"


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2000-01", "2019-06 .. 2024-05"),
        # The first month with a year of data is the twelfth.
        ("2022-01", "2022-12 .. 2024-05"),
        ("2023-06", "2024-05 .. 2024-05"),
        ("2023-07", None),
    ],
)
def test_training_origins_go_back_by_the_history_and_need_a_year_of_data(since, expected):
    assert span(training_months(CycleRequest(month("2024-06"), 60), market(since))) == expected


def test_training_origins_go_back_from_the_first_of_several_origins():
    request = CycleRequest(month("2024-06"), history=24, origins=2, step=12)
    assert span(training_months(request, market("2000-01"))) == "2021-06 .. 2024-05"


def test_missing_months_are_one_range_over_all_gaps():
    wanted = MonthRange(month("2024-01"), month("2024-06"))
    present = {month(text) for text in ("2024-01", "2024-03", "2024-06")}
    assert span(missing(wanted, present)) == "2024-02 .. 2024-05"
    assert missing(wanted, wanted.months) is None
    assert missing(None, present) is None
    assert span(missing(wanted, [])) == "2024-01 .. 2024-06"
