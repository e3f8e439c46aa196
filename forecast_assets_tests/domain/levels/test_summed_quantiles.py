"""Quantiles of sums beside those that the theory of normal distributions gives."""

from statistics import NormalDist

import numpy as np
import pytest

from forecast_assets.domain.levels.shared_errors import SharedErrors
from forecast_assets.domain.levels.summed_quantiles import summed_quantiles, units_at

LEVELS = np.arange(5, 100, 5) / 100
SCORES = np.array([NormalDist().inv_cdf(level) for level in LEVELS])


def shared(within, between, months=2):
    return SharedErrors(np.full(months, within), np.full(months, between))


def normals(count, mean=100.0, deviation=10.0, months=2):
    """Quantiles (count, months, 19) of equal normal distributions."""
    return np.tile(mean + deviation * SCORES, (count, months, 1))


@pytest.mark.parametrize(("within", "between"), [(0.0, 0.0), (0.4, 0.0), (0.4, 0.4), (0.6, 0.2)])
def test_sums_of_correlated_normals_have_the_deviation_of_the_theory(within, between):
    groups = np.repeat(np.array(["Mugs", "Tea"], dtype=object), [4, 6])
    by_group, total = summed_quantiles(normals(10), groups, shared(within, between), 20_000)
    of_tea = 10 * np.sqrt(6 + 30 * within)
    of_all = 10 * np.sqrt(10 + (12 + 30) * within + 48 * between)
    assert by_group["Tea"][0] == pytest.approx(600 + of_tea * SCORES, abs=0.05 * of_tea)
    assert total[0] == pytest.approx(1_000 + of_all * SCORES, abs=0.05 * of_all)


def test_of_series_that_err_together_the_quantiles_add_up():
    _, total = summed_quantiles(normals(3), np.array(["a", "b", "c"], dtype=object), shared(1.0, 1.0))
    assert total[0] == pytest.approx(3 * normals(1)[0, 0], abs=0.5)


def test_the_same_draws_serve_every_month_and_every_call():
    groups = np.array(["a", "a", "b"], dtype=object)
    by_group, total = summed_quantiles(normals(3), groups, shared(0.3, 0.1))
    assert total[0].tolist() == total[1].tolist()
    again, _ = summed_quantiles(normals(3), groups, shared(0.3, 0.1))
    assert again["a"].tolist() == by_group["a"].tolist()


def test_a_new_group_changes_no_other():
    quantiles = normals(3)
    before, _ = summed_quantiles(quantiles[:2], np.array(["a", "b"], dtype=object), shared(0.3, 0.1))
    after, _ = summed_quantiles(quantiles, np.array(["a", "b", "aa"], dtype=object), shared(0.3, 0.1))
    assert after["a"].tolist() == before["a"].tolist()
    assert after["b"].tolist() == before["b"].tolist()
    assert list(after) == ["a", "aa", "b"]


def test_more_series_than_fit_into_memory_at_a_time_are_all_in_the_sum():
    _, total = summed_quantiles(normals(1_001, months=1), np.full(1_001, "a", dtype=object), shared(0.0, 0.0, 1))
    assert total[0, 9] == pytest.approx(100_100, abs=60)  # One series more or less is 100.


def test_each_month_has_its_own_quantiles_and_correlations():
    quantiles = normals(4)
    quantiles[:, 1] *= 3
    both = SharedErrors(np.array([0.0, 0.9]), np.array([0.0, 0.9]))
    _, total = summed_quantiles(quantiles, np.full(4, "a", dtype=object), both, 20_000)
    assert total[0] == pytest.approx(400 + 20 * SCORES, abs=1)
    assert total[1] == pytest.approx(1_200 + 30 * np.sqrt(4 + 12 * 0.9) * SCORES, abs=6)


def test_a_sum_of_sparse_series_is_never_negative():
    _, total = summed_quantiles(normals(2, mean=1.0), np.array(["a", "a"], dtype=object), shared(0.0, 0.0))
    assert (total >= 0.0).all()
    assert (np.diff(total, axis=1) >= 0.0).all()


def test_units_are_linear_in_the_score_between_quantiles_and_beyond():
    quantiles = np.arange(19, dtype=np.float32)[None] ** 2 + 50
    inside = np.float32([-1.0, 0.0, 0.3, 1.6])
    assert units_at(quantiles, inside[None])[0] == pytest.approx(np.interp(inside, SCORES, quantiles[0]), rel=1e-5)
    above = (quantiles[0, 17] - quantiles[0, 9]) / SCORES[17]
    below = (quantiles[0, 9] - quantiles[0, 1]) / -SCORES[1]
    beyond = units_at(quantiles, np.float32([[3.0, -2.0]]))
    expected = [quantiles[0, 18] + above * (3.0 - SCORES[18]), quantiles[0, 0] + below * (-2.0 - SCORES[0])]
    assert beyond[0] == pytest.approx(np.maximum(expected, 0.0), rel=1e-5)
    assert units_at(quantiles, np.float32([[-30.0]])).tolist() == [[0.0]]


def test_a_p95_far_off_does_not_carry_the_tail_with_it():
    quantiles = (100 + 10 * SCORES).astype(np.float32)[None]
    quantiles[0, 18] = 1_000.0
    assert units_at(quantiles, np.float32([[2.0]]))[0, 0] == pytest.approx(1_000 + 10 * (2.0 - SCORES[18]), rel=1e-5)
