import numpy as np
import pytest

from forecast_assets.domain.features.covid import covid_features


def test_policy_of_the_market_is_summarised_at_the_origin_for_every_sku():
    stringency = np.r_[np.full(9, 10.0), 40, 50, 60]
    economic = np.full(12, 25.0)
    features = covid_features(stringency, economic, 2)
    by_hand = {
        "stringency_index_last_month": 60,
        "stringency_index_mean_3": 50,
        "stringency_index_mean_12": 20,
        "stringency_index_change_3": 50,
        "economic_support_index_last_month": 25,
        "economic_support_index_mean_3": 25,
        "economic_support_index_mean_12": 25,
        "economic_support_index_change_3": 0,
    }
    assert {name: values.tolist() for name, values in features.items()} == {
        name: [pytest.approx(value)] * 2 for name, value in by_hand.items()
    }


def test_a_month_without_data_is_unknown_and_a_short_history_has_no_mean():
    features = covid_features(np.array([5.0, 10.0, np.nan]), np.zeros(3), 1)
    assert np.isnan(features["stringency_index_last_month"]).all()
    assert features["stringency_index_mean_3"].tolist() == [7.5]
    assert np.isnan(features["economic_support_index_mean_12"]).all()
    assert np.isnan(features["economic_support_index_change_3"]).all()


def test_months_after_the_origin_change_nothing(two_futures):
    def features(market):
        policy = market.covid_policy
        return covid_features(policy["stringency_index"].to_numpy(), policy["economic_support_index"].to_numpy(), 1)

    expected, actual = map(features, two_futures)
    assert np.isfinite(expected["stringency_index_mean_12"]).all()
    for name, values in expected.items():
        np.testing.assert_array_equal(actual[name], values, err_msg=name)
