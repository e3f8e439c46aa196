"""The limits of every forecast, on numbers that can be checked by eye."""

import numpy as np

from forecast_assets.domain.statistical.forecast_cap import cap_forecasts


def test_a_forecast_is_between_zero_and_four_times_the_recent_maximum():
    units = np.ones((1, 37))
    units[0, 0], units[0, 1] = 1000.0, 5.0
    np.testing.assert_array_equal(cap_forecasts(np.array([[-3.0, 19.0, 21.0]]), units), [[0, 19, 20]])


def test_unknown_months_do_not_count_towards_the_cap():
    units = np.array([[2.0, np.nan, 1.0]])
    np.testing.assert_array_equal(cap_forecasts(np.array([[100.0]]), units), [[8]])


def test_a_missing_forecast_or_a_sku_without_known_months_becomes_zero():
    units = np.array([[5.0, 5.0], [np.nan, np.nan], [-2.0, -1.0]])
    forecasts = np.array([[np.nan], [7.0], [7.0]])
    np.testing.assert_array_equal(cap_forecasts(forecasts, units), [[0], [0], [0]])
