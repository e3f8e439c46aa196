"""The blend of mean and common quantile by hand, and the theorem that it rests on by simulation."""

import numpy as np
import pytest

from forecast_assets.domain.models.intermittent import blend_intermittent


def test_the_quantile_is_moved_to_the_total_of_the_mean_and_mixed_in():
    # Totals 12 and 8: the quantile is moved by 1.5 to 0, 3, 9; a quarter of it goes in.
    made = blend_intermittent(np.array([[4.0], [4.0], [4.0]]), np.array([[0.0], [2.0], [6.0]]), 0.25)
    np.testing.assert_allclose(made, [[3.0], [3.75], [5.25]])


def test_without_sharpness_it_is_the_mean_and_with_all_of_it_the_moved_quantile():
    mean, quantile = np.array([[1.0, 3.0]]), np.array([[4.0, 4.0]])
    np.testing.assert_array_equal(blend_intermittent(mean, quantile, 0.0), mean)
    np.testing.assert_array_equal(blend_intermittent(mean, quantile, 1.0), [[2.0, 2.0]])


@pytest.mark.parametrize("sharpness", [0.0, 0.5, 1.0])
def test_the_total_of_the_mean_is_kept(sharpness):
    rng = np.random.default_rng(1)
    mean, quantile = rng.gamma(1, 2, (50, 18)), np.maximum(rng.gamma(1, 2, (50, 18)) - 1, 0)
    assert blend_intermittent(mean, quantile, sharpness).sum() == pytest.approx(mean.sum())


@pytest.mark.parametrize(("total_of_quantile", "moved_by"), [(100.0, 0.25), (40.0, 0.25), (20.0, 0.5), (1.0, 4.0)])
def test_the_quantile_is_moved_by_a_quarter_at_least_and_by_four_times_at_most(total_of_quantile, moved_by):
    made = blend_intermittent(np.full((2, 1), 5.0), np.array([[0.0], [total_of_quantile]]), 1.0)
    np.testing.assert_allclose(made, [[0.0], [total_of_quantile * moved_by]])


def test_without_a_quantile_or_with_one_of_zero_it_is_the_mean():
    mean = np.array([[1.0, 3.0]])
    np.testing.assert_array_equal(blend_intermittent(mean, None, 0.5), mean)
    np.testing.assert_array_equal(blend_intermittent(mean, np.zeros((1, 2)), 0.5), mean)
    np.testing.assert_array_equal(blend_intermittent(mean, np.full((1, 2), -3.0), 0.5), mean)


def test_nothing_negative_goes_in_or_comes_out():
    # The mean counts as 0 and 4, the quantile as 2 and 0, moved by 2.
    made = blend_intermittent(np.array([[-6.0], [4.0]]), np.array([[2.0], [-9.0]]), 0.5)
    np.testing.assert_array_equal(made, [[2.0], [2.0]])


@pytest.mark.parametrize("law", ["poisson", "negative binomial"])
def test_with_the_same_total_a_common_quantile_has_less_absolute_error_than_the_mean(law):
    rng = np.random.default_rng(7)
    mean = rng.gamma(1.0, 1.0, (300, 1)) + 0.05
    rate = mean if law == "poisson" else rng.gamma(0.5, mean / 0.5, (300, 8000))
    demand = rng.poisson(rate, (300, 8000)).astype(float)
    learned, future = demand[:, :4000], demand[:, 4000:]
    expected = learned.mean(axis=1, keepdims=True)
    quantile = np.quantile(learned, 0.7, axis=1, keepdims=True)
    errors = []
    for sharpness in (0.0, 0.5, 1.0):
        made = blend_intermittent(expected, quantile, sharpness)
        assert made.sum() == pytest.approx(expected.sum())
        errors.append(np.abs(future - made).sum())
    assert errors[1] < 0.99 * errors[0]
    assert errors[2] < 0.99 * errors[0]
