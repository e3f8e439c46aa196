import numpy as np
import pytest

from forecast_assets.domain.monitoring.control_limit import lower_limit, upper_limit


def test_the_limit_of_a_history_computed_by_hand():
    history = [1.0, 2, 3, 4, 5, 6, 7, 8, 9]
    # mean 5, s = sqrt(60 / 8) = 2.7386, t(.995, 8) = 3.3554 (table), sqrt(1 + 1/9) = 1.0541.
    assert upper_limit(np.array(history)) == pytest.approx(5 + 3.3554 * 2.7386 * 1.0541, abs=1e-3)
    assert lower_limit(np.array(history)) == pytest.approx(5 - 3.3554 * 2.7386 * 1.0541, abs=1e-3)


def test_too_few_known_months_have_no_limit():
    assert np.isnan(upper_limit(np.array([1.0] * 7 + [np.nan] * 5)))


def test_one_bad_month_does_not_hide_the_next():
    quiet = np.array([1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 1.0, 1.1])
    assert upper_limit(np.append(quiet, 9.0)) < 2


def test_independent_normal_values_exceed_the_limit_at_the_given_rate():
    generator = np.random.default_rng(1)
    passed = [generator.normal() > upper_limit(generator.normal(size=12)) for _ in range(8000)]
    # 0.5 % without the moving of outliers, which narrows it a little; 0.0075 + 3 standard errors would be 0.0104.
    assert 0.003 <= np.mean(passed) <= 0.0095


def test_eight_known_months_make_a_limit_and_seven_do_not():
    months = [0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.2, 0.2]
    # Mean 0.2, s sqrt(0.04 / 7) = 0.07559, t(.995, 7) = 3.4995, sqrt(9/8) = 1.0607: 0.2 + 0.2806.
    assert upper_limit(np.array([*months, np.nan])) == pytest.approx(0.4806, abs=1e-3)
    assert np.isnan(upper_limit(np.array(months[1:])))


def test_one_other_month_among_equal_ones_still_widens_the_limit():
    # More than half are equal: no robust spread to move the other one in to. Mean 0.3, s 0.1 * sqrt(8), as above.
    assert upper_limit(np.array([0.2] * 7 + [1.0])) == pytest.approx(0.3 + 3.4995 * 0.28284 * 1.0607, abs=1e-3)
