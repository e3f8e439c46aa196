"""The dynamic optimised Theta model against a loop written from the paper, one SKU and one month at a time."""

import numpy as np
import pytest

from forecast_assets.domain.demand.seasonality import tested_seasonal_indices as index_where_tested
from forecast_assets.domain.statistical.dynamic_theta import ALPHAS, SKUS_PER_CHUNK, THETAS, forecast_dynamic_theta

HORIZON_MONTHS = 18


def calendar(n_months: int, last_month: int = 12) -> np.ndarray:
    return (last_month - 1 - np.arange(n_months)[::-1]) % 12 + 1


@pytest.fixture
def units():
    """Six SKUs of 48 months without a season."""
    rng = np.random.default_rng(2)
    walk = np.cumsum(rng.normal(0, [[1], [2], [3], [1], [5], [0]], (6, 48)), axis=1)
    return 50 + walk + rng.normal(0, [[5], [1], [2], [8], [1], [4]], (6, 48)) + 0.4 * np.arange(48)


def next_month(level: float, filled: list[float], alpha: float, theta: float) -> float:
    """Equation of DOTM for the month after ``filled``: level plus the line through the months so far."""
    seen = len(filled)
    if seen < 2:
        slope, intercept = 0.0, filled[0] if filled else 0.0
    else:
        slope, intercept = np.polyfit(np.arange(1, seen + 1), filled, 1)
    line = (1 - alpha) ** seen * intercept + (1 - (1 - alpha) ** (seen + 1)) / alpha * slope
    return level + (1 - 1 / theta) * line


def run_by_loop(series, alpha: float, theta: float, level: float) -> tuple[list[float], list[float], float]:
    """One-step errors from the second month on (0 where unknown), months with gaps filled, level after the last."""
    filled, errors = [], []
    for value in series:
        expected = next_month(level, filled, alpha, theta)
        units = value if np.isfinite(value) else expected
        if filled:
            errors.append(units - expected)
        filled.append(units)
        level = alpha * units + (1 - alpha) * level
    return errors, filled, level


def penalised(series, alpha: float, theta: float, level: float) -> float:
    return sum(error**2 for error in run_by_loop(series, alpha, theta, level)[0]) + 1e-3 * (level - series[0]) ** 2


def best_level(series, alpha: float, theta: float) -> float:
    """Vertex of the parabola through three tried starting levels; with gaps by the response (1 - alpha)^month."""
    if np.isfinite(series).all():
        left, middle, right = (penalised(series, alpha, theta, series[0] + step) for step in (-1, 0, 1))
        return series[0] + (left - right) / (left - 2 * middle + right) / 2
    errors = run_by_loop(series, alpha, theta, series[0])[0]
    known = np.isfinite(series[1:])
    response = np.array([(1 - alpha) ** month for month in range(1, len(series))])
    return series[0] + response @ (np.array(errors) * known) / (response @ response + 1e-3)


def theta_by_loop(series: np.ndarray, horizon: int = HORIZON_MONTHS) -> np.ndarray:
    series = series[np.flatnonzero(np.isfinite(series))[0] :]
    size = np.nanmean(np.abs(series))
    scaled = series / size
    tried = {}
    for alpha in ALPHAS:
        for theta in THETAS:
            level = best_level(scaled, alpha, theta)
            tried[penalised(scaled, alpha, theta, level)] = (alpha, theta, level)
    alpha, theta, level = tried[min(tried)]
    _, filled, level = run_by_loop(scaled, alpha, theta, level)
    for _ in range(horizon):
        ahead = next_month(level, filled, alpha, theta)
        filled.append(ahead)
        level = alpha * ahead + (1 - alpha) * level
    return np.maximum(np.array(filled[-horizon:]) * size, 0)


def test_forecasts_are_those_of_a_loop_over_settings_and_months(units):
    some = units[::2]
    assert (index_where_tested(some, calendar(48)) == 1).all()
    forecast = forecast_dynamic_theta(some, calendar(48))
    for sku, series in enumerate(some):
        np.testing.assert_allclose(forecast[sku], theta_by_loop(series), rtol=1e-7)


@pytest.mark.parametrize("n_months", [3, 4, 9])
def test_a_short_history_is_that_of_the_loop_from_three_months_on(units, n_months):
    young = np.full((6, 20), np.nan)
    young[:, -n_months:] = units[:, :n_months]
    forecast = forecast_dynamic_theta(young, calendar(20))
    for sku, series in enumerate(young):
        np.testing.assert_allclose(forecast[sku], theta_by_loop(series), rtol=1e-7)


