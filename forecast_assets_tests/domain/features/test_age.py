import numpy as np
import pandas as pd

from forecast_assets.domain.features.age import age_features

UNITS = np.array([[np.nan, 0, 5, 0], [1, 1, 1, 1], [0, 0, 0, 2], [0, 0, -1, 0]], dtype=float)
ORIGIN = pd.Timestamp("2024-04-01")


def test_ages_count_months_up_to_the_origin():
    features = age_features(
        UNITS,
        ORIGIN,
        launch_month=pd.Series(["2024-02-01", "2020-04-01", None, "2024-07-01"]),
        end_month=pd.Series([None, "2024-10-01", "2024-03-01", None]),
    )
    np.testing.assert_array_equal(features["months_since_first_sale"], [1, 3, 0, np.nan])
    np.testing.assert_array_equal(features["months_since_launch"], [2, 48, np.nan, -3])
    np.testing.assert_array_equal(features["months_until_end"], [np.nan, 6, -1, np.nan])


def test_without_product_dates_launch_and_end_are_unknown():
    features = age_features(UNITS, ORIGIN)
    assert np.isnan(features["months_since_launch"]).all()
    assert np.isnan(features["months_until_end"]).all()


def test_the_first_sale_is_not_looked_for_after_the_origin(two_futures, origin):
    def features(market):
        products = market.active.products
        return age_features(market.active.units, origin, products["launch_month"], products["end_month"])

    expected, actual = map(features, two_futures)
    for name, values in expected.items():
        np.testing.assert_array_equal(actual[name], values, err_msg=name)
