"""The expected total of a month and its limits, by hand values; and the hint at packs."""

import numpy as np
import pytest

from forecast_assets.domain.deliveries.volumes import expectation, market_volume
from forecast_assets_tests.domain.deliveries.deliveries import TEN, history, june

RATE, FACTOR = 0.002, 1.25
NONE = float("nan")


def expected(*totals: float):
    return expectation(np.array(totals, dtype=float), RATE, FACTOR)


def test_a_noisy_market_has_wider_limits_than_a_steady_one():
    generator = np.random.default_rng(1)
    steady, noisy = (np.exp(generator.normal(0, sigma, 37)) for sigma in (0.05, 0.4))
    of_steady, of_noisy = (expectation(totals, 0.005, FACTOR) for totals in (steady, noisy))
    assert (of_steady.low, of_steady.high) == (0.8, 1.25)
    assert of_noisy.low < 0.5
    assert of_noisy.high > 2


def test_a_season_of_the_year_before_is_expected_again():
    season = np.where(np.arange(49) % 12 == 0, 3.0, 1.0)
    assert not expectation(season, 0.005, FACTOR).is_outside


def test_a_season_is_expected_with_the_growth_of_the_half_year_before():
    """Each month is 1.5 times that of the year before, and every twelfth one has three times the usual units."""
    at = np.arange(49)
    totals = np.where(at % 12 == 0, 300.0, 100.0) * 1.5 ** (at / 12)
    judged = expectation(totals, RATE, FACTOR)
    assert judged.expected == pytest.approx(300 * 1.5**4)
    assert judged.ratio == pytest.approx(1.0)


def test_without_a_season_the_mean_of_six_months_is_expected():
    assert expected(*[1000] * 14, 60, 80, 100, 120, 140, 160, 220).expected == 110
    assert expected(*[1000] * 14, 60, 80, NONE, 120, 140, 160, 220).expected == 112


@pytest.mark.parametrize(
    ("before", "is_young"), [((100, 80, NONE, NONE, NONE, 60), False), ((NONE, 100, NONE, NONE, NONE, 60), True)]
)
def test_of_six_months_before_three_are_known_or_the_market_is_young(before, is_young):
    judged = expected(*[100] * 14, *before, 90)
    assert judged.expected == 80
    assert bool(judged.high == 2.5) is is_young


@pytest.mark.parametrize(("count", "high", "months"), [(10, 2.5, 10), (11, 1.25, 8), (27, 1.25, 24), (40, 1.25, 24)])
def test_limits_are_learned_from_eight_to_24_months_with_three_before(count, high, months):
    judged = expected(*[100] * count, 100)
    assert (judged.low, judged.high, judged.months) == (1 / high, high, months)


def test_a_young_market_expects_the_mean_of_six_months_and_ignores_those_without_sales():
    judged = expected(900, 60, 80, 100, 120, 140, 160, 100)
    assert (judged.expected, judged.months) == (110, 7)
    judged = expected(900, 60, 0, 100, NONE, 140, 160, 0)
    assert (judged.expected, judged.months, judged.ratio) == (115, 5, 0)
    assert judged.is_outside


@pytest.mark.parametrize("totals", [(100, 100, 100), (100, 0, 100, 100), (100, 100, 100, NONE)])
def test_three_months_and_a_total_are_the_least_to_judge(totals):
    assert expected(*totals) is None
    assert expected(100, *totals[:-1], 100) is not None


@pytest.mark.parametrize(
    ("total", "is_outside"), [(250, False), (251, True), (40, False), (39, True), (-100, True), (0, True)]
)
def test_a_ratio_at_its_limit_is_inside(total, is_outside):
    assert expected(100, 100, 100, total).is_outside is is_outside


@pytest.mark.parametrize("factor", [3, 4, 6, 8, 10, 12, 24, 100, 1000])
def test_factors_of_packs_decimals_and_thousands_are_hinted_at_either_way(factor):
    before = history(TEN, 12)
    for ratio, hint in ((factor, f"(about x {factor}: another"), (1 / factor, f"(about 1/{factor}: another")):
        assert hint in market_volume(june(before, dict.fromkeys(TEN, 100.0 * ratio))).message


@pytest.mark.parametrize("ratio", [2.0, 5.0, 0.55, 0.0, -3.0])
def test_other_factors_have_no_hint(ratio):
    assert "another unit" not in market_volume(june(history(TEN, 12), dict.fromkeys(TEN, 100.0 * ratio))).message
