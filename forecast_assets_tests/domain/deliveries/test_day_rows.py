"""Rows that come twice, and days that do not come."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.day_rows import days_missing, repeated_rows
from forecast_assets.domain.deliveries.delivery import Delivery, delivery_until
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, days_of, history, months_before

WORKDAYS = [3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 17, 18, 19, 20, 21, 24, 25, 26, 27, 28]


def delivered(june_days: pd.DataFrame, before: list[pd.DataFrame] | None = None) -> Delivery:
    return delivery_until(history(TEN, 5), JUNE, pd.concat([*(before or []), june_days], ignore_index=True))


def every_day(count: int = 5) -> list[pd.DataFrame]:
    return [days_of(month, range(1, month.days_in_month + 1)) for month in months_before(count)]


def workdays(count: int = 5) -> list[pd.DataFrame]:
    return [
        days_of(month, [day.day for day in pd.bdate_range(month, month + pd.offsets.MonthEnd(0))])
        for month in months_before(count)
    ]


def test_every_row_twice_is_found_without_any_past():
    finding = repeated_rows(delivered(days_of(JUNE, WORKDAYS, row_count=20.0, odd_rows=0.0, repeated_sku="R00")))
    assert finding.message == (
        "200 of 400 rows are repeated (50.0%), such as SKU R00; every row is there twice. Deliver each row once: "
        "rows of a day are summed"
    )


def test_some_equal_sales_of_a_day_are_no_fault():
    assert repeated_rows(delivered(days_of(JUNE, WORKDAYS, row_count=13.0, odd_rows=7.0))) is None


@pytest.mark.parametrize(("rows", "is_found"), [(13.0, False), (20.0, True)])
def test_more_repeated_rows_than_ever_before_are_found(rows, is_found):
    # 10 of 12 rows differ in the months before: 16.7 % repeated, so the limit is 31.7 %. Of 13 rows 23.1 %, of 20 50 %.
    before = [days.assign(row_count=12.0, odd_rows=8.0) for days in workdays()]
    june = days_of(JUNE, WORKDAYS, row_count=rows, odd_rows=1.0, repeated_sku="R01")
    finding = repeated_rows(delivered(june, before))
    assert (finding is not None) is is_found
    if finding:
        assert "the limit is 31.7%" in finding.message


def test_four_rows_that_come_twice_may_be_eight_sales():
    june = days_of(JUNE, [3], row_count=8.0, distinct_rows=4.0, odd_rows=0.0)
    assert repeated_rows(delivered(june)) is None


def test_rows_of_months_have_no_days_and_cannot_be_repeated():
    months = days_of(JUNE, [1]).assign(day=pd.NaT, row_count=20.0, odd_rows=0.0)
    assert repeated_rows(delivered(months)) is None
    assert days_missing(delivered(months)) is None


def test_ten_days_of_a_month_are_found_without_any_past():
    finding = days_missing(delivered(days_of(JUNE, range(1, 11))))
    assert finding.message == (
        "rows of 10 of 30 days: the longest stretch without a row is 20 days, the limit 6, for a market without "
        "earlier days. The month is incomplete; deliver all days of it"
    )
    assert finding.rows["day_without_rows"].tolist()[0] == "06-11"


@pytest.mark.parametrize("days", [range(1, 23), range(9, 31), [day for day in range(1, 31) if day % 4]])
def test_22_of_30_days_are_found_wherever_the_others_are_missing(days):
    assert days_missing(delivered(days_of(JUNE, days), every_day())) is not None


def test_a_market_that_sells_on_workdays_is_whole_with_workdays():
    assert days_missing(delivered(days_of(JUNE, WORKDAYS), workdays())) is None
    assert days_missing(delivered(days_of(JUNE, WORKDAYS[:-5]), workdays())) is not None


def test_a_market_with_long_holidays_before_has_a_wider_limit():
    before = workdays()
    before[2] = before[2][before[2]["day"] < "2024-03-20"]
    # 12 days without rows in March, 2 days more than that is the limit: after 18 June there are 12, after 14 June 16.
    assert days_missing(delivered(days_of(JUNE, WORKDAYS[:12]), before)) is None
    assert days_missing(delivered(days_of(JUNE, WORKDAYS[:10]), before)) is not None


def test_a_month_written_as_its_first_day_is_a_month():
    firsts = [days_of(month, [1]) for month in months_before(5)]
    assert days_missing(delivered(days_of(JUNE, [1]), firsts)) is None
