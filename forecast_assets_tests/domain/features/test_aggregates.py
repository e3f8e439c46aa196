"""Aggregates of a market: lags and windows of the category and of all SKUs, by hand and against pandas."""

import numpy as np
import pandas as pd

from forecast_assets.domain.features.aggregates import aggregate_features

CATEGORY = np.array(["snacks", "snacks", "drinks"], dtype=object)


def units_of_months(months: int) -> np.ndarray:
    """Three SKUs: 1, 2 and 10 units in every month, the origin month doubled."""
    units = np.repeat([[1.0], [2.0], [10.0]], months, axis=1)
    units[:, -1] *= 2
    return units


def test_lags_and_windows_are_relative_to_the_years_mean():
    features = aggregate_features(units_of_months(12), "sell_in", CATEGORY)
    # snacks: eleven months of 3 and one of 6: mean 39 / 12 = 3.25
    np.testing.assert_allclose(features["category_sell_in_lag_1_to_mean_12"][:2], 6 / 3.25)
    np.testing.assert_allclose(features["category_sell_in_lag_2_to_mean_12"][:2], 3 / 3.25)
    np.testing.assert_allclose(features["market_sell_in_lag_1_to_mean_12"], 26 / (169 / 12))
    np.testing.assert_allclose(features["category_sell_in_mean_3_to_mean_12"][:2], 4 / 3.25)


def test_a_sku_has_its_share_of_the_category():
    features = aggregate_features(units_of_months(12), "sell_in", CATEGORY)
    np.testing.assert_allclose(features["sku_share_of_category_sell_in_12"], [1 / 3, 2 / 3, 1])


def test_growth_equals_pandas_on_the_summed_series():
    units = np.random.default_rng(3).uniform(1, 9, (3, 40))
    total = pd.Series(units[:2].sum(axis=0))
    expected = total.rolling(6).mean().iloc[-1] / total.rolling(6).mean().iloc[-13]
    features = aggregate_features(units, "sell_out", CATEGORY)
    np.testing.assert_allclose(features["category_sell_out_year_on_year_6"][:2], expected)


def test_unknown_months_are_skipped_in_totals():
    units = units_of_months(12)
    units[0, -1] = np.nan
    units[2, -1] = np.nan
    features = aggregate_features(units, "sell_in", CATEGORY)
    # snacks: eleven months of 3 and one of 4 (only the second SKU is known)
    np.testing.assert_allclose(features["category_sell_in_lag_1_to_mean_12"][0], 4 / (37 / 12))
    assert np.isnan(features["category_sell_in_lag_1_to_mean_12"][2])


def test_a_market_without_the_measure_has_the_same_columns_without_numbers():
    with_data = aggregate_features(units_of_months(30), "sell_out", CATEGORY)
    without = aggregate_features(None, "sell_out", CATEGORY)
    assert list(with_data) == list(without)
    assert all(np.isnan(values).all() and values.shape == (3,) for values in without.values())
