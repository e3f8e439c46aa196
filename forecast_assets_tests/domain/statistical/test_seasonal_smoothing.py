"""The three smoothing methods against a loop per series and setting, and on series with an obvious continuation."""

import dataclasses

import numpy as np
import pytest

from forecast_assets.domain.demand.seasonality import seasonal_indices
from forecast_assets.domain.statistical.seasonal_smoothing import forecast_statistical

ALPHAS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
HORIZON_MONTHS = 18


def calendar(n_months: int, last_month: int = 12) -> np.ndarray:
    return (last_month - 1 - np.arange(n_months)[::-1]) % 12 + 1


def smooth_by_loop(z, alpha, beta, phi, trend):
    """Mean absolute one-step error and the forecasts of one setting, in the textbook's component form."""
    first = np.flatnonzero(np.isfinite(z))[0]
    known = z[np.isfinite(z)]
    level, errors = np.mean(known[:12]), []
    for value in z[first:]:
        expected = level + phi * trend
        if np.isfinite(value):
            errors.append(abs(value - expected))
            new_level = alpha * value + (1 - alpha) * expected
            trend = beta * (new_level - level) + (1 - beta) * phi * trend
            level = new_level
        else:
            level, trend = expected, phi * trend
    forecasts, ahead = [], level
    for _ in range(HORIZON_MONTHS):
        trend *= phi
        ahead += trend
        forecasts.append(ahead)
    return np.mean(errors), np.array(forecasts)


def forecast_by_loop(y, months, index):
    """All three methods for one series: best of every setting by a plain search."""
    z = (y / index[months - 1])[-84:]
    at = np.flatnonzero(np.isfinite(z))
    slope = np.polyfit(at, z[at], 1)[0]
    grids = {
        "ses": [(a, 0.0, 1.0, 0.0) for a in ALPHAS],
        "theta": [(a, 0.0, 1.0, slope / 2) for a in ALPHAS],
        "damped_holt": [
            (a, b, phi, slope) for a in (0.1, 0.3, 0.5, 0.8) for b in (0.05, 0.1, 0.2) for phi in (0.85, 0.93, 0.98)
        ],
    }
    target = (months[-1] - 1 + np.arange(1, HORIZON_MONTHS + 1)) % 12
    cap = 4 * np.nanmax(y[-36:])
    state = {"slope": slope}
    for method, grid in grids.items():
        tried = [(*smooth_by_loop(z, *setting), setting) for setting in grid]
        mae, forecasts, setting = min(tried, key=lambda one: one[0])
        state[method] = np.clip(forecasts * index[target], 0, cap)
        state[f"{method}_one_step_mae"], state[f"{method}_alpha"] = mae, setting[0]
    return state | {"damped_holt_beta": setting[1], "damped_holt_phi": setting[2]}


@pytest.fixture
def units():
    rng = np.random.default_rng(20240601)
    months = np.arange(100)
    season = 1 + 0.5 * np.sin(months / 6 * np.pi)
    units = rng.gamma(4.0, 10.0, (9, 100)) * season * (1 + 0.01 * months * rng.uniform(-0.8, 2.0, (9, 1)))
    units[1, :70] = np.nan
    units[2, :88] = np.nan
    units[3, 40:45] = np.nan
    units[4, -3:] = np.nan
    units[5] = rng.poisson(0.5, 100)
    units[6] = np.cumsum(rng.normal(0, 1, 100)) + 50
    return units


@pytest.mark.parametrize("last_month", [3, 12])
def test_forecasts_and_choices_are_those_of_a_loop(units, last_month):
    months = calendar(100, last_month)
    forecast = forecast_statistical(units, months, HORIZON_MONTHS)
    index = seasonal_indices(units, months).index
    for row, series in enumerate(units):
        for name, expected in forecast_by_loop(series, months, index[row]).items():
            np.testing.assert_allclose(getattr(forecast, name)[row], expected, rtol=1e-8, atol=1e-8, err_msg=name)


