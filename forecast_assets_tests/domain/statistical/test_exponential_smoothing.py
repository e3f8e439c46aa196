"""Exponential smoothing against statsmodels, form by form, and the average over the forms against one written out."""

import warnings

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from forecast_assets.domain.statistical.aligned_panel import aligned_chunks
from forecast_assets.domain.statistical.exponential_smoothing import (
    FORMS,
    SKUS_PER_CHUNK,
    Form,
    forecast_exponential_smoothing,
)
from forecast_assets.domain.statistical.holt_winters_recursion import States, extrapolate, one_step_errors
from forecast_assets.domain.statistical.smoothing_search import fit_smoothing

HORIZON_MONTHS = 18


@pytest.fixture
def units():
    """Eight SKUs of 60 months: level, trend, season and noise of different size."""
    rng = np.random.default_rng(11)
    months = np.arange(60)
    season = 1 + rng.uniform(0.0, 0.5, (8, 1)) * np.sin((months + rng.integers(0, 12, (8, 1))) / 6 * np.pi)
    trend = 1 + rng.uniform(-0.006, 0.012, (8, 1)) * months
    return 100 * season * trend * rng.normal(1, rng.uniform(0.05, 0.25, (8, 1)), (8, 60)).clip(0.2)


def panel_of(series: np.ndarray):
    [(_, panel)] = aligned_chunks(series[None], 1)
    return panel


def of_statsmodels(series: np.ndarray, form: Form, **known) -> ExponentialSmoothing:
    parts = {"trend": "add", "damped_trend": True} if form.has_trend else {}
    parts |= {"seasonal": "add", "seasonal_periods": 12} if form.has_season else {}
    return ExponentialSmoothing(series, **parts, **known)