def test_the_starting_level_is_the_best_of_a_fine_grid(units):
    series = units[3, :20] / units[3, :20].mean()
    tried = series[0] + np.arange(-2.5, 2.5, 0.02)
    squared = [penalised(series, 0.15, 2.0, level) for level in tried]
    assert 0 < np.argmin(squared) < len(tried) - 1
    assert best_level(series, 0.15, 2.0) == pytest.approx(tried[np.argmin(squared)], abs=0.0101)


def test_an_unknown_month_counts_as_the_value_expected_in_it(units):
    units[0, [20, 21, 40]] = np.nan
    units[1, -1] = np.nan
    units[2, :12] = np.nan
    units[2, 30] = np.nan
    forecast = forecast_dynamic_theta(units, calendar(48))
    assert np.isfinite(forecast).all()
    for sku in range(3):
        scaled = units[sku][np.isfinite(units[sku]).argmax() :]
        np.testing.assert_allclose(forecast[sku], theta_by_loop(scaled), rtol=1e-6)


def test_without_a_season_the_calendar_does_not_matter(units):
    forecast = forecast_dynamic_theta(units, calendar(48, last_month=12))
    np.testing.assert_array_equal(forecast_dynamic_theta(units, calendar(48, last_month=5)), forecast)


def test_a_season_divides_the_units_and_multiplies_the_forecast(units):
    months = calendar(48, last_month=7)
    seasonal = units[:2] * (1 + 0.6 * np.sin(months / 6 * np.pi))
    index = index_where_tested(seasonal, months)
    assert (np.ptp(index, axis=1) > 0.8).all()
    forecast = forecast_dynamic_theta(np.vstack([seasonal, units[2:3]]), months)
    ahead = [8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1]
    for sku in range(2):
        plain = theta_by_loop(seasonal[sku] / [index[sku, month - 1] for month in months])
        np.testing.assert_allclose(forecast[sku], plain * [index[sku, month - 1] for month in ahead], rtol=1e-7)
    np.testing.assert_allclose(forecast[2], theta_by_loop(units[2]), rtol=1e-7)


def test_a_line_is_continued_by_about_its_own_slope():
    line = 100 + 2.0 * np.arange(60 + HORIZON_MONTHS)
    np.testing.assert_allclose(forecast_dynamic_theta(line[None, :60], calendar(60))[0], line[60:], rtol=0.03)


def test_a_sku_is_forecast_the_same_alone_in_a_crowd_and_in_any_order(units):
    units[1, :30] = np.nan
    units[3, 20:24] = np.nan
    units[5, :-2] = np.nan
    crowd = np.tile(units, (SKUS_PER_CHUNK // 6 + 3, 1))
    together = forecast_dynamic_theta(crowd, calendar(48))
    alone = np.concatenate([forecast_dynamic_theta(row[None], calendar(48)) for row in units])
    np.testing.assert_allclose(together[:6], alone, rtol=1e-10)
    np.testing.assert_allclose(together[-6:], alone, rtol=1e-10)
    np.testing.assert_allclose(forecast_dynamic_theta(units[::-1], calendar(48))[::-1], alone, rtol=1e-10)


def test_the_scale_of_a_sku_does_not_matter(units):
    expected = forecast_dynamic_theta(units, calendar(48))
    np.testing.assert_allclose(forecast_dynamic_theta(units * 1000, calendar(48)), expected * 1000, rtol=1e-8)


def test_only_the_last_120_months_count(units):
    long = np.concatenate([units * 50, units, units, units[:, :24]], axis=1)
    expected = forecast_dynamic_theta(long[:, -120:], calendar(120))
    np.testing.assert_array_equal(forecast_dynamic_theta(long, calendar(168)), expected)


def test_fewer_than_three_known_months_or_no_sales_are_forecast_as_zero():
    units = np.array([[np.nan, np.nan, 8.0, 9.0], [0.0] * 4, [np.nan] * 4, [np.nan, 8.0, 8.0, 8.0]])
    forecast = forecast_dynamic_theta(units, calendar(4), 2)
    np.testing.assert_allclose(forecast, [[0, 0], [0, 0], [0, 0], [8, 8]], rtol=1e-6)


def test_an_explosive_history_is_held_at_four_times_its_recent_maximum():
    units = 1.6 ** np.arange(20.0)[None]
    assert forecast_dynamic_theta(units, calendar(20)).max() <= 4 * units.max()


def test_returns_are_no_negative_forecast():
    falling = np.array([[9.0, 6.0, 3.0, 0.0, -3.0, -6.0]])
    assert (forecast_dynamic_theta(falling, calendar(6)) >= 0).all()


def test_months_that_do_not_fit_the_units_are_rejected(units):
    with pytest.raises(ValueError, match=r"got shapes \(47,\) and \(6, 48\)"):
        forecast_dynamic_theta(units, calendar(47))