def test_a_constant_is_continued_and_theta_follows_a_line_at_half_slope():
    units = np.array([np.full(120, 7.0), 100.0 + 2.0 * np.arange(120)])
    forecast = forecast_statistical(units, calendar(120), 6)
    for method in ("ses", "theta", "damped_holt", "mean"):
        np.testing.assert_allclose(getattr(forecast, method)[0], 7.0, rtol=1e-6)
    np.testing.assert_allclose(forecast.slope, [0.0, 2.0], atol=0.1)
    np.testing.assert_allclose(np.diff(forecast.theta[1]), 1.0, atol=0.3)
    assert forecast.ses[1] == pytest.approx(forecast.ses[1, 0], rel=0.05)
    assert (np.diff(forecast.damped_holt[1]) > 0).all()


def test_the_season_is_put_back_on_the_month_it_belongs_to():
    months = calendar(72, last_month=10)
    forecast = forecast_statistical(np.where(months == 12, 21.0, 9.0)[None], months, 4)
    np.testing.assert_allclose(forecast.ses, [[9, 21, 9, 9]])
    np.testing.assert_allclose(forecast.mean, [[9, 21, 9, 9]])


def test_forecasts_are_between_zero_and_four_times_the_recent_maximum():
    exploding = 1.4 ** np.arange(30.0)
    vanishing = np.linspace(100.0, 0.5, 30)
    forecast = forecast_statistical(np.array([exploding, vanishing]), calendar(30))
    for method in ("ses", "theta", "damped_holt"):
        forecasts = getattr(forecast, method)
        assert (forecasts >= 0).all()
        assert (forecasts <= 4 * np.array([[exploding[-1]], [vanishing[0]]])).all()
    assert forecast.theta[1, -1] == 0.0


def test_skus_without_a_known_or_with_a_single_month_get_a_forecast():
    units = np.full((3, 40), np.nan)
    units[1, -1] = 12.0
    units[2] = 0.0
    forecast = forecast_statistical(units, calendar(40))
    np.testing.assert_allclose(forecast.mean, np.array([[0.0], [12.0], [0.0]]) * np.ones((1, 18)))
    of_zeros = [forecast.ses_alpha[0], forecast.theta_one_step_mae[0], forecast.slope[0], forecast.damped_holt_phi[0]]
    assert np.isnan(of_zeros).all()
    assert forecast.slope[1] == 0.0


def test_parameters_carry_the_names_of_the_features(units):
    forecast = forecast_statistical(units, calendar(100))
    parameters = forecast.parameters()
    assert sorted(parameters) == [
        "damped_holt_alpha",
        "damped_holt_beta",
        "damped_holt_one_step_mae",
        "damped_holt_phi",
        "seasonal_strength",
        "ses_alpha",
        "ses_one_step_mae",
        "statistical_slope",
        "theta_alpha",
        "theta_one_step_mae",
    ]
    assert parameters["statistical_slope"] is forecast.slope
    assert parameters["seasonal_strength"] is forecast.season.strength


def test_no_sku_at_all_gives_empty_forecasts():
    assert forecast_statistical(np.empty((0, 40)), calendar(40)).mean.shape == (0, 18)


def test_a_sku_is_forecast_the_same_alone_in_a_crowd_and_in_any_order(units):
    crowd = np.tile(units, (40, 1))
    months = calendar(100)
    together, backwards = forecast_statistical(crowd, months), forecast_statistical(crowd[::-1], months)
    alone = [forecast_statistical(row[None], months) for row in units]
    fields = [field.name for field in dataclasses.fields(together) if field.name != "season"]
    for name in fields:
        one_by_one = np.concatenate([getattr(one, name) for one in alone])
        np.testing.assert_array_equal(getattr(backwards, name)[::-1], getattr(together, name), err_msg=name)
        np.testing.assert_allclose(getattr(together, name)[-9:], one_by_one, rtol=1e-12, err_msg=name)


def test_empty_months_before_the_first_row_change_nothing(units):
    older = np.concatenate([np.full((9, 17), np.nan), units[:, -60:]], axis=1)
    np.testing.assert_allclose(
        forecast_statistical(older, calendar(77)).mean,
        forecast_statistical(units[:, -60:], calendar(60)).mean,
        rtol=1e-12,
    )


def test_the_callers_array_is_unchanged_and_horizon_zero_is_rejected(units):
    before = units.copy()
    forecast_statistical(units, calendar(100))
    np.testing.assert_array_equal(units, before)
    with pytest.raises(ValueError, match="got 0"):
        forecast_statistical(units, calendar(100), 0)
