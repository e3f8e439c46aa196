"""The cause that each feature speaks of."""

import pytest

from forecast_assets.domain.features.columns import split_columns
from forecast_assets.domain.reasons.causes import FEATURE_CAUSES, cause_of_feature


@pytest.mark.parametrize(
    ("feature", "cause"),
    [
        ("sell_in_lag_1", "level"), ("horizon_months", "level"), ("expected_units", "level"),
        ("usual_discount", "level"), ("promoted_share_12", "level"),
        ("same_month_latest", "season"), ("easter_shift_days", "season"), ("category_season", "season"),
        ("promotion_planned", "promotion"), ("discount_expected_month_after", "promotion"),
        ("price_to_mean_12", "price"), ("distribution_change_3", "price"),
        ("stock_built_6", "stock"), ("expected_orders", "stock"), ("sell_in_to_sell_out_3", "stock"),
        ("stringency_index_last_month", "rest"),
    ],
)  # fmt: skip
def test_a_feature_speaks_of_one_cause(feature, cause):
    assert cause_of_feature(feature) == cause


def test_a_market_with_all_sources_has_features_of_every_cause(origin_features):
    of_origin, by_horizon = split_columns(origin_features.columns)
    assert {cause_of_feature(name) for name in [*of_origin, *by_horizon]} == set(FEATURE_CAUSES)
