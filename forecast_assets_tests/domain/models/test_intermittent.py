"""The blend of mean and common quantile by hand, and the theorem that it rests on by simulation."""

import numpy as np
import pytest

from forecast_assets.domain.models.intermittent import blend_intermittent


def test_the_quantile_is_moved_to_the_total_of_the_mean_and_mixed_in():
    # Totals 12 and 8: the quantile is moved by 1.5 to 0, 3, 9; a quarter of it goes in.
    blended = blend_intermittent(np.array([[4.0], [4.0], [4.0]]), np.array([[0.0], [2.0], [6.0]]), 0.25)
    np.testing.assert_allclose(blended, [[3.0], [3.75], [5.25]])


def test_sharpness_zero_gives_the_mean_and_one_the_scaled_quantile():
    mean, quantile = np.array([[1.0, 3.0]]), np.array([[4.0, 4.0]])
    np.testing.assert_array_equal(blend_intermittent(mean, quantile, 0.0), mean)
    np.testing.assert_array_equal(blend_intermittent(mean, quantile, 1.0), [[2.0, 2.0]])


@pytest.mark.parametrize("sharpness", [0.0, 0.5, 1.0])
def test_the_total_of_the_mean_is_kept(sharpness):
    rng = np.random.default_rng(1)
    mean, quantile = rng.gamma(1, 2, (50, 18)), np.maximum(rng.gamma(1, 2, (50, 18)) - 1, 0)
    assert blend_intermittent(mean, quantile, sharpness).sum() == pytest.approx(mean.sum())


@pytest.mark.parametrize(("total_of_quantile", "moved_by"), [(100.0, 0.25), (40.0, 0.25), (20.0, 0.5), (1.0, 4.0)])
def test_the_quantile_is_scaled_by_a_quarter_to_four_times(total_of_quantile, moved_by):
    blended = blend_intermittent(np.full((2, 1), 5.0), np.array([[0.0], [total_of_quantile]]), 1.0)
    np.testing.assert_allclose(blended, [[0.0], [total_of_quantile * moved_by]])


def test_without_a_quantile_or_with_one_of_zero_it_is_the_mean():
    mean = np.array([[1.0, 3.0]])
    np.testing.assert_array_equal(blend_intermittent(mean, None, 0.5), mean)
    np.testing.assert_array_equal(blend_intermittent(mean, np.zeros((1, 2)), 0.5), mean)
    np.testing.assert_array_equal(blend_intermittent(mean, np.full((1, 2), -3.0), 0.5), mean)


def test_nothing_negative_goes_in_or_comes_out():
    # The mean counts as 0 and 4, the quantile as 2 and 0, moved by 2.
    blended = blend_intermittent(np.array([[-6.0], [4.0]]), np.array([[2.0], [-9.0]]), 0.5)
    np.testing.assert_array_equal(blended, [[2.0], [2.0]])


@pytest.fixture(params=["poisson", "negative binomial"])
def demand(request):
    """Months learned from and months after them of 300 sporadic SKUs."""
    rng = np.random.default_rng(7)
    mean = rng.gamma(1.0, 1.0, (300, 1)) + 0.05
    rate = mean if request.param == "poisson" else rng.gamma(0.5, mean / 0.5, (300, 4000))
    return np.split(rng.poisson(rate, (300, 4000)).astype(float), 2, axis=1)


def quantile_of_total(learned: np.ndarray, total: float) -> tuple[float, np.ndarray]:
    """The common level at which the quantiles of all SKUs sum to the total, and the quantiles."""
    levels = np.linspace(0.4, 0.9, 251)
    quantiles = np.quantile(learned, levels, axis=1)
    nearest = np.abs(quantiles.sum(axis=1) - total).argmin()
    return levels[nearest], quantiles[nearest][:, None]


def test_a_common_quantile_has_less_absolute_error_than_the_mean(demand):
    learned, future = demand
    mean = learned.mean(axis=1, keepdims=True)
    _, quantile = quantile_of_total(learned, mean.sum())
    errors = [np.abs(future - blend_intermittent(mean, quantile, share)).sum() for share in (0.0, 0.5, 1.0)]
    assert quantile.sum() == pytest.approx(mean.sum(), rel=0.01)
    assert errors[2] < 0.985 * errors[0]
    assert errors[2] < errors[1] < 0.99 * errors[0]


def test_the_common_quantile_beats_others_with_the_same_total(demand):
    learned, future = demand
    total = learned.mean(axis=1).sum()
    level, common = quantile_of_total(learned, total)
    best = np.abs(future - common).sum()
    rng = np.random.default_rng(3)
    for _ in range(5):
        uneven = np.clip(level + rng.normal(0, 0.15, len(learned)), 0.01, 0.99)
        other = np.array([[np.quantile(row, own)] for row, own in zip(learned, uneven, strict=True)])
        assert np.abs(future - other * total / other.sum()).sum() > best
