import calendar as standard_calendar
import dataclasses
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from dateutil.easter import easter

from forecast_assets.domain.calendar import (
    add_months,
    days_before_easter,
    easter_days,
    easter_shift_days,
    easter_sundays,
    holiday_calendar,
    month_lengths,
    month_range,
    months_between,
    months_since,
    public_holidays,
    target_months,
    working_days,
)

TEN_YEARS = month_range("2016-01-01", "2025-12-01")


def days_of(month):
    length = standard_calendar.monthrange(month.year, month.month)[1]
    return [date(month.year, month.month, day) for day in range(1, length + 1)]


def test_target_months_are_the_eighteen_after_the_origin():
    months = target_months("2023-11-01")
    assert [f"{month:%Y-%m}" for month in (months[0], months[1], months[-1])] == ["2023-12", "2024-01", "2025-05"]
    assert len(months) == 18


def test_month_arithmetic_crosses_years_in_both_directions():
    assert add_months("2024-01-01", -1) == pd.Timestamp("2023-12-01")
    assert add_months("2024-01-01", 12) == pd.Timestamp("2025-01-01")
    assert months_between("2023-11-01", "2024-02-01") == 3
    assert months_between("2024-02-01", "2023-11-01") == -3


def test_months_since_is_unknown_where_the_month_is_unknown():
    since = months_since(pd.Series(["2024-01-01", None, "2024-08-01"]), "2024-06-01")
    np.testing.assert_array_equal(since, [5, np.nan, -2])


@pytest.mark.parametrize("month", ["2024-01-02", "2024-01-01 06:00", None])
def test_a_day_inside_a_month_is_rejected_as_a_month(month):
    with pytest.raises(ValueError, match="expected the first day of a month"):
        add_months(month, 1)


def test_a_range_that_ends_before_it_starts_is_rejected():
    with pytest.raises(ValueError, match="2023-12 lies before first month 2024-01"):
        month_range("2024-01-01", "2023-12-01")


def test_a_horizon_below_one_month_is_rejected():
    with pytest.raises(ValueError, match="horizon_months must be >= 1, got 0"):
        target_months("2024-01-01", 0)


def test_easter_sundays_equal_those_of_dateutil_over_nine_centuries():
    years = np.arange(1583, 2500)
    np.testing.assert_array_equal(
        easter_sundays(years), np.array([easter(year) for year in years], dtype="datetime64[D]")
    )


def test_easter_days_are_split_over_the_months_they_fall_in():
    expected = [sum(-2 <= (day - easter(day.year)).days <= 1 for day in days_of(month)) for month in TEN_YEARS]
    np.testing.assert_array_equal(easter_days(TEN_YEARS), expected)


def test_easter_moving_from_april_to_march_shifts_days_between_them():
    # Easter Sunday: 9 April 2023, 31 March 2024 (Friday 29 March to Monday 1 April).
    months = month_range("2024-03-01", "2024-05-01")
    np.testing.assert_array_equal(easter_days(months), [3, 1, 0])
    np.testing.assert_array_equal(easter_shift_days(months), [3, -3, 0])


def test_working_days_equal_a_count_day_by_day():
    of_germany = holiday_calendar("DE", 2016, 2025)
    free = set(of_germany.days.astype(object))
    expected = [sum(day.weekday() < 5 and day not in free for day in days_of(month)) for month in TEN_YEARS]
    np.testing.assert_array_equal(working_days(TEN_YEARS, of_germany), expected)
    expected = [sum(day in free for day in days_of(month)) for month in TEN_YEARS]
    np.testing.assert_array_equal(public_holidays(TEN_YEARS, of_germany), expected)


def test_december_2024_in_france_has_one_holiday_and_21_working_days():
    december = month_range("2024-12-01", "2024-12-01")
    of_france = holiday_calendar("FR", 2024, 2024)
    assert of_france.is_known
    assert public_holidays(december, of_france).tolist() == [1]
    assert working_days(december, of_france).tolist() == [21]


def test_the_weekend_of_saudi_arabia_is_friday_and_saturday():
    of_saudi_arabia = holiday_calendar("SA", 2024, 2024)
    assert of_saudi_arabia.weekend == (4, 5)
    # June 2024 has 30 days, 4 Fridays and 5 Saturdays.
    without_holidays = dataclasses.replace(of_saudi_arabia, days=of_saudi_arabia.days[:0])
    assert working_days(month_range("2024-06-01", "2024-06-01"), without_holidays).tolist() == [21]


@pytest.mark.parametrize("iso2", [None, "", "ZZ", "WORLD"])
def test_an_unknown_country_has_no_holidays_and_is_marked(iso2):
    unknown = holiday_calendar(iso2, 2024, 2024)
    assert not unknown.is_known
    june = month_range("2024-06-01", "2024-06-01")
    assert public_holidays(june, unknown).tolist() == [0]
    assert working_days(june, unknown).tolist() == [20]


def test_month_lengths_know_leap_years():
    assert month_lengths(month_range("2023-02-01", "2024-02-01"))[[0, -1]].tolist() == [28, 29]


def test_working_days_without_holidays_are_the_weekdays_of_a_loop_over_days():
    expected = [sum(day.weekday() < 5 for day in days_of(month)) for month in TEN_YEARS]
    assert working_days(TEN_YEARS, holiday_calendar(None, 2016, 2025)).tolist() == expected


def test_the_days_up_to_easter_are_those_of_a_loop_over_days():
    days = days_before_easter(TEN_YEARS, days=21)
    festive = {easter(year) - timedelta(days=back) for year in range(2016, 2026) for back in range(21)}
    assert days.tolist() == [sum(day in festive for day in days_of(month)) for month in TEN_YEARS]