@pytest.mark.parametrize("form", FORMS)
def test_with_given_parameters_each_form_equals_statsmodels(units, form):
    alpha, beta, gamma, damping = 0.3, 0.2 * form.has_trend, 0.4 * form.has_season, 0.85 if form.has_trend else 1.0
    trend = 2.5 * form.has_trend
    season = np.linspace(-20.0, 20.0, 12) if form.has_season else np.zeros(1)
    given = {"initialization_method": "known", "initial_level": 90.0}
    given |= {"initial_trend": trend / damping} if form.has_trend else {}
    given |= {"initial_seasonal": season} if form.has_season else {}
    smoothing = {"smoothing_level": alpha}
    smoothing |= {"smoothing_trend": beta, "damping_trend": damping} if form.has_trend else {}
    smoothing |= {"smoothing_seasonal": gamma} if form.has_season else {}
    fitted = of_statsmodels(units[0], form, **given).fit(**smoothing, optimized=False)
    states = States(np.array([[90.0]]), np.array([[trend / damping]]), season[:, None, None].copy())
    panel = panel_of(units[0])
    ours = np.array([alpha, beta, gamma, damping])[:, None, None]
    errors = np.array([error[0, 0] for error in one_step_errors(panel, states, ours)])
    np.testing.assert_allclose(units[0] - errors, fitted.fittedvalues, rtol=0, atol=1e-8)
    # Eleven months: for the twelfth statsmodels 0.15 takes the season of a year before (see test_holt_winters).
    ahead = extrapolate(states, panel.lengths, 11, ours[3, 0])
    np.testing.assert_allclose(ahead[0], fitted.forecast(11), rtol=0, atol=1e-8)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_fits_about_as_closely_as_statsmodels_optimises_it(units, form):
    ratios = []
    for series in units[:4] / units[:4].mean(axis=1, keepdims=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = of_statsmodels(series, form).fit().sse
        ratios.append(fit_smoothing(panel_of(series - series.mean()), form.space).squared_errors[0] / theirs)
    assert max(ratios) < 1.15
    assert np.mean(ratios) < 1.05


def average_of_forms(values: np.ndarray) -> np.ndarray:
    """The forms of one series weighted by exp(-AICc / 2), written out."""
    known = int(np.isfinite(values).sum())
    centre = np.nanmean(values)
    estimated = {(False, False): 2, (True, False): 5, (False, True): 14, (True, True): 17}
    forecasts, criteria = [], []
    for (has_trend, has_season), count in estimated.items():
        if known < (24 if has_season else 4):
            continue
        panel = panel_of(values - centre)
        fitted = fit_smoothing(panel, Form(has_trend, has_season).space)
        level, trend = fitted.states.level[0, 0], fitted.states.trend[0, 0]
        season, damping = fitted.states.season[:, 0, 0], fitted.smoothing[3, 0, 0]
        ahead = []
        for step in range(1, HORIZON_MONTHS + 1):
            carried = sum(damping**back for back in range(1, step + 1)) * trend
            ahead.append(level + carried + season[(panel.lengths[0] + step - 1) % len(season)])
        forecasts.append(ahead)
        akaike = known * np.log(fitted.squared_errors[0] / known + 1e-9) + 2 * count
        criteria.append(akaike + 2 * count * (count + 1) / max(known - count - 1, 1))
    weights = np.exp(-0.5 * (np.array(criteria) - min(criteria)))
    return weights @ np.array(forecasts) / weights.sum() + centre


@pytest.mark.parametrize("n_months", [4, 12, 23, 24, 40, 60])
def test_forms_are_averaged_by_akaike_weights_units_and_logarithms_equally(units, n_months):
    recent = units[:, -n_months:]
    forecast = forecast_exponential_smoothing(recent)
    for sku, series in enumerate(recent):
        size = series.mean()
        additive = np.maximum(average_of_forms(series / size), 0)
        multiplicative = np.maximum(np.exp(average_of_forms(np.log(series / size + 0.02))) - 0.02, 0)
        np.testing.assert_allclose(forecast[sku], (additive + multiplicative) / 2 * size, rtol=1e-9)


def test_a_season_without_noise_is_continued_exactly():
    months = np.arange(72 + HORIZON_MONTHS)
    line = 200 + 60 * np.cos(months / 6 * np.pi)
    np.testing.assert_allclose(forecast_exponential_smoothing(line[None, :72])[0], line[72:], rtol=1e-3)


def test_a_trend_with_a_season_and_no_noise_is_continued():
    # Units continue the line exactly and their logarithms damp its bend; without a trend it would be 30 % lower.
    months = np.arange(72 + HORIZON_MONTHS)
    line = 200 + 1.5 * months + 30 * np.cos(months / 6 * np.pi)
    growth = 200 * 1.006**months * (1 + 0.2 * np.cos(months / 6 * np.pi))
    for series in (line, growth):
        np.testing.assert_allclose(forecast_exponential_smoothing(series[None, :72])[0], series[72:], rtol=0.07)


def test_an_unknown_month_changes_the_forecast_little():
    months = np.arange(72)
    full = (200 + 60 * np.cos(months / 6 * np.pi))[None]
    gappy = full.copy()
    gappy[0, [20, 21, 50, 71]] = np.nan
    np.testing.assert_allclose(forecast_exponential_smoothing(gappy), forecast_exponential_smoothing(full), rtol=0.01)


def test_a_sku_is_forecast_the_same_alone_in_a_crowd_and_in_any_order(units):
    units[1, :30] = np.nan
    units[2, :40] = np.nan
    units[3, 30:34] = np.nan
    units[4, -2:] = np.nan
    units[5, :-2] = np.nan
    crowd = np.tile(units, (SKUS_PER_CHUNK // 8 + 3, 1))
    together = forecast_exponential_smoothing(crowd)
    alone = np.concatenate([forecast_exponential_smoothing(row[None]) for row in units])
    np.testing.assert_allclose(together[:8], alone, rtol=1e-9)
    np.testing.assert_allclose(together[-8:], alone, rtol=1e-9)
    np.testing.assert_allclose(forecast_exponential_smoothing(units[::-1])[::-1], alone, rtol=1e-9)


def test_the_scale_of_a_sku_does_not_matter(units):
    expected = forecast_exponential_smoothing(units)
    np.testing.assert_allclose(forecast_exponential_smoothing(units * 1000), expected * 1000, rtol=1e-8)


def test_only_the_last_120_months_count(units):
    long = np.concatenate([units * 50, units, units], axis=1)
    np.testing.assert_array_equal(forecast_exponential_smoothing(long), forecast_exponential_smoothing(long[:, -120:]))


def test_fewer_than_four_known_months_are_forecast_by_their_mean():
    units = np.array([[np.nan, 3.0, np.nan, 6.0, 9.0], [np.nan] * 5, [0.0] * 5])
    np.testing.assert_array_equal(forecast_exponential_smoothing(units, 2), [[6, 6], [0, 0], [0, 0]])
    assert forecast_exponential_smoothing(np.empty((0, 60))).shape == (0, HORIZON_MONTHS)


def test_an_explosive_history_is_held_at_four_times_its_recent_maximum():
    units = 1.6 ** np.arange(30.0)[None]
    forecasts = forecast_exponential_smoothing(units)
    assert forecasts.max() == 4 * units.max()


@pytest.mark.parametrize("n_months", [1, 3, 4, 5, 12, 24, 25])
def test_every_age_gets_a_complete_forecast_that_is_not_negative(n_months):
    units = np.full((4, 36), np.nan)
    units[:, 36 - n_months :] = np.random.default_rng(n_months).poisson(2.0, (4, n_months))
    units[3, -1] = -4.0
    forecasts = forecast_exponential_smoothing(units)
    assert forecasts.shape == (4, HORIZON_MONTHS)
    assert np.isfinite(forecasts).all()
    assert (forecasts >= 0).all()


def test_wrong_shapes_and_horizons_are_rejected():
    with pytest.raises(ValueError, match=r"got \(24,\) and 18"):
        forecast_exponential_smoothing(np.ones(24))
    with pytest.raises(ValueError, match="a horizon >= 1"):
        forecast_exponential_smoothing(np.ones((1, 24)), 0)


@pytest.mark.filterwarnings("error")
def test_a_sku_too_young_for_any_form_is_no_reason_for_a_warning(units):
    units[3, :-2] = np.nan
    assert forecast_exponential_smoothing(units)[3, 0] == pytest.approx(units[3, -2:].mean())
