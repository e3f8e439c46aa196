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


@pytest.mark.parametrize(("distinct", "is_found"), [(4.0, False), (5.0, True)])
def test_four_rows_that_come_twice_may_be_eight_sales(distinct, is_found):
    june = days_of(JUNE, [3], row_count=2 * distinct, distinct_rows=distinct, odd_rows=0.0, repeated_sku="R00")
    assert (repeated_rows(delivered(june)) is not None) is is_found


def test_one_row_that_comes_once_shows_that_the_file_is_not_doubled():
    june = days_of(JUNE, WORKDAYS, row_count=20.0, odd_rows=0.0)
    assert repeated_rows(delivered(june.assign(odd_rows=june["odd_rows"].mask(june.index == 0, 1.0)))) is None


@pytest.mark.parametrize(("months", "is_found"), [(2, False), (3, True)])
def test_three_months_before_show_how_many_rows_repeat(months, is_found):
    june = days_of(JUNE, WORKDAYS, row_count=13.0, odd_rows=7.0, repeated_sku="R01")
    assert (repeated_rows(delivered(june, workdays(months))) is not None) is is_found


def test_a_share_of_repeated_rows_at_the_limit_is_no_finding():
    """6 of 10 rows differ before: 40 % are repeated, the limit is 55 %. Of 20 rows 9 differ."""
    before = [days.assign(distinct_rows=6.0) for days in workdays()]
    june = days_of(JUNE, WORKDAYS, row_count=20.0, distinct_rows=9.0, odd_rows=1.0, repeated_sku="R01")
    assert repeated_rows(delivered(june, before)) is None
    one_more = june.assign(row_count=june["row_count"].mask(june.index == 0, 21.0))
    assert repeated_rows(delivered(one_more, before)) is not None


def test_the_days_with_repeated_rows_are_listed_and_the_first_sku_is_named():
    june = days_of(JUNE, WORKDAYS[:4], odd_rows=1.0)
    june = june.assign(row_count=[10.0, 40.0, 10.0, 40.0], repeated_sku=[None, "R05", None, "R06"])
    finding = repeated_rows(delivered(june, workdays()))
    assert ", such as SKU R05; the limit is 15.0%, from the months before. Deliver" in finding.message
    assert finding.rows["repeated_sku"].tolist() == ["R05", "R06"]
    assert finding.rows["day"].dt.day.tolist() == WORKDAYS[1:4:2]


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


def test_months_of_one_day_before_are_no_measure_for_days():
    firsts = [days_of(month, [1]) for month in months_before(5)]
    message = days_missing(delivered(days_of(JUNE, range(1, 11)), firsts)).message
    assert "the limit 6, for a market without earlier days" in message
    pairs = [days_of(month, [1, 16]) for month in months_before(3)]
    # The longest stretch is from 17 to 31 March.
    assert "the limit 17, from the 3 months before" in days_missing(delivered(days_of(JUNE, [1, 2]), pairs)).message


@pytest.mark.parametrize(("months", "is_found"), [(2, False), (3, True)])
def test_one_day_alone_is_judged_after_three_months_with_days(months, is_found):
    assert (days_missing(delivered(days_of(JUNE, [1]), every_day(months))) is not None) is is_found


def without(first: int, last: int) -> pd.DataFrame:
    """All days of June but those from the first to the last."""
    return days_of(JUNE, [day for day in range(1, 31) if not first <= day <= last])


@pytest.mark.parametrize("months", [0, 2])
@pytest.mark.parametrize(("last", "is_found"), [(14, False), (15, True)])
def test_a_young_market_may_lack_six_days_in_a_row(months, last, is_found):
    assert (days_missing(delivered(without(9, last), every_day(months))) is not None) is is_found


def odd_days(gap: int = 1) -> list[pd.DataFrame]:
    """Three months with rows of every other day, so that June has more days than expected; a longer gap in April."""
    march, april, may = (days_of(month, range(1, 31, 2)) for month in months_before(3))
    is_gap = april["day"].dt.day.between(3, gap)
    return [march, april[~is_gap] if gap > 1 else april, may]


@pytest.mark.parametrize(
    ("gap_before", "first", "last", "limit"),
    [
        (1, 9, 14, None), (1, 9, 15, 6), (1, 1, 6, None), (1, 1, 7, 6), (1, 25, 30, None), (1, 24, 30, 6),
        (5, 9, 15, None), (5, 9, 16, 7), (7, 9, 17, None), (7, 9, 18, 9),
    ],
)  # fmt: skip
def test_a_stretch_may_be_two_days_longer_than_four_or_than_any_before(gap_before, first, last, limit):
    finding = days_missing(delivered(without(first, last), odd_days(gap_before)))
    if limit is None:
        assert finding is None
    else:
        stretch = f"the longest stretch without a row is {last - first + 1} days, the limit {limit}"
        assert f"{stretch}, from the 3 months before" in finding.message


@pytest.mark.parametrize(("dropped", "is_found"), [([5, 13, 21], False), ([3, 4, 5, 6], True)])
def test_workdays_are_expected_where_workdays_were_before(dropped, is_found):
    """June 2024 has 20 workdays: 17 are 85 %, the limit; 16 are 80 %. It begins with a weekend: 6 days are a gap."""
    finding = days_missing(delivered(days_of(JUNE, [day for day in WORKDAYS if day not in dropped]), workdays(3)))
    assert (finding is not None) is is_found
    if finding:
        assert finding.message == (
            "rows of 16 of 30 days: 80% of the expected days have rows, the limit is 85%, from the 3 months before. "
            "The month is incomplete; deliver all days of it"
        )
        first = ["06-01", "06-02", "06-03", "06-04"]
        assert finding.rows["day_without_rows"].tolist()[:4] == first


def test_a_month_before_with_fewer_days_lowers_the_limit():
    """April lacks 6 of 22 workdays: 73 % of what March and May let expect; less 5 points the limit is 68 %.

    Of June some 18 workdays are expected: 13 are 72 %, 12 are 66 %.
    """
    march, april, may = workdays(3)
    few = [march, april[~april["day"].dt.day.isin([2, 5, 10, 16, 19, 25])], may]
    thirteen = sorted(set(WORKDAYS) - {4, 7, 12, 18, 20, 26, 28})
    assert days_missing(delivered(days_of(JUNE, thirteen), few)) is None
    assert days_missing(delivered(days_of(JUNE, sorted({*thirteen} - {14})), few)) is not None
