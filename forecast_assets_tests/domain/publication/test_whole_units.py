"""Whole units and cases: sums over months stay, by hand."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.publication.whole_units import whole_quantities, whole_units

MONTHS = pd.date_range("2024-07-01", periods=5, freq="MS")


def rows(sku, units):
    return pd.DataFrame({"sku": sku, "target_month": MONTHS[: len(units)], "forecast_units": units})


def test_a_slow_seller_is_uploaded_in_the_months_in_which_a_unit_is_full():
    assert whole_units(np.array([[0.4, 0.4, 0.4, 0.4, 0.4]])).tolist() == [[0, 1, 0, 1, 0]]


def test_whole_numbers_stay_and_halves_go_up():
    assert whole_units(np.array([[3.0, 0.0, 7.0], [0.5, 0.5, 0.5]])).tolist() == [[3, 0, 7], [1, 0, 1]]


def test_sums_that_decimals_miss_by_a_hair_count_as_full():
    assert whole_units(np.full((1, 5), 0.1))[0].tolist() == [0, 0, 0, 0, 1]


def test_sums_over_the_first_months_are_off_by_half_a_unit_at_most():
    units = np.random.default_rng(3).exponential(5.0, (200, 18))
    whole = whole_units(units)
    assert np.abs(whole.cumsum(axis=1) - units.cumsum(axis=1)).max() <= 0.5 + 1e-5
    assert (whole >= 0).all()


def test_skus_sold_in_cases_are_in_cases_and_others_in_units():
    table = pd.concat([rows("b", [18.0, 18.0]), rows("a", [1.4, 1.4])])
    result = whole_quantities(table, pd.Series({"b": 12.0}))
    assert result["sku"].tolist() == ["a", "a", "b", "b"]
    assert result["quantity"].tolist() == [1, 2, 2, 1]  # 1.5 cases a month: 2, then 3 in all
    assert result["quantity_unit"].tolist() == ["unit", "unit", "case", "case"]
    assert result["quantity"].dtype == "int64"


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_the_rows_does_not_matter(order):
    table = rows("a", [0.4, 0.4, 0.4]).iloc[::order]
    assert whole_quantities(table, pd.Series(dtype=float))["quantity"].tolist() == [0, 1, 0]


def test_a_month_that_is_not_forecast_has_no_row():
    table = pd.concat([rows("a", [1.0, 1.0, 1.0]), rows("b", [1.0, 1.0, 1.0]).drop(1)])
    assert len(whole_quantities(table, pd.Series(dtype=float))) == 5
