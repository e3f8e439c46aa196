"""A month that is a copy of an earlier one, and net sales that are no longer delivered."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.delivery import delivery_until
from forecast_assets.domain.deliveries.repeated_months import copied_month, vanished_net_sales
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, june, month_of, months_before, wavy

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


def with_sales(filled: int, count: int = 7) -> pd.DataFrame:
    """Months before June in which so many of ten SKUs have net sales."""
    rows = history(TEN, count)
    return rows.assign(net_sales=rows["units"].where(rows["sku"].isin(TEN[:filled])))


def test_net_sales_that_are_empty_for_all_skus_warn_if_most_always_had_them():
    units = dict.fromkeys(TEN, 100.0)
    finding = vanished_net_sales(june(with_sales(6), units))
    assert finding.message == (
        "net_sales is empty for all 10 SKUs; in each month from 2023-12 to 2024-05 most had it. Deliver the column "
        "again: without it prices are not checked"
    )
    assert finding.is_warning
    assert finding.rows["skus_with_net_sales"].tolist() == [6] * 6
    assert vanished_net_sales(june(with_sales(5), units)) is None


def test_a_market_without_net_sales_in_one_of_six_months_or_with_some_now_is_no_finding():
    units = dict.fromkeys(TEN, 100.0)
    before = with_sales(10)
    one_without = before.assign(net_sales=before["net_sales"].where(before["month"] != months_before(6)[0]))
    assert vanished_net_sales(june(one_without, units)) is None
    assert vanished_net_sales(june(with_sales(10, 5), units)) is None
    assert vanished_net_sales(june(with_sales(10, 6), units)) is not None
    now = month_of(units).assign(net_sales=[1.0] + [None] * 9)
    some = june(pd.concat([before, now]), {})
    assert vanished_net_sales(some) is None
    assert vanished_net_sales(june(before, {})) is None
