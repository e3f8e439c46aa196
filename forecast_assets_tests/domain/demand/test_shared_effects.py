import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.shared_effects import launch_ramp, moved_easter, relative_price, shared_effect


def test_a_slope_is_that_of_its_group_drawn_towards_the_common_one():
    regressor = np.array([[1.0, -1.0], [1.0, -1.0]])
    rest = regressor * [[1.0], [3.0]]
    result = shared_effect(rest, np.ones((2, 2)), regressor, np.array([0, 1]))
    # Common slope 2 with a squared error of (4 / 4 cells) / 4; half of the information of a group is the common one.
    common = 2 * (1 - 0.25 / 4)
    np.testing.assert_allclose(result, [(1 + common) / 2, (3 + common) / 2])


def test_a_slope_within_its_error_is_not_believed():
    regressor = np.array([[1.0, -1.0, 1.0, -1.0]])
    rest = np.array([[1.0, -1.0, -0.9, 0.9]])
    result = shared_effect(rest, np.ones((1, 4)), regressor, np.array([0]))
    assert 0 < result[0] < 0.05
    np.testing.assert_array_equal(shared_effect(rest, np.ones((1, 4)), np.zeros((1, 4)), np.array([0])), [0.0])


def test_a_relative_price_leaves_promotions_and_the_markets_level_out():
    price = np.array([[1.0, 0.5, 2.0, 2.0], [1.0, 1.0, 2.0, np.nan], [3.0, 3.0, 6.0, 12.0]])
    promoted = np.array([[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    # All prices double in the third month; in the fourth one of three does, so the level rises by a third of log 2.
    result = relative_price(price, promoted, months_ahead=2)
    step = np.log(2)
    third = np.array([0, 0, 0, 2 / 3 * step]) - 2 / 3 * step / 4
    others = np.array([0, 0, 0, -step / 3]) + step / 12
    np.testing.assert_allclose(result[:, :4], [others, others, third], atol=1e-12)
    np.testing.assert_allclose(result[:, 4:], np.repeat(result[:, 3:4], 2, axis=1))


def test_a_sku_without_a_price_has_no_relative_price():
    price = np.array([[np.nan, np.nan], [1.0, 2.0]])
    np.testing.assert_array_equal(relative_price(price, np.zeros((2, 2)), 1)[0], [0.0, 0.0, 0.0])


def test_an_easter_counts_against_that_of_the_calendar_month_in_known_years():
    months = pd.date_range("2022-01-01", "2024-12-01", freq="MS")
    result = pd.Series(moved_easter(months, past_months=24), index=months)
    # The 21 days up to Easter: 2022 to 17 April (17 in April), 2023 to 9 April (9), 2024 to 31 March (none).
    mean = (17 + 9) / 2
    assert result["2022-04"].iloc[0] == pytest.approx((17 - mean) / 21)
    assert result["2024-04"].iloc[0] == pytest.approx((0 - mean) / 21)
    assert result["2024-03"].iloc[0] == pytest.approx((21 - (21 - mean)) / 21)
    assert result["2024-08"].iloc[0] == 0
    assert (moved_easter(months, past_months=2)[2:4] == 0).all()


def test_a_ramp_links_neighbouring_ages_by_ratios_of_sums():
    age = np.tile(np.arange(24), (40, 1))
    level = np.where(age == 0, 50.0, 100.0) * np.linspace(1, 9, 40)[:, None]
    ramps = launch_ramp(level, age, np.zeros(40, dtype=int))
    assert ramps.shape == (1, 19)
    assert ramps[0, 0] == pytest.approx(0.5, abs=0.04)
    np.testing.assert_allclose(ramps[0, 1:], 1.0)


def test_one_launch_is_drawn_towards_no_change_and_mature_skus_do_not_count():
    level = np.array([[50.0] + [100.0] * 23, [100.0, 300.0] * 12])
    age = np.array([np.arange(24), np.full(24, 18)])
    ramps = launch_ramp(level, age, np.array([0, 1]))
    mean = level[0].mean()
    every = (100 / mean + 3) / (50 / mean + 3)
    assert 1 / ramps[0, 0] == pytest.approx((100 / mean + 3 * every) / (50 / mean + 3), rel=1e-6)
    assert 0.5 < ramps[0, 0] < 1
    # Without a launch of its kind the ramp is that of all launches.
    assert 1 / ramps[1, 0] == pytest.approx(every)


def test_a_planned_price_moves_the_sku_against_the_market_from_its_month_on():
    price = np.array([[2.0, 2.0], [4.0, 4.0]])
    planned = np.array([[np.nan, 3.0, np.nan], [np.nan, np.nan, np.nan]])
    ahead = relative_price(price, np.zeros((2, 2)), 3, planned)[:, 2:]
    # Half of the step is the market's: one of two SKUs takes it.
    step = np.log(3.0 / 2.0) / 2
    np.testing.assert_allclose(ahead, [[0.0, step, step], [0.0, -step, -step]], atol=1e-12)


def test_without_a_planned_price_ahead_nothing_moves():
    price = np.array([[2.0, 3.0], [np.nan, np.nan]])
    planned = np.array([[np.nan, np.nan], [5.0, 5.0]])  # of a SKU whose price is not known
    promoted = np.zeros((2, 2))
    np.testing.assert_array_equal(relative_price(price, promoted, 2, planned), relative_price(price, promoted, 2))
