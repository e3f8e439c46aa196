import numpy as np
import pytest

from forecast_assets.domain.models import sporadic_quantiles as module
from forecast_assets.domain.models.sporadic_quantiles import sporadic_quantiles


@pytest.fixture
def _equal_months(monkeypatch):
    """All months weigh the same."""
    monkeypatch.setattr(module, "OWN_DEMAND_HALF_LIFE_MONTHS", 1e12)


def quantiles_at(history, expected, *percents):
    made = sporadic_quantiles(np.array([history], dtype=float), np.array([[expected]], dtype=float))
    return [made[0, 0, percent // 5 - 1] for percent in percents]


@pytest.mark.usefixtures("_equal_months")
def test_quantiles_are_those_of_the_own_months():
    # Half of the months sell nothing, a quarter 4, a quarter 8; the mean of 3 is expected again.
    history = [0, 4, 0, 8] * 6
    assert quantiles_at(history, 3.0, 5, 50) == [0.0, 0.0]
    # The first month of 4 is reached at 13 of 24 months, the last at 18, the first of 8 at 19.
    assert quantiles_at(history, 3.0, 55, 75, 80, 95) == pytest.approx([4.0, 4.0, 8.0, 8.0])


@pytest.mark.usefixtures("_equal_months")
def test_between_two_months_quantiles_are_interpolated():
    # Four months: 0 is reached at 50 %, 4 at 75 %, 8 at the end; 60 % is two fifths of the way to 4.
    assert quantiles_at([0, 8, 0, 4], 3.0, 50, 60, 75, 90) == pytest.approx([0.0, 1.6, 4.0, 6.4])


@pytest.mark.usefixtures("_equal_months")
def test_an_expectation_of_four_times_the_mean_doubles_the_chance_of_a_sale():
    # Every fourth month sells 2: a mean of 0.5. With 2 expected every second one does.
    history = [0, 0, 0, 2] * 6
    assert quantiles_at(history, 0.5, 75, 80) == pytest.approx([0.0, 2.0])
    assert quantiles_at(history, 2.0, 50, 60) == pytest.approx([0.0, 2.0])


def test_recent_months_weigh_more_and_those_before_two_years_nothing():
    stopped, started = [9] * 12 + [0] * 12, [0] * 12 + [9] * 12
    assert quantiles_at(stopped, 4.5, 50) == [0.0]
    assert quantiles_at(started, 4.5, 50)[0] > 0.0
    assert quantiles_at([99] * 30 + stopped, 4.5, 95)[0] <= 9.0


def test_unknown_months_do_not_count_and_returns_count_as_zero():
    history = [np.nan, 0, -5, 6] * 6
    known = [0, 0, 6] * 6
    made = sporadic_quantiles(np.array([history], dtype=float), np.ones((1, 1)))
    assert (made >= 0).all()
    assert made[0, 0, -1] <= 6.0
    assert quantiles_at(history, 2.0, 50) == quantiles_at(known, 2.0, 50) == [0.0]


def test_quantiles_do_not_decrease_and_zero_expected_is_allowed():
    rng = np.random.default_rng(4)
    history = rng.poisson(0.7, (200, 30)) * rng.integers(1, 9, (200, 1))
    made = sporadic_quantiles(history.astype(float), rng.choice([0.0, 0.5, 40.0], (200, 6)))
    assert np.isfinite(made).all()
    assert (np.diff(made, axis=-1) >= 0).all()
    silent = sporadic_quantiles(np.zeros((1, 24)), np.ones((1, 1)))
    assert not silent.any()
