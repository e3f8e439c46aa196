"""Bands of sums over months beside the theory of normal distributions, and correlations beside a loop."""

from statistics import NormalDist

import numpy as np
import pytest

from forecast_assets.domain.levels.cumulative_sums import (
    PAIRS_FOR_HALF,
    USUAL_CORRELATION,
    correlation_by_distance,
    cumulative_bands,
)
from forecast_assets.domain.models.error_scale import errors_ahead
from forecast_assets.domain.models.recipe import USUAL_ALPHA

SCORES = np.array([NormalDist().inv_cdf(percent / 100) for percent in range(5, 100, 5)])
Z90 = NormalDist().inv_cdf(0.9)
MONTHS = 120
CALENDAR = np.arange(MONTHS) % 12 + 1


def normals(deviations, mean=100.0):
    return mean + np.outer(deviations, SCORES)


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.9])
def test_sums_of_correlated_months_have_the_deviation_of_the_theory(correlation):
    deviations = np.array([10.0, 10.0, 20.0])
    bands = cumulative_bands(normals(deviations), np.array([1.0, correlation, correlation]))
    of_two = np.sqrt(2 * 100 + 2 * 100 * correlation)
    of_three = np.sqrt(600 + 2 * correlation * (100 + 200 + 200))
    expected = [[100 * n - Z90 * sd, 100 * n + Z90 * sd] for n, sd in ((1, 10.0), (2, of_two), (3, of_three))]
    assert bands == pytest.approx(np.array(expected), abs=0.04 * of_three)


def test_months_further_apart_may_have_less_in_common():
    bands = cumulative_bands(normals([10.0, 10.0, 10.0]), np.array([1.0, 0.8, 0.3]))
    deviation = np.sqrt(300 + 2 * 100 * (0.8 + 0.8 + 0.3))
    assert bands[2] == pytest.approx([300 - Z90 * deviation, 300 + Z90 * deviation], abs=1.0)


def test_correlations_that_no_errors_can_have_still_give_a_band():
    bands = cumulative_bands(normals([10.0] * 4), np.array([1.0, 0.9, 0.0, 0.0]))
    assert np.isfinite(bands).all()
    assert bands[0] == pytest.approx([100 - Z90 * 10, 100 + Z90 * 10], abs=0.5)


def test_without_history_the_usual_correlation_counts():
    correlations = correlation_by_distance(np.full(1, np.nan), np.ones(1, dtype=int), 4)
    assert correlations.tolist() == [1.0, *[USUAL_CORRELATION] * 3]


def test_a_level_that_drifts_has_lasting_errors_and_one_that_jumps_about_has_not():
    draws = np.random.default_rng(4).normal(size=MONTHS)
    drifting = correlation_by_distance(1_000 + 30 * np.cumsum(draws), CALENDAR, 6)
    jumping = correlation_by_distance(1_000 + 30 * draws, CALENDAR, 6)
    assert drifting[1] > 0.8
    assert jumping[1] < 0.35
    assert (np.diff(drifting) <= 0).all()


def test_correlations_are_mean_products_of_scaled_errors_of_one_origin_in_a_loop():
    units = 1_000 + 30 * np.cumsum(np.random.default_rng(5).normal(size=60))
    calendar = np.arange(60) % 12 + 1
    errors = dict(errors_ahead(units[None], calendar, np.full(1, USUAL_ALPHA), np.zeros(1), 3))
    sizes = {ahead: np.sqrt(np.nanmean(of_horizon**2)) for ahead, of_horizon in errors.items()}
    expected, lowest = [1.0], 1.0
    for distance in (1, 2):
        products = [PAIRS_FOR_HALF * USUAL_CORRELATION]
        for ahead in range(1, 4 - distance):
            for origin in range(60 - ahead - distance):
                pair = [errors[h][0, origin] / sizes[h] for h in (ahead, ahead + distance)]
                if np.isfinite(pair).all():
                    products.append(pair[0] * pair[1])
        lowest = min(lowest, sum(products) / (len(products) - 1 + PAIRS_FOR_HALF))
        expected.append(lowest)
    assert correlation_by_distance(units, calendar, 3).tolist() == pytest.approx(expected)
