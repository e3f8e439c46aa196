import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.promotions import promotion_calendar
from forecast_assets.domain.features.expected_demand import (
    expected_units,
    sell_in_expectation,
    sku_months,
    trade_expectation,
    trade_features,
)

ORIGIN = pd.Timestamp("2024-06-01")
PAST, COUNT = 60, 24
# 18 target months, and the two months that orders of the last one depend on.
AHEAD = 20
SKUS = np.array([f"S{number:02d}" for number in range(COUNT)], dtype=object)
LEVEL = np.linspace(100, 400, COUNT)[:, None]
MONTHS = pd.date_range(end=ORIGIN, periods=PAST, freq="MS")


@pytest.fixture(scope="module")
def promoted():
    return (np.random.default_rng(5).random((COUNT, PAST)) < 0.15).astype(float)


@pytest.fixture(scope="module")
def skus(promoted):
    """One category; S00 is promoted next month, S01 ends in two months."""
    plan = {
        "sku": ["S00"],
        "promotion_month": [pd.Timestamp("2024-07-01")],
        "is_promoted": [1.0],
        "discount_pct": [0.2],
    }
    calendar = promotion_calendar(pd.DataFrame(plan), SKUS, ORIGIN, PAST, AHEAD, promoted)
    products = pd.DataFrame({"category": "tea", "launch_month": pd.NaT, "end_month": pd.NaT}, index=SKUS)
    products = products.astype({"launch_month": "datetime64[ns]", "end_month": "datetime64[ns]"})
    products.loc["S01", "end_month"] = pd.Timestamp("2024-08-01")
    return sku_months(ORIGIN, products, calendar, None)


@pytest.fixture(scope="module")
def units(promoted):
    return LEVEL * np.where(promoted > 0, 1.5, 1.0)


def test_sell_in_without_noise_is_expected_at_level_times_promotion(units, skus):
    features = sell_in_expectation(units, skus)
    np.testing.assert_allclose(features["base_sell_in_h01"], LEVEL[:, 0], rtol=0.03)
    assert features["adjusted_sell_in_h01"][0] == pytest.approx(1.5 * LEVEL[0, 0], rel=0.05)
    assert features["promotion_factor_h01"][0] == pytest.approx(1.5, rel=0.03)
    np.testing.assert_allclose(np.exp(features["promotion_uplift"]), 1.5, rtol=0.05)


def test_the_same_month_swaps_its_promotion_for_the_expected_one(units, promoted, skus):
    features = sell_in_expectation(units, skus)
    last_july = PAST - 12
    changed = np.flatnonzero(promoted[:, last_july] > 0)
    assert len(changed)
    expected = LEVEL[changed, 0] * features["promotion_factor_h01"][changed]
    np.testing.assert_allclose(features["adjusted_same_month_h01"][changed], expected, rtol=0.03)
    np.testing.assert_allclose(
        features["adjusted_same_month_h13"][changed] / features["promotion_factor_h13"][changed],
        features["adjusted_same_month_h01"][changed] / features["promotion_factor_h01"][changed],
    )


def test_without_promotions_the_same_month_is_the_latest_such_month():
    """Units are the number of the month, so the value names the month it was taken from."""
    units = np.tile(np.arange(1.0, PAST + 1), (COUNT, 1))
    calendar = promotion_calendar(pd.DataFrame(), SKUS, ORIGIN, PAST, AHEAD, np.zeros((COUNT, PAST)))
    undated = pd.Series(pd.NaT, index=SKUS, dtype="datetime64[ns]")
    products = pd.DataFrame({"category": "tea", "launch_month": undated, "end_month": undated})
    features = sell_in_expectation(units, sku_months(ORIGIN, products, calendar, None))
    taken = {horizon: features[f"adjusted_same_month_h{horizon:02d}"][0] for horizon in (1, 12, 13, 18)}
    assert taken == {1: PAST - 11, 12: PAST, 13: PAST - 11, 18: PAST - 6}


def test_nothing_is_expected_after_the_end_of_a_sku(units, skus):
    features = sell_in_expectation(units, skus) | trade_features(units, units, 1.5 * units, skus)
    features |= expected_units(features)
    for name in ("base_sell_in", "adjusted_sell_in", "adjusted_same_month", "expected_sell_out", "expected_units"):
        assert features[f"{name}_h02"][1] > 0, name
        assert features[f"{name}_h03"][1] == 0, name


def test_sell_out_is_expected_from_its_recent_level(units, skus):
    expected = trade_expectation(units, skus)
    assert expected.sell_out.shape == (COUNT, PAST + AHEAD)
    np.testing.assert_allclose(expected.base[2:, PAST:], np.repeat(LEVEL[2:], AHEAD, axis=1), rtol=0.05)
    assert expected.sell_out[0, PAST] == pytest.approx(1.5 * LEVEL[0, 0], rel=0.05)


def test_stock_built_is_the_mean_of_sell_in_less_sell_out(units, skus):
    sold = units - 7.0
    sold[3, -2] = np.nan
    sold[4] = np.nan
    features = trade_features(units, sold, 2 * units, skus)
    assert features["stock_built_3"][2] == pytest.approx(7.0)
    assert features["stock_built_3"][3] == pytest.approx(7.0)
    assert np.isnan(features["stock_built_12"][4])


def test_stock_is_compared_with_usual_cover_and_sales_with_expectation(units, skus):
    stock = np.repeat(1.5 * LEVEL, PAST, axis=1)
    stock[5, -1] *= 1.2
    sold = units.copy()
    sold[6, -1] *= 1.3
    features = trade_features(units, sold, stock, skus)
    assert features["usual_cover_months"][7] == pytest.approx(1.5, rel=0.05)
    assert features["stock_to_usual"][5] / features["stock_to_usual"][7] == pytest.approx(1.2, rel=0.05)
    assert features["sell_out_surprise"][6] - features["sell_out_surprise"][7] > 0.1


def test_expected_units_are_the_weighted_mean_of_known_expectations():
    values = {"expected_orders": [20.0, np.nan], "adjusted_sell_in": [10.0, 10.0], "adjusted_same_month": [4.0, 4.0]}
    every = {f"{name}_h{h:02d}": np.array(units) for name, units in values.items() for h in range(1, 19)}
    expected = expected_units(every)["expected_units_h07"]
    np.testing.assert_allclose(expected, [(3 * 20 + 2 * 10 + 4) / 6, (2 * 10 + 4) / 3])
    without_sell_out = {name: units for name, units in every.items() if not name.startswith("expected_orders")}
    np.testing.assert_allclose(expected_units(without_sell_out)["expected_units_h18"], [8.0, 8.0])


def test_returns_make_no_negative_expectation():
    returned = {f"adjusted_sell_in_h{h:02d}": np.array([-5.0]) for h in range(1, 19)}
    assert expected_units(returned)["expected_units_h01"] == [0.0]
