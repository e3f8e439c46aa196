import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import month_range
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.features.windows import sell_out_features, window_features

ORIGIN = "2023-09-01"


def random_panel(seed=0, unknown=0.1):
    rng = np.random.default_rng(seed)
    months = month_range("2020-01-01", "2024-12-01")
    units = rng.gamma(1, 10, (15, len(months)))
    units[rng.random(units.shape) < unknown] = np.nan
    for row in range(8):
        units[row, : row * 6] = np.nan
    return DemandPanel(np.array([f"s{row:02d}" for row in range(15)], dtype=object), months, units)


def test_means_and_deviations_of_known_windows_equal_those_of_pandas():
    units = np.random.default_rng(2).gamma(1, 10, (5, 50))
    features = window_features(units, "sell_in", 5)
    for row in range(5):
        series = pd.Series(units[row])
        for months in (3, 6, 12, 24, 36):
            assert features[f"sell_in_mean_{months}"][row] == pytest.approx(series.rolling(months).mean().iloc[-1])
        for months in (6, 12, 24):
            assert features[f"sell_in_std_{months}"][row] == pytest.approx(series.rolling(months).std().iloc[-1])


def slow_mean(row, months, end):
    """Mean of row[end - months : end] by the rule of the module: history long enough, half of the months known."""
    first = next((at for at, value in enumerate(row) if not np.isnan(value)), None)
    if first is None or first > end - months:
        return np.nan
    known = [value for value in row[end - months : end] if not np.isnan(value)]
    return sum(known) / len(known) if 2 * len(known) >= months else np.nan


def test_windows_with_unknown_months_and_young_skus_equal_a_loop():
    units = random_panel(unknown=0.3).until(ORIGIN).units
    features = window_features(units, "sell_in", 15)
    end = units.shape[1]
    for row in range(15):
        for months in (3, 6, 12, 24, 36):
            expected = slow_mean(units[row], months, end)
            np.testing.assert_allclose(features[f"sell_in_mean_{months}"][row], expected)
        for months in (3, 6, 12):
            expected = slow_mean(units[row], months, end) / slow_mean(units[row], months, end - 12)
            np.testing.assert_allclose(features[f"sell_in_year_on_year_{months}"][row], expected)


def test_year_on_year_compares_with_the_same_months_a_year_before():
    units = np.r_[np.full(12, 10.0), np.full(9, 50.0), 10, 20, 30][None, :]
    features = window_features(units, "sell_out", 1)
    assert features["sell_out_year_on_year_3"].tolist() == [2.0]
    assert features["sell_out_year_on_year_12"].tolist() == [pytest.approx((9 * 50 + 60) / 120)]


def test_growth_from_nothing_is_unknown_and_not_infinite():
    units = np.r_[np.zeros(12), np.ones(12)][None, :]
    assert np.isnan(window_features(units, "sell_in", 1)["sell_in_year_on_year_3"]).all()


def test_a_history_shorter_than_the_window_has_no_mean():
    features = window_features(np.array([[np.nan, 1.0, 2.0, 3.0, 4.0, 5.0]]), "sell_in", 1)
    assert features["sell_in_mean_3"].tolist() == [4.0]
    assert np.isnan(features["sell_in_mean_6"]).all()


def test_measures_of_the_trade_are_as_computed_by_hand():
    flat = np.full((1, 13), 10.0)
    price = np.r_[99, np.full(11, 2.0), 4.0][None, :]
    distribution = np.r_[50, np.full(8, 60.0), 70, 0, 0, 75][None, :]
    promoted = np.r_[np.zeros(10), 0, 1, 1][None, :]
    stock = np.r_[np.zeros(12), 25.0][None, :]
    features = sell_out_features(2 * flat, flat, stock, price, distribution, promoted)
    by_hand = {
        "stock_cover_months": 2.5,
        "sell_in_to_sell_out_3": 2.0,
        "sell_in_to_sell_out_6": 2.0,
        "sell_in_to_sell_out_12": 2.0,
        "price_to_mean_12": 4 / (26 / 12),
        "distribution_change_3": 5.0,
        "distribution_change_12": 25.0,
        "promoted_share_3": 2 / 3,
        "promoted_share_12": 2 / 12,
    }
    assert set(features) == set(by_hand)
    for name, value in by_hand.items():
        assert features[name].tolist() == [pytest.approx(value)], name


def test_a_market_without_sell_out_has_the_same_columns_all_unknown():
    without = sell_out_features(np.ones((2, 13)))
    assert set(without) == set(sell_out_features(*[np.ones((2, 13))] * 6))
    assert all(np.isnan(values).all() for values in without.values())
    assert all(np.isnan(values).all() for values in window_features(None, "sell_out", 2).values())


def test_no_sell_out_in_a_quarter_gives_no_stock_cover():
    zero = np.zeros((1, 13))
    assert np.isnan(sell_out_features(zero, zero, zero + 5)["stock_cover_months"]).all()


def test_windows_do_not_read_the_future(two_futures):
    def features(market):
        units, sell_out = market.active.units, market.active.sell_out
        return window_features(units, "x", len(units)) | sell_out_features(units, **sell_out)

    expected, actual = map(features, two_futures)
    for name, values in expected.items():
        np.testing.assert_array_equal(actual[name], values, err_msg=name)
