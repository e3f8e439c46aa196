import numpy as np
import pandas as pd

from forecast_assets.domain.features.calendar import calendar_features


def test_target_months_are_described_month_by_month():
    features = calendar_features(pd.Timestamp("2024-02-01"), "FR", 2)
    assert features["origin_month_number"].tolist() == [2, 2]
    assert features["target_month_number_h01"].tolist() == [3, 3]
    assert features["target_month_number_h18"].tolist() == [8, 8]
    assert features["target_quarter_h02"].tolist() == [2, 2]
    assert features["month_length_h12"].tolist() == [28, 28]
    # Easter Sunday: 9 April 2023, 31 March 2024.
    assert features["easter_days_h01"].tolist() == [3, 3]
    assert features["easter_shift_days_h01"].tolist() == [3, 3]
    assert features["easter_shift_days_h02"].tolist() == [-3, -3]


def test_may_2024_in_france_has_four_holidays_all_on_working_days():
    # 1, 8, 9 May and Whit Monday 20 May: all on weekdays, of which the month has 23.
    features = calendar_features(pd.Timestamp("2024-04-01"), "FR", 1)
    assert features["public_holidays_h01"].tolist() == [4]
    assert features["working_days_h01"].tolist() == [19]


def test_an_unknown_country_has_no_holidays():
    features = calendar_features(pd.Timestamp("2024-04-01"), None, 1)
    assert features["public_holidays_h01"].tolist() == [0]
    assert features["working_days_h01"].tolist() == [23]


def test_every_feature_has_one_value_per_sku_and_horizon():
    features = calendar_features(pd.Timestamp("2024-04-01"), "DE", 3, horizon_months=18)
    assert len(features) == 1 + 7 * 18
    assert all(values.shape == (3,) and not np.isnan(values).any() for values in features.values())
