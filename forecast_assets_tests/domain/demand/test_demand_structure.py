import numpy as np
import pytest

from forecast_assets.domain.demand.demand_structure import DemandStructure, fit_structure, recent_level, smooth_level
from forecast_assets.domain.demand.promotions import PromotionCalendar

YEARS = 6
MONTHS = np.tile(np.arange(1, 13), YEARS)
NOTHING_SHARED = np.zeros((0, 40, 12 * YEARS))
SEASON = np.exp(0.4 * np.sin(2 * np.pi * np.arange(12) / 12))


def calendar_of(promoted, discount=0.2, months_ahead=0):
    """A calendar with one discount for all."""
    count = len(promoted)
    return PromotionCalendar(
        past_months=promoted.shape[1] - months_ahead,
        probability=promoted.astype(float),
        discount=np.where(promoted > 0, discount, 0.0),
        planned_share=np.zeros(months_ahead),
        usual_discount=np.full(count, discount),
    )


@pytest.fixture
def promoted():
    return np.random.default_rng(1).random((40, len(MONTHS))) < 0.2


def test_season_and_uplift_of_demand_without_noise_are_recovered(promoted):
    factor = np.where(promoted, 1.5, 1.0)
    factor[:, 1:] *= np.where(promoted[:, :-1], 0.9, 1.0)
    units = np.linspace(50, 500, 40)[:, None] * SEASON[MONTHS - 1] * factor
    structure = fit_structure(units, MONTHS, np.zeros(40, dtype=int), calendar_of(promoted), (0, 1), NOTHING_SHARED)
    result = structure.season_factor(np.arange(1, 13))
    np.testing.assert_allclose(result, np.tile(SEASON / np.exp(np.log(SEASON).mean()), (40, 1)), rtol=0.02)
    np.testing.assert_allclose(np.exp(0.2 * structure.uplift).mean(axis=0), [1.5, 0.9], rtol=0.02)


def test_an_uplift_seen_once_is_shrunken_towards_that_of_the_category(promoted):
    promoted[0] = False
    promoted[0, 40] = True
    lift = np.where(promoted, 1.5, 1.0)
    lift[0, 40] = 3.0
    structure = fit_structure(100 * lift, MONTHS, np.zeros(40, dtype=int), calendar_of(promoted), (0,), NOTHING_SHARED)
    assert 1.5 < np.exp(0.2 * structure.uplift[0, 0]) < 2.5


def test_groups_have_seasons_of_their_own(promoted):
    group = np.arange(40) % 2
    summer, winter = SEASON, np.roll(SEASON, 6)
    units = 100 * np.where(group[:, None] == 0, summer[MONTHS - 1], winter[MONTHS - 1])
    structure = fit_structure(units, MONTHS, group, calendar_of(np.zeros_like(promoted)), (0,), NOTHING_SHARED)
    peak = structure.season.argmax(axis=1)
    assert set(peak[group == 0]) == {3}
    assert set(peak[group == 1]) == {9}


def test_a_probable_promotion_counts_by_its_probability():
    calendar = calendar_of(np.array([[0.0, 0.5, 0.0]]))
    structure = DemandStructure(
        np.zeros((1, 12)), (0, 1), np.array([[np.log(3) / 0.2, np.log(0.5) / 0.2]]), np.zeros((1, 0))
    )
    np.testing.assert_allclose(structure.promotion_factor(calendar), [[1, 1 + 0.5 * 2, 1 - 0.5 * 0.5]])


def test_a_recent_level_weighs_half_as_much_every_half_life_back():
    units = np.array([[100.0, 40.0], [np.nan, 30.0], [np.nan, np.nan]])
    factor = np.array([[2.0, 1.0], [1.0, 3.0], [1.0, 1.0]])
    expected = [(100 * 0.5 + 40) / (2 * 0.5 + 1), 10.0, np.nan]
    np.testing.assert_allclose(recent_level(units, factor, half_life_months=1), expected)


def test_a_smoothed_level_of_constant_demand_is_that_demand():
    factor = np.array([[1.0, 2.0, 0.5, 1.0]])
    units = 30.0 * factor
    units[0, 2] = np.nan
    np.testing.assert_allclose(smooth_level(units, factor), np.full((1, 4), 30.0))
    np.testing.assert_array_equal(smooth_level(np.full((1, 4), np.nan), factor), np.zeros((1, 4)))


def test_an_elasticity_shared_by_a_group_is_recovered():
    rng = np.random.default_rng(3)
    price = np.cumsum(0.1 * (rng.random((40, len(MONTHS))) < 0.05), axis=1)
    group = np.arange(40) % 2
    slope = np.where(group == 0, -1.0, -2.0)[:, None]
    units = 100 * SEASON[MONTHS - 1] * np.exp(slope * price)
    calendar = calendar_of(np.zeros(price.shape))
    structure = fit_structure(units, MONTHS, group, calendar, (0,), price[None])
    assert structure.shared[0, 0] == pytest.approx(-1.0, abs=0.4)
    assert structure.shared[1, 0] == pytest.approx(-2.0, abs=0.4)
    assert structure.shared[1, 0] < structure.shared[0, 0] - 0.3
    np.testing.assert_allclose(structure.shared_factor(price[None]), np.exp(structure.shared * price))


def test_an_effect_explained_by_one_regressor_is_not_given_to_the_next():
    price = np.cumsum(0.1 * (np.random.default_rng(3).random((40, len(MONTHS))) < 0.05), axis=1)
    calendar = calendar_of(np.zeros(price.shape))
    group, units = np.zeros(40, dtype=int), 100 * np.exp(-price)
    first, second = fit_structure(units, MONTHS, group, calendar, (0,), np.stack([price, price])).shared[0]
    assert first < -0.7
    assert abs(second) < 0.2
