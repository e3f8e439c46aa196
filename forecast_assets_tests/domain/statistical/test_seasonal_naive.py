"""Seasonal naive on series short enough to forecast in one's head."""

import numpy as np
import pytest

from forecast_assets.domain.statistical.seasonal_naive import forecast_seasonal_naive

LAST_YEAR = np.arange(1.0, 13.0)


def test_every_month_repeats_the_same_month_of_the_last_year():
    units = np.concatenate([LAST_YEAR * 100, LAST_YEAR])[None]
    expected = [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6]]
    np.testing.assert_array_equal(forecast_seasonal_naive(units), expected)


def test_an_unknown_month_takes_the_year_before():
    units = np.concatenate([LAST_YEAR * 100, LAST_YEAR])[None]
    units[0, 12 + 2] = np.nan
    np.testing.assert_array_equal(forecast_seasonal_naive(units, 4), [[1, 2, 300, 4]])


def test_a_month_unknown_in_both_years_takes_the_mean_of_the_last_year():
    units = np.array([[np.nan, np.nan, 7.0, 8.0, np.nan, 4.0, 9.0, np.nan]])
    np.testing.assert_array_equal(forecast_seasonal_naive(units, 6, season_length=4), [[6.5, 4, 9, 8, 6.5, 4]])


def test_a_series_younger_than_a_season_repeats_its_calendar_months():
    forecasts = forecast_seasonal_naive(np.array([[10.0, 20.0]]), 12)
    np.testing.assert_array_equal(forecasts, [[15] * 10 + [10, 20]])


def test_a_series_without_any_known_month_is_forecast_as_zero():
    np.testing.assert_array_equal(forecast_seasonal_naive(np.full((1, 30), np.nan), 3), [[0, 0, 0]])
    assert forecast_seasonal_naive(np.empty((0, 30)), 3).shape == (0, 3)


def test_returns_beyond_sales_do_not_make_a_negative_forecast():
    units = np.full((1, 12), 5.0)
    units[0, 0] = -3.0
    np.testing.assert_array_equal(forecast_seasonal_naive(units, 2), [[0, 5]])


@pytest.mark.parametrize("lengths", [{"horizon_months": 0}, {"season_length": 0}])
def test_a_length_below_one_is_rejected(lengths):
    with pytest.raises(ValueError, match="must be >= 1"):
        forecast_seasonal_naive(np.ones((1, 12)), **lengths)


def test_a_single_series_without_its_row_axis_is_rejected():
    with pytest.raises(ValueError, match="one row per SKU"):
        forecast_seasonal_naive(np.ones(12))
