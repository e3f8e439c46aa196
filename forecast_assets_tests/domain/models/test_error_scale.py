import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.models.error_scale import error_scale, multi_step_errors, towards_market

MONTHS = np.arange(60) % 12 + 1


def features(count, slope=0.0):
    return pd.DataFrame({"theta_alpha": np.full(count, 0.5), "statistical_slope": slope})


def slow_errors(units, alpha, slope, horizon):
    """Errors of simple smoothing, one month after another, weighing half after 36 months."""
    level, known, levels = 0.0, 0, []
    for value in units:
        if np.isfinite(value):
            known += 1
            level += max(alpha, 1 / known) * (value - level)
        levels.append(level if known >= 12 else np.nan)
    total = weight = 0.0
    for month in range(len(units) - horizon):
        error = abs(units[month + horizon] - levels[month] - slope * horizon)
        if np.isfinite(error):
            share = 0.5 ** ((len(units) - 1 - month - horizon) / 36)
            total, weight = total + share * error, weight + share
    return total / weight


def test_errors_are_those_of_smoothing_month_by_month():
    rng = np.random.default_rng(1)
    units = rng.normal(100, 5, (2, 60)).cumsum(axis=1) * 0 + np.array([[50.0], [900.0]]) + rng.normal(0, 3, (2, 60))
    units[1, 30:33] = np.nan
    constant_season = units - 0.0
    errors, counts = multi_step_errors(constant_season, MONTHS, np.array([0.1, 0.5]), np.array([0.0, 0.2]), 18)
    expected = [[slow_errors(units[row], alpha, slope, step) for step in (1, 7, 18)]
                for row, (alpha, slope) in enumerate(((0.1, 0.0), (0.5, 0.2)))]  # fmt: skip
    # The seasonal index of noise is not exactly 1, so the errors agree to a few per cent.
    np.testing.assert_allclose(errors[:, [0, 6, 17]], expected, rtol=0.1)
    assert counts[0, [0, 17]].tolist() == [48, 31]


def test_a_walk_has_errors_that_grow_with_the_horizon_and_noise_does_not():
    rng = np.random.default_rng(2)
    walk = 500 + rng.normal(0, 5, (40, 60)).cumsum(axis=1)
    noise = 500 + rng.normal(0, 5, (40, 60))
    scale = error_scale(features(80), np.vstack([walk, noise]), MONTHS, np.full(80, 5.0), 12)
    growth = scale[:, 11] / scale[:, 0]
    assert np.median(growth[:40]) > 1.8
    assert np.median(growth[40:]) < 1.4


def test_a_sku_without_own_errors_has_the_growth_of_the_market():
    rng = np.random.default_rng(3)
    walk = 500 + rng.normal(0, 5, (9, 60)).cumsum(axis=1)
    young = np.full((1, 60), np.nan)
    young[0, -8:] = 30.0
    units = np.vstack([walk, young])
    dispersion = np.r_[np.full(9, 5.0), 2.0]
    scale = error_scale(features(10), units, MONTHS, dispersion, 12)
    errors, _ = multi_step_errors(units, MONTHS, np.full(10, 0.5), np.zeros(10), 12)
    usual = np.maximum.accumulate(np.median(errors[:9] / 5.0, axis=0))
    np.testing.assert_allclose(scale[9], 2.0 * usual)
    # 48 own errors a month ahead and 12 of the market.
    assert scale[0, 0] == pytest.approx((48 * errors[0, 0] + 12 * 5.0 * usual[0]) / 60)


def test_a_market_without_any_error_keeps_the_one_step_error():
    units = np.full((2, 5), 10.0)
    assert error_scale(features(2), units, MONTHS[:5], np.array([1.0, 3.0]), 3).tolist() == [[1.0] * 3, [3.0] * 3]


def test_later_errors_weigh_more():
    quiet_then_wild = np.r_[np.full(40, 100.0), 100 + 10.0 * (-1) ** np.arange(20)]
    both = np.vstack([quiet_then_wild, quiet_then_wild[::-1]])
    errors, _ = multi_step_errors(both, MONTHS, np.full(2, 0.02), np.zeros(2), 1)
    assert errors[0, 0] > 1.5 * errors[1, 0]


def test_the_error_of_a_sku_is_drawn_towards_the_market_by_six_months():
    errors = np.array([[1.0, 2.0], [40.0, 40.0], [900.0, 900.0], [7.0, 7.0]])
    level, known = np.array([10.0, 100.0, 1000.0, 10.0]), np.array([6, 18, 54, 6])
    drawn = towards_market(errors, level, known, np.array([True, True, True, False]))
    # Of 0.1, 0.4, 0.9 the median is 0.4. The first has half the weight: 10 x (0.1 x 0.4) ^ (1/2); then 0.2 and 0.4.
    assert drawn[0] == pytest.approx([10 * 0.04**0.5, 10 * 0.08**0.5])
    assert drawn[1] == pytest.approx([40, 40])
    # 54 months have nine tenths.
    assert drawn[2] == pytest.approx(1000 * 0.9**0.9 * 0.4**0.1)
    assert drawn[3].tolist() == [7.0, 7.0]
    assert errors[0].tolist() == [1.0, 2.0]
