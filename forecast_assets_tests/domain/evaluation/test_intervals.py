import numpy as np
import pytest

from forecast_assets.domain.evaluation.intervals import DISTANCES, apply_quantiles, horizon_quantiles


def distances(table, horizon):
    return table.loc[table["horizon_months"] == horizon, DISTANCES].iloc[0].to_numpy(float)


def errors_for(horizon, low, high, count=41):
    return np.linspace(low, high, count), np.full(count, horizon)


def test_quantiles_are_distances_from_the_forecast_with_the_median_on_it():
    # Errors -1, -0.9 .. 3 with median 1: quantiles of 5, 10, .. 95 % at -0.8, -0.6, .. 2.8.
    table = horizon_quantiles(*errors_for(1, -1.0, 3.0))
    np.testing.assert_allclose(distances(table, 1), np.linspace(-1.8, 1.8, 19), atol=1e-12)


def test_demand_above_the_forecast_is_a_quantile_above_it():
    errors = np.r_[np.zeros(40), np.full(10, 5.0)]  # a fifth of the months sold 5 more than forecast
    table = horizon_quantiles(errors, np.ones(50, dtype=int))
    assert distances(table, 1)[[0, 9, 14]].tolist() == [0.0, 0.0, 0.0]
    assert distances(table, 1)[[16, 18]].tolist() == [5.0, 5.0]


def test_errors_of_horizons_up_to_three_months_away_serve():
    near, far = errors_for(5, -1.0, 1.0), errors_for(9, -5.0, 5.0)
    table = horizon_quantiles(np.r_[near[0], far[0]], np.r_[near[1], far[1]])
    assert table["errors"].tolist() == [82, *[41] * 4, *[82] * 3, *[41] * 4, *[82] * 6]
    assert distances(table, 4)[17] == pytest.approx(0.8)
    assert distances(table, 12)[17] == pytest.approx(4.0)


def test_fewer_than_thirty_errors_at_a_horizon_take_all():
    for count, used in ((30, 30), (29, 59)):
        errors = np.r_[np.zeros(count), np.ones(30)]
        table = horizon_quantiles(errors, np.r_[np.full(count, 1), np.full(30, 18)])
        assert table["errors"].iloc[0] == used


def test_without_thirty_errors_a_normal_distribution_of_their_scale_serves():
    for errors in ([], [np.nan, *np.full(29, 7.0)]):
        table = horizon_quantiles(np.array(errors), np.ones(len(errors), dtype=int))
        assert len(table) == 18
        # A normal distribution with a mean absolute error of 1 has a standard deviation of 1.2533.
        np.testing.assert_allclose(distances(table, 7)[[0, 9, 17]], [-1.645 * 1.2533, 0.0, 1.2816 * 1.2533], rtol=1e-3)


def test_quantiles_of_their_own_errors_hold_what_they_say():
    rng = np.random.default_rng(8)
    scale = rng.gamma(2, 10, (3000, 18)) + 1
    horizon = np.tile(np.arange(1, 19), (3000, 1))
    actual = 1000.0 + rng.normal(0, 1, (3000, 18)) * scale
    table = horizon_quantiles(((actual - 1000) / scale).ravel(), horizon.ravel())
    quantiles = apply_quantiles(np.full((3000, 18), 1000.0), scale, table)
    below = (actual[..., None] <= quantiles).mean(axis=(0, 1))
    np.testing.assert_allclose(below, np.arange(1, 20) / 20, atol=0.01)


def test_quantiles_are_in_order_never_negative_and_hold_the_forecast():
    rng = np.random.default_rng(9)
    # Nine of ten errors are positive: without a bound the forecast would lie below p10.
    table = horizon_quantiles(rng.normal(1.3, 1, 900), rng.integers(1, 19, 900))
    point, scale = rng.gamma(1, 5, (500, 18)), rng.gamma(1, 5, (500, 18))
    quantiles = apply_quantiles(point, scale, table)
    assert (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert (quantiles[..., 1] <= point).all()
    assert (point <= quantiles[..., 17]).all()


def test_invalid_input_is_rejected_with_the_expected_values():
    with pytest.raises(ValueError, match=r"1\.\.18, got \[0, 19\]"):
        horizon_quantiles(np.full(4, 0.1), np.array([19, 1, 18, 0]))
    table = horizon_quantiles(np.empty(0), np.empty(0, dtype=int), 2)
    with pytest.raises(ValueError, match="3 months are forecast, quantiles are known of 2"):
        apply_quantiles(np.ones((1, 3)), np.ones((1, 3)), table)
    with pytest.raises(ValueError, match="1 point forecasts are negative or NaN"):
        apply_quantiles(np.array([[1.0, -1.0]]), np.ones((1, 2)), table)
