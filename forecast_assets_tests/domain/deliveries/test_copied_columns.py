"""A column that repeats another one, by hand values: ten SKUs with ten different units."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.deliveries.copied_columns import copied_column, copied_source
from forecast_assets.domain.deliveries.delivery import delivery_until
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, months_before

UNITS = np.arange(1.0, 11.0)


def rows(stock_of_june: np.ndarray, months: int = 4, stock_before: np.ndarray = UNITS + 100) -> pd.DataFrame:
    """The same units each month, with a stock that differs from them unless it is said."""
    parts = [
        pd.DataFrame({"sku": TEN, "month": month, "units": UNITS, "stock_units": stock})
        for month, stock in [*((each, stock_before) for each in months_before(months)), (JUNE, stock_of_june)]
    ]
    return pd.concat(parts, ignore_index=True)


def judged(*arguments, **named):
    return copied_column(delivery_until(rows(*arguments, **named), JUNE))


def sell_in(june: np.ndarray, before: np.ndarray = UNITS + 100) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"sku": TEN, "month": month, "sell_in_units": units})
        for month, units in [*((each, before) for each in months_before(4)), (JUNE, june)]
    ]
    return pd.concat(parts, ignore_index=True)


def test_a_column_of_units_is_found_with_its_name():
    finding = judged(UNITS)
    assert finding.message == (
        "stock_units is units for 10 of 10 SKUs, limit 90 %, and was not in most months before 2024-06: one is written "
        "over the other. Deliver each by its own numbers"
    )
    assert finding.rows["sku"].tolist() == TEN
    assert finding.rows["units"].tolist() == UNITS.tolist()
    assert not finding.is_warning


def test_what_is_counted_and_shown_is_of_the_judged_month():
    """Half a year ago one SKU was not sold, and the others sold ten more."""
    earlier = rows(UNITS, months=1).assign(month=months_before(6)[0]).iloc[1:10]
    earlier["units"] += 10
    delivered = pd.concat([earlier, rows(UNITS)], ignore_index=True)
    finding = copied_column(delivery_until(delivered, JUNE))
    assert finding.message.startswith("stock_units is units for 10 of 10 SKUs")
    assert finding.rows["units"].tolist() == UNITS.tolist()


@pytest.mark.parametrize(("different", "is_found"), [(1, True), (2, False)])
def test_nine_in_ten_are_the_least(different, is_found):
    stock = UNITS.copy()
    stock[:different] += 0.5
    assert (judged(stock) is not None) is is_found


def test_other_numbers_are_no_copy_and_a_first_month_may_be_one():
    assert judged(UNITS + 1) is None
    assert judged(UNITS, months=0) is not None


def test_a_market_in_which_both_are_usually_equal_is_none():
    """Of four months before June, two are equal: half of them."""
    usual = rows(UNITS)
    equal = usual["month"].isin(months_before(2))
    usual.loc[equal, "stock_units"] = usual.loc[equal, "units"]
    assert copied_column(delivery_until(usual, JUNE)) is None
    usual.loc[usual["month"] == months_before(1)[0], "stock_units"] = 1000.0
    assert copied_column(delivery_until(usual, JUNE)) is not None


def test_months_without_the_column_say_nothing_of_what_is_usual():
    table = rows(UNITS)
    table.loc[table["month"] < months_before(1)[0], "stock_units"] = np.nan
    assert copied_column(delivery_until(table, JUNE)) is not None
    table.loc[table["month"] == months_before(1)[0], "stock_units"] = UNITS
    assert copied_column(delivery_until(table, JUNE)) is None


@pytest.mark.parametrize(("numbers", "is_found"), [(4, False), (5, True)])
def test_five_different_numbers_are_the_least(numbers, is_found):
    table = rows(UNITS)
    table["units"] = np.minimum(table["units"], numbers)
    table.loc[table["month"] == JUNE, "stock_units"] = np.minimum(UNITS, numbers)
    assert (copied_column(delivery_until(table, JUNE)) is not None) is is_found


def test_zero_units_count_for_nothing():
    table = rows(UNITS)
    is_zero = table["sku"].isin(TEN[:6])
    table.loc[is_zero, ["units", "stock_units"]] = 0.0
    assert copied_column(delivery_until(table, JUNE)) is None


def test_sell_out_that_is_sell_in_is_found_and_other_sell_in_is_not():
    delivery = delivery_until(rows(UNITS + 100), JUNE)
    finding = copied_source(delivery, sell_in(UNITS))
    assert finding.message.startswith("sell-out is sell-in for 10 of 10 SKUs")
    assert copied_source(delivery, sell_in(UNITS + 1)) is None
    assert copied_source(delivery, sell_in(UNITS, before=UNITS)) is None
    assert copied_source(delivery, sell_in(UNITS).head(0)) is None


def test_sell_in_of_skus_and_months_that_sell_out_lacks_is_left_out():
    other = sell_in(UNITS)
    more = pd.concat([other.assign(sku="Z"), other, other.assign(month=pd.Timestamp("2020-01-01"))])
    assert copied_source(delivery_until(rows(UNITS + 100), JUNE), more) is not None
