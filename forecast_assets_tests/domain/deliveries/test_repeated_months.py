"""A month that is a copy of an earlier one."""

import pytest

from forecast_assets.domain.deliveries.delivery import delivery_until
from forecast_assets.domain.deliveries.repeated_months import copied_month
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, june, month_of, wavy

BEFORE = wavy(TEN, 24)


def units_of(month: str) -> dict[str, float]:
    rows = BEFORE[BEFORE["month"] == month]
    return dict(zip(rows["sku"], rows["units"], strict=True))


@pytest.mark.parametrize("month", ["2024-05-01", "2023-06-01"])
def test_a_copy_of_the_month_or_the_year_before_is_found_with_its_month(month):
    finding = copied_month(june(BEFORE, units_of(month)))
    assert finding.message == (
        f"10 of 10 SKUs have exactly the units of {month[:7]}, limit 90 %: it looks like a copy. Deliver 2024-06 itself"
    )
    assert finding.rows["sku"].tolist() == TEN
    assert finding.rows["units"].tolist() == list(units_of(month).values())
    assert not finding.is_warning


def test_nearly_all_skus_are_nine_in_ten():
    may = units_of("2024-05-01")
    assert copied_month(june(BEFORE, may | {"R00": 1.0})).rows["sku"].tolist() == TEN[1:]
    assert copied_month(june(BEFORE, may | {"R00": 1.0, "R01": 2.0})) is None


def test_a_month_of_its_own_and_a_first_month_are_no_copies():
    assert copied_month(june(BEFORE, {sku: 1000.5 + number for number, sku in enumerate(TEN)})) is None
    assert copied_month(delivery_until(month_of(units_of("2024-05-01")), JUNE)) is None


def test_units_that_repeat_show_no_copy():
    different = {sku: 100.0 + number for number, sku in enumerate(TEN)}
    assert copied_month(june(history(different, 3), different)) is None
    assert copied_month(june(history(different, 2), different)) is not None
    # Constant units, in a market with few months.
    assert copied_month(june(history(TEN, 2), dict.fromkeys(TEN, 100.0))) is None


def test_five_different_numbers_are_the_least_and_months_without_sales_are_none():
    four, five = (dict(zip(TEN, [1.0, 2.0, 3.0, 4.0, last, last], strict=False)) for last in (4.0, 5.0))
    assert copied_month(june(history(four, 1), four)) is None
    assert copied_month(june(history(five, 1), five)) is not None
    zero = five | {"R04": 0.0, "R05": 0.0}
    assert copied_month(june(history(zero, 1), zero)) is None


@pytest.mark.parametrize(("months_alike", "copied"), [(2, 5), (3, 4)])
def test_a_sku_whose_units_repeat_in_three_months_is_left_out(months_alike, copied):
    """The other SKUs have those of May; five different numbers are left with the sixth, four without it."""
    judged = dict(zip(TEN, [1.0, 2.0, 3.0, 4.0, 5.0], strict=False))
    before = history(judged, 3)
    is_other = (before["month"] != "2024-05-01") & (before["sku"] != "R04")
    is_fifth = (before["sku"] == "R04") & (before["month"] < f"2024-{6 - months_alike:02d}-01")
    before = before.assign(units=before["units"].mask(is_other | is_fifth, 9.0))
    assert (copied_month(june(before, judged)) is not None) is (copied == 5)


def test_a_sku_that_is_not_in_the_copied_month_is_not_listed():
    may = units_of("2024-05-01")
    new = copied_month(june(BEFORE, may | {"NEW": 7.0}))
    assert new.message.startswith("10 of 11 SKUs have exactly the units of 2024-05")
    assert new.rows["sku"].tolist() == TEN


def test_a_market_whose_first_month_is_the_month_before_can_be_a_copy():
    units = dict(zip(TEN, [1.0, 2.0, 3.0, 4.0, 5.0], strict=False))
    assert copied_month(june(history(units, 1), units)).rows["units"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
