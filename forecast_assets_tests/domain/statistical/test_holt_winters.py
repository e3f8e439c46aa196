"""Holt-Winters against statsmodels: the recursion to the last digits, the forecasts by their accuracy."""

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from forecast_assets.domain.statistical.aligned_panel import aligned_chunks
from forecast_assets.domain.statistical.holt_winters import SKUS_PER_CHUNK, forecast_holt_winters
from forecast_assets.domain.statistical.holt_winters_recursion import (
    States,
    extrapolate,
    one_step_errors,
    sum_of_squared_errors,
)

HORIZON_MONTHS = 18


@pytest.fixture
def units():
    """Twelve SKUs of 96 months: level, trend, season and noise of different size."""
    rng = np.random.default_rng(7)
    months = np.arange(96)
    season = 1 + rng.uniform(0.1, 0.6, (12, 1)) * np.sin((months + rng.integers(0, 12, (12, 1))) / 6 * np.pi)
    trend = 1 + rng.uniform(-0.004, 0.01, (12, 1)) * months
    return 100 * season * trend * rng.normal(1, rng.uniform(0.03, 0.25, (12, 1)), (12, 96)).clip(0)


def forecast_by_statsmodels(series: np.ndarray) -> np.ndarray:
    known = series[np.isfinite(series)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = ExponentialSmoothing(known, trend="add", seasonal="add", seasonal_periods=12).fit()
    return np.clip(fitted.forecast(HORIZON_MONTHS), 0, None)


def wape(forecasts: np.ndarray, actuals: np.ndarray) -> float:
    return float(np.nansum(np.abs(forecasts - actuals)) / np.nansum(np.abs(actuals)))


def fixed_by_statsmodels(series, smoothing, level, trend, season):
    model = ExponentialSmoothing(
        series,
        trend="add",
        seasonal="add",
        seasonal_periods=12,
        initialization_method="known",
        initial_level=level,
        initial_trend=trend,
        initial_seasonal=season,
    )
    names = ("smoothing_level", "smoothing_trend", "smoothing_seasonal")
    return model.fit(**dict(zip(names, smoothing, strict=True)), optimized=False)


def forecast_of(fitted) -> np.ndarray:
    """Forecasts of a statsmodels fit, month 12 from its states.

    For that month ``fitted.forecast`` (0.15) takes the season of a year before, not the one the last month has updated.
    """
    forecasts = np.array(fitted.forecast(HORIZON_MONTHS))
    forecasts[11] = fitted.level[-1] + 12 * fitted.trend[-1] + fitted.season[-1]
    return forecasts


def test_with_given_parameters_and_states_the_recursion_equals_statsmodels(units):
    rng = np.random.default_rng(3)
    n_sku = len(units)
    alpha = rng.uniform(0.05, 0.9, n_sku)
    smoothing = np.array([alpha, rng.uniform(0, 0.5, n_sku), rng.uniform(0, 1, n_sku) * (1 - alpha)])
    level, trend, season = rng.uniform(50, 150, n_sku), rng.normal(0, 1, n_sku), rng.normal(0, 20, (12, n_sku))
    [(rows, panel)] = aligned_chunks(units, n_sku)
    assert list(rows) == list(range(n_sku))
    start = States(level[None], trend[None], season[:, None])
    states = start.spread(1)
    errors = np.array([error[0].copy() for error in one_step_errors(panel, states, smoothing[:, None])])
    forecasts = extrapolate(states, panel.lengths, HORIZON_MONTHS)
    squared = sum_of_squared_errors(panel, start, smoothing[:, None])[0]
    for sku in range(n_sku):
        fitted = fixed_by_statsmodels(units[sku], smoothing[:, sku], level[sku], trend[sku], season[:, sku])
        np.testing.assert_allclose(units[sku] - errors[:, sku], fitted.fittedvalues, rtol=0, atol=1e-8)
        np.testing.assert_allclose(forecasts[sku], forecast_of(fitted), rtol=0, atol=1e-8)
        assert squared[sku] == pytest.approx(fitted.sse, rel=1e-10)


def test_forecasts_are_as_accurate_as_those_of_statsmodels(units):
    known, future = units[:6, :-HORIZON_MONTHS], units[:6, -HORIZON_MONTHS:]
    by_statsmodels = np.array([forecast_by_statsmodels(series) for series in known])
    assert wape(forecast_holt_winters(known), future) <= 1.05 * wape(by_statsmodels, future)


def test_a_trend_with_a_season_and_no_noise_is_continued_exactly():
    months = np.arange(72 + HORIZON_MONTHS)
    line = 200 + 1.5 * months + 30 * np.cos(months / 6 * np.pi)
    forecasts = forecast_holt_winters(line[None, :72])
    np.testing.assert_allclose(forecasts[0], line[72:], rtol=1e-4)


def test_later_months_do_not_change_the_forecast_of_an_earlier_slice(units):
    poisoned = np.concatenate([units[:, :70], np.full((12, 26), 1e9)], axis=1)
    np.testing.assert_array_equal(forecast_holt_winters(poisoned[:, :70]), forecast_holt_winters(units[:, :70]))


def test_a_sku_is_forecast_the_same_alone_in_a_crowd_and_in_any_order(units):
    units[1, :30] = np.nan
    units[2, :78] = np.nan
    units[3, 40:44] = np.nan
    units[4, -2:] = np.nan
    units[5, :-2] = np.nan
    crowd = np.tile(units, (SKUS_PER_CHUNK // 12 + 5, 1))
    together = forecast_holt_winters(crowd)
    alone = np.concatenate([forecast_holt_winters(row[None]) for row in units])
    np.testing.assert_allclose(together[:12], alone, rtol=1e-10)
    np.testing.assert_allclose(together[-12:], alone, rtol=1e-10)
    np.testing.assert_allclose(forecast_holt_winters(crowd[::-1])[::-1], together, rtol=1e-10)
    np.testing.assert_array_equal(forecast_holt_winters(crowd), together)


def test_the_scale_of_a_sku_does_not_matter(units):
    np.testing.assert_allclose(forecast_holt_winters(units * 1000), forecast_holt_winters(units) * 1000, rtol=1e-8)


def test_only_the_last_120_months_count(units):
    expected = forecast_holt_winters(units)
    empty = np.full((12, 40), np.nan)
    np.testing.assert_array_equal(forecast_holt_winters(np.concatenate([empty, units], axis=1)), expected)
    long = np.concatenate([units[:, :90] * 50, units, units[:, :24]], axis=1)
    np.testing.assert_array_equal(forecast_holt_winters(long), forecast_holt_winters(long[:, -120:]))


def test_an_unknown_month_changes_the_forecast_little():
    months = np.arange(72)
    full = (200 + 1.5 * months + 30 * np.cos(months / 6 * np.pi))[None]
    gappy = full.copy()
    gappy[0, [20, 21, 50, 71]] = np.nan
    np.testing.assert_allclose(forecast_holt_winters(gappy), forecast_holt_winters(full), rtol=1e-3)


@pytest.mark.parametrize("n_months", [0, 1, 3, 4, 11, 23, 24, 25, 60])
def test_every_age_gets_a_complete_forecast_that_is_not_negative(n_months):
    rng = np.random.default_rng(n_months)
    units = np.full((4, 60), np.nan)
    units[:, 60 - n_months :] = rng.poisson(3.0, (4, n_months))
    forecasts = forecast_holt_winters(units)
    assert forecasts.shape == (4, HORIZON_MONTHS)
    assert np.isfinite(forecasts).all()
    assert (forecasts >= 0).all()


def test_fewer_than_four_known_months_are_forecast_by_their_mean():
    units = np.array([[np.nan, np.nan, 3.0, np.nan, 6.0, 9.0]])
    np.testing.assert_array_equal(forecast_holt_winters(units, 3), [[6, 6, 6]])


def test_a_year_of_steady_growth_is_continued_upwards_without_a_season():
    forecasts = forecast_holt_winters(100.0 + 10.0 * np.arange(23.0)[None])
    assert (np.diff(forecasts[0]) > 0).all()
    np.testing.assert_allclose(np.diff(forecasts[0]), np.diff(forecasts[0])[0])
    assert 320 < forecasts[0, 0] < 340


def test_a_sku_that_never_sold_or_was_never_known_is_forecast_as_zero():
    units = np.vstack([np.zeros(60), np.full(60, np.nan)])
    np.testing.assert_array_equal(forecast_holt_winters(units), np.zeros((2, HORIZON_MONTHS)))
    assert forecast_holt_winters(np.empty((0, 60))).shape == (0, HORIZON_MONTHS)


def test_an_explosive_history_is_held_below_four_times_its_recent_maximum():
    units = 1.6 ** np.arange(30.0)[None]
    assert forecast_holt_winters(units).max() <= 4 * units.max()


def test_the_callers_array_is_left_alone(units):
    before = units.copy()
    forecast_holt_winters(units)
    np.testing.assert_array_equal(units, before)


def test_wrong_shapes_and_lengths_are_rejected():
    with pytest.raises(ValueError, match="one row per SKU"):
        forecast_holt_winters(np.ones(24))
    with pytest.raises(ValueError, match="must be >= 1, got 0, 12 and 120"):
        forecast_holt_winters(np.ones((1, 24)), horizon_months=0)


@pytest.mark.real_data
def test_on_australian_retail_the_error_is_that_of_statsmodels_or_less():
    """WAPE of the statsmodels loop on the same 110 series, last 120 months up to 2017-06: 0.0344."""
    path = Path(os.environ["FORECAST_REAL_DATA"]) / "aus_retail" / "landing" / "sell_in" / "aus_retail.parquet"
    table = pd.read_parquet(path).pivot(index=["country", "sku"], columns="month", values="units")
    known = table.loc[:, :"2017-06-01"].to_numpy()[:, -120:]
    future = table.loc[:, "2017-07-01":].to_numpy()
    scored = np.isfinite(future).any(axis=1) & (np.isfinite(known).sum(axis=1) >= 12)
    assert scored.sum() == 110
    assert wape(forecast_holt_winters(known[scored]), future[scored]) <= 0.0347
