import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.features.totals import totals_features

ORIGIN = pd.Timestamp("2024-06-01")
CATEGORIES = np.array(["tea", "ice", None], dtype=object)


def row(level, entity, category, month, growth, ratio=1.0):
    return {
        "level": level,
        "entity": entity,
        "category": category,
        "total_month": pd.Timestamp(month),
        "sell_in_units": 1.0,
        "sell_out_units": 1.0,
        "sell_in_growth_12": growth,
        "sell_in_recent_ratio": ratio,
        "sell_out_growth_12": -growth,
        "sell_out_recent_ratio": np.nan,
    }


@pytest.fixture
def known():
    return pd.DataFrame(
        [
            row("market", "FR", "tea", "2024-05-01", 0.3, 1.5),
            row("market", "FR", "tea", "2024-03-01", 0.1),
            row("market", "FR", "tea", "2024-02-01", 9.0),
            row("market", "FR", "tea", "2024-04-01", np.nan),
            row("market", "DE", "tea", "2024-05-01", 7.0),
            row("market", "FR", "ALL", "2024-04-01", 0.2),
            row("market", "FR", "UNKNOWN", "2024-05-01", 0.6),
            row("region", "EU", "tea", "2024-05-01", 0.4),
            row("world", "WORLD", "ALL", "2024-05-01", 0.5),
        ]
    )


def test_each_sku_gets_the_growth_of_its_category_and_of_everything(known):
    features = totals_features(known, ORIGIN, "FR", "EU", CATEGORIES)
    np.testing.assert_allclose(features["category_market_sell_in_growth_12"], [0.3, np.nan, 0.6])
    np.testing.assert_allclose(features["category_market_sell_in_growth_12_mean_3"], [0.2, np.nan, 0.6])
    np.testing.assert_allclose(features["category_market_sell_in_recent_ratio"], [1.5, np.nan, 1.0])
    np.testing.assert_allclose(features["category_market_sell_out_growth_12"], [-0.3, np.nan, -0.6])
    np.testing.assert_allclose(features["category_region_sell_in_growth_12"], [0.4, np.nan, np.nan])
    np.testing.assert_allclose(features["all_market_sell_in_growth_12"], [0.2] * 3)
    np.testing.assert_allclose(features["all_world_sell_in_growth_12"], [0.5] * 3)
    assert np.isnan(features["all_region_sell_in_growth_12"]).all()


def test_totals_of_more_than_three_months_ago_are_too_old(known):
    features = totals_features(known, pd.Timestamp("2024-09-01"), "FR", "EU", CATEGORIES)
    assert all(np.isnan(values).all() for values in features.values())


@pytest.mark.parametrize("missing", [None, pd.DataFrame()])
def test_without_totals_the_columns_are_the_same_and_unknown(known, missing):
    features = totals_features(missing, ORIGIN, "FR", "EU", CATEGORIES)
    assert list(features) == list(totals_features(known, ORIGIN, "FR", "EU", CATEGORIES))
    assert len(features) == 36
    assert all(values.shape == (3,) and np.isnan(values).all() for values in features.values())


def test_totals_of_the_origin_month_and_later_are_not_read(known):
    poison = pd.DataFrame([row("market", "FR", "tea", month, 1e9, 1e9) for month in ("2024-06-01", "2024-07-01")])
    expected = totals_features(known, ORIGIN, "FR", "EU", CATEGORIES)
    actual = totals_features(pd.concat([known, poison]), ORIGIN, "FR", "EU", CATEGORIES)
    for name, values in expected.items():
        np.testing.assert_array_equal(actual[name], values, err_msg=name)
