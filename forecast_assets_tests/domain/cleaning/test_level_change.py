import numpy as np
import pytest

from forecast_assets.domain.cleaning.level_change import has_new_level, ratio_to_new_level
from forecast_assets_tests.domain.portfolio_market import MONTHS, PAST, UNKNOWN, series

CALENDAR = MONTHS[:PAST].month.to_numpy()
SEASON = np.where(np.isin(CALENDAR, [6, 7, 8]), 3.0, 1.0)


def ratio_of(units):
    return ratio_to_new_level(units[None], CALENDAR)[0]


@pytest.mark.parametrize("months", [3, 4, 8, 12, 30, 44])
@pytest.mark.parametrize(("before", "after"), [(1200, 100), (100, 1200)])
def test_all_months_before_a_change_come_to_the_new_level(before, after, months):
    ratio = ratio_of(series((before, PAST - months), (after, months)))
    np.testing.assert_allclose(ratio[: PAST - months], after / before, rtol=1e-6)
    np.testing.assert_array_equal(ratio[PAST - months :], 1.0)


@pytest.mark.parametrize("months", [4, 8, 12])
def test_season_and_noise_hardly_move_the_factor(months):
    rng = np.random.default_rng(1)
    level = series((1200, PAST - months), (100, months)) * SEASON
    units = level * np.exp(rng.normal(0, 0.1, (50, PAST)))
    ratio = ratio_to_new_level(units, CALENDAR)
    assert (ratio[:, -months:] == 1).all()
    assert ratio[:, 0] * 12 == pytest.approx(np.ones(50), rel=0.25)


@pytest.mark.parametrize(
    "units",
    [
        series((1200, 58), (100, 2)),
        series((100, 58), (5000, 2)),
        series((100, 52), (250, 8)),
        series((100, 40), (1200, 6), (100, 14)),
        np.round(100 * 1.06 ** np.arange(PAST)),
        series((100, 54), (20, 3), (10, 3)),
        series((100, 12), (1200, 48)),
        series((1200, 52), (0, 8)),
        np.where(CALENDAR == 12, 2000.0, 100.0),
        np.where(np.isin(CALENDAR, [10, 11, 12]), 2000.0, 100.0),
        100 * np.exp(np.random.default_rng(1).normal(0, 0.8, PAST)),
        np.tile([0.0, 0, 40], 20),
        np.full(PAST, UNKNOWN),
        100 * np.exp(np.arange(PAST) / 12 + 1.2 * (np.arange(PAST) >= 50)),
        np.concatenate([np.full(45, 100.0), np.tile([1200.0, 1200, 1200, 100], 3), np.full(3, 1200.0)]),
    ],
    ids=["two months", "two high months", "too small", "half a year", "growth", "fading", "no year before", "sold out",
         "Christmas", "three months of season", "noise", "intermittent", "unknown",
         "growth that quickens", "both levels"],
)  # fmt: skip
def test_what_is_no_new_level_keeps_its_units(units):
    np.testing.assert_array_equal(ratio_of(units), 1.0)


def test_the_factor_is_that_of_the_levels_not_of_single_months_a_year_before():
    units = series((1200, 56), (100, 4))
    units[44:48] = 1600
    assert ratio_of(units)[0] == pytest.approx(1 / 12, rel=0.1)


def test_a_year_at_another_level_is_brought_back_too():
    ratio = ratio_of(series((100, 24), (1200, 18), (50, 18)))
    np.testing.assert_allclose(ratio[[0, 23, 24, 41, 42]], [0.5, 0.5, 1 / 24, 1 / 24, 1.0], rtol=1e-6)


def test_each_sku_is_judged_alone_and_by_its_past():
    changed, steady = series((1200, 40), (100, 20)), series((100, 60))
    both = np.array([changed, steady])
    assert has_new_level(both, CALENDAR).tolist() == [True, False]
    np.testing.assert_array_equal(ratio_to_new_level(both, CALENDAR)[0], ratio_of(changed))
    assert has_new_level(both[:, :42], CALENDAR[:42]).tolist() == [False, False]
    assert has_new_level(both[:, :43], CALENDAR[:43]).tolist() == [True, False]


def test_a_short_history_has_no_new_level():
    assert has_new_level(np.array([[1200.0] * 6 + [100.0] * 6]), CALENDAR[:12]).tolist() == [False]
