import numpy as np
import pytest

from forecast_assets.domain.cleaning.expected_units import expected_units, log_ratio
from forecast_assets_tests.domain.portfolio_market import MONTHS, PAST, UNKNOWN, series

CALENDAR = MONTHS[:PAST].month.to_numpy()


def test_a_season_without_noise_is_expected_as_it_is():
    ice = np.where(np.isin(CALENDAR, [4, 5, 6, 7, 8, 9]), 200.0, 100.0)
    assert expected_units(ice[None], CALENDAR)[0] == pytest.approx(ice, rel=0.02)


def test_growth_is_expected_in_the_middle_of_its_window():
    growing = np.arange(100.0, 160.0)
    assert expected_units(growing[None], CALENDAR)[0, 10:50] == pytest.approx(growing[10:50], rel=0.02)


def test_a_single_month_does_not_change_its_expected_units():
    hit = series((100, 60))
    hit[30] = 1e6
    assert expected_units(hit[None], CALENDAR)[0, 29] == pytest.approx(100, rel=0.05)


def test_with_five_known_months_nothing_is_expected():
    few = np.array([series((100, 5)), series((100, 13))])
    assert np.isfinite(expected_units(few, CALENDAR)).sum(axis=1).tolist() == [0, 14]


def test_a_ratio_to_the_expected_units_is_defined_for_zero_and_for_returns():
    expected = np.full((1, 4), 100.0)
    ratio = log_ratio(np.array([[100.0, 0.0, -50.0, UNKNOWN]]), expected)
    assert ratio[0] == pytest.approx([0, np.log(10 / 110), np.log(10 / 110), UNKNOWN], nan_ok=True)
