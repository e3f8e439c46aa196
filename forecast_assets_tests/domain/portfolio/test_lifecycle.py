import numpy as np
import pytest

from forecast_assets.domain.portfolio.lifecycle import (
    faded,
    is_after_end,
    is_fading,
    is_silent,
    level_since,
    return_column,
)
from forecast_assets_tests.domain.portfolio_market import MONTHS, PAST, UNKNOWN, series

CALENDAR = MONTHS[:PAST].month.to_numpy()


def fading(units):
    return is_fading(units[None], CALENDAR)[0]


def returned(units):
    return return_column(units[None])[0]


def test_returns_and_unknown_months_do_not_end_a_silent_year():
    sku = np.array([series((9, 48), (0, 12)), series((9, 49), (0, 11)), series((9, 48), (-1, 6), (UNKNOWN, 6))])
    assert is_silent(sku).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("last_months", "is_one"),
    [
        ([(30, 3), (15, 3)], True),
        ([(30, 3), (25, 3)], False),
        ([(60, 3), (10, 3)], False),
        ([(15, 3), (30, 3)], False),
        ([(10, 3), (0, 3)], True),
    ],
)
def test_fading_is_below_a_quarter_and_still_falling(last_months, is_one):
    # Of 100 a month: a mean of 22.5 fades, 27.5 is still 3 of 3.1 months before, 35 is too much, rising is no fading.
    assert fading(series((100, 54), *last_months)) == is_one


def test_sporadic_sales_are_not_fading():
    four_of_five = np.tile([0.0, 100, 100, 100, 100], 11)[:54]
    assert not fading(np.concatenate([four_of_five, [10, 0, 10, 0, 0, 0]]))


def test_a_season_that_ends_is_not_fading():
    by_month = np.array([10, 10, 10, 100, 300, 300, 20, 15, 12, 10, 10, 10], dtype=float)
    assert CALENDAR[-1] == 12
    assert not fading(by_month[CALENDAR - 1])


def test_a_sku_of_a_year_cannot_be_seen_fading():
    assert fading(series((100, 12), (30, 3), (10, 3)))
    assert not fading(series((100, 11), (30, 3), (10, 3)))


def test_a_faded_forecast_loses_a_tenth_a_month():
    assert faded(np.array([[100.0, 100, 50]])).tolist() == [pytest.approx([90, 81, 36.45])]


@pytest.mark.parametrize(
    ("units", "column"),
    [
        (series((100, 44), (0, 12), (60, 4)), 56),
        (series((100, 44), (UNKNOWN, 12), (60, 4)), 56),
        (series((100, 45), (0, 11), (60, 4)), -1),
        (series((100, 36), (0, 12), (60, 12)), 48),
        (series((100, 35), (0, 12), (60, 13)), -1),
        (series((100, 46), (0, 12), (60, 2)), -1),
        (series((0, 56), (60, 4)), -1),
        (series((100, 38), (0, 12), (60, 1), (0, 2), (60, 1), (0, 2), (60, 1), (0, 2), (60, 1)), -1),
        (series((60, 4)), -1),
    ],
)
def test_a_return_is_the_first_sale_after_a_silent_year(units, column):
    assert returned(units) == column


def test_a_sku_that_always_had_long_gaps_is_not_back():
    rare = np.zeros(PAST)
    rare[[2, 20, 38, 56]] = 5
    assert returned(rare) == -1
    assert returned(np.concatenate([np.tile([0.0, 0, 9], 14), np.zeros(14), np.full(4, 60.0)])) == -1
    assert returned(np.concatenate([np.tile([0.0, 9], 21), np.zeros(14), np.full(4, 60.0)])) == 56


def test_the_level_since_a_return_ignores_earlier_months():
    before, after = series((1e6, 44), (0, 12), (60, 4)), series((60, 4))
    result = level_since(np.array([before, after]), CALENDAR, np.array([56, 56]), 18)
    assert result == pytest.approx(np.full((2, 18), 60.0))


def test_the_last_month_on_sale_is_still_one():
    assert is_after_end(np.array([2.0, UNKNOWN]), 4).tolist() == [[False, False, True, True], [False] * 4]
