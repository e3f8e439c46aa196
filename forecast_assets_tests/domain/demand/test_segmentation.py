import numpy as np
import pytest

from forecast_assets.domain.demand.segmentation import (
    abc_class,
    average_demand_interval,
    coefficient_of_variation,
    demand_class,
    months_since_last_sale,
    squared_variation_of_sizes,
    xyz_class,
    zero_share,
)


def yearly(*units):
    """A panel of one year in which each SKU sells its units in the last month only."""
    panel = np.zeros((len(units), 12))
    panel[:, -1] = units
    return panel


def test_abc_follows_the_cumulative_share_of_value():
    # Before each SKU: 0, 50, 80, 90, 95 of 100.
    assert abc_class(yearly(50, 30, 10, 5, 5), list("abcde")).tolist() == ["A", "A", "B", "B", "C"]


def test_the_first_sku_is_a_even_when_it_holds_more_than_the_share_of_a():
    assert abc_class(yearly(1, 99), ["x", "y"]).tolist() == ["C", "A"]


def test_equal_values_are_ordered_by_sku_whatever_the_order_of_rows():
    panel = yearly(20, 20, 20, 20, 20)
    by_sku = dict(zip("edcba", abc_class(panel, list("edcba")), strict=True))
    assert by_sku == dict(zip("abcde", abc_class(panel, list("abcde")), strict=True))
    assert by_sku == {"a": "A", "b": "A", "c": "A", "d": "A", "e": "B"}


def test_abc_is_by_value_and_a_missing_price_is_the_median():
    price = np.array([[1.0], [100.0], [np.nan], [2.0]]) * np.ones((4, 12))
    # Values 10, 900, 20 (median price 2 x 10), 10: before each 920, 0, 900, 930 of 940.
    assert abc_class(yearly(10, 9, 10, 5), list("abcd"), price).tolist() == ["C", "A", "C", "C"]
    assert abc_class(yearly(10, 9, 10, 5), list("abcd"), np.full((4, 12), np.nan))[0] == "A"


def test_sales_of_more_than_a_year_ago_do_not_count_for_abc():
    panel = np.hstack([np.array([[1e6], [0.0]]), yearly(0, 1)])
    assert abc_class(panel, ["old", "new"]).tolist() == ["C", "A"]


def test_skus_that_sold_nothing_are_c():
    assert abc_class(yearly(0, -5, 0), list("abc")).tolist() == ["C", "C", "C"]


def test_xyz_has_its_limits_at_half_and_one():
    def two_values(low, high):
        return np.tile([low, high], 12)

    # Mean 10: standard deviations of 5, 6, 10 and 10 with a return.
    panel = np.array([two_values(5, 15), two_values(4, 16), two_values(0, 20), two_values(-1, 21)])
    assert xyz_class(panel).tolist() == ["X", "Y", "Y", "Z"]


def test_xyz_of_a_short_history_is_z():
    assert xyz_class(np.ones((1, 11))).tolist() == ["Z"]
    assert xyz_class(np.ones((1, 12))).tolist() == ["X"]


def test_variation_equals_a_loop_over_skus():
    rng = np.random.default_rng(11)
    panel = rng.gamma(1, 10, (30, 40))
    panel[rng.random(panel.shape) < 0.2] = np.nan
    expected = [np.std(row[~np.isnan(row)]) / np.mean(row[~np.isnan(row)]) for row in panel[:, -24:]]
    np.testing.assert_allclose(coefficient_of_variation(panel), expected)


PANEL = np.array(
    [
        [np.nan, np.nan, 4, 0, 0, 8],
        [0, 0, 3, 3, 3, 3],
        [0, 0, 0, 0, 0, 0],
        [2, np.nan, 0, -1, 0, 0],
    ],
    dtype=float,
)


def test_the_demand_interval_is_counted_from_the_first_sale():
    np.testing.assert_array_equal(average_demand_interval(PANEL), [4 / 2, 1, np.nan, 5 / 1])


def test_the_variation_of_sizes_reads_only_months_with_a_sale():
    # Sizes 4 and 8: mean 6, standard deviation 2.
    np.testing.assert_allclose(squared_variation_of_sizes(PANEL), [4 / 36, 0, np.nan, 0])


def test_net_returns_count_as_months_without_a_sale():
    np.testing.assert_allclose(zero_share(PANEL), [2 / 4, 2 / 6, 1, 4 / 5])


def test_the_share_of_zeros_is_over_two_years():
    assert zero_share(np.hstack([np.zeros((1, 24)), np.ones((1, 24))])).tolist() == [0.0]


def test_months_since_the_last_sale_are_zero_at_the_origin():
    np.testing.assert_array_equal(months_since_last_sale(PANEL), [0, 0, np.nan, 5])


@pytest.mark.parametrize(
    ("adi", "cv2", "expected"),
    [
        (1.0, 0.1, "smooth"),
        (1.0, 0.49, "erratic"),
        (1.32, 0.1, "intermittent"),
        (2.0, 0.8, "lumpy"),
        (np.nan, np.nan, "unknown"),
    ],
)
def test_the_class_of_syntetos_and_boylan_has_its_limits_at_132_and_049(adi, cv2, expected):
    assert demand_class(np.array([adi]), np.array([cv2])).tolist() == [expected]
