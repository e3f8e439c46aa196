import pytest

from forecast_assets.domain.features.columns import horizon_column, is_in_units, split_columns


def test_columns_are_split_by_their_horizon_suffix():
    columns = ["sku", "scale_units", "sell_in_lag_1", "theta_h18", "theta_h01", "plan_h02", "sell_in_mean_12"]
    assert split_columns(columns) == (["sell_in_lag_1", "sell_in_mean_12"], ["plan", "theta"])


def test_a_horizon_is_written_with_two_digits():
    assert horizon_column("theta", 3) == "theta_h03"
    assert horizon_column("theta", 18) == "theta_h18"


def test_an_attribute_value_that_looks_like_a_horizon_is_none():
    assert split_columns(["pack_is_h12", "pack_is_other"]) == (["pack_is_h12", "pack_is_other"], [])


@pytest.mark.parametrize(
    "level",
    ["sell_in_lag_24", "sell_out_lag_1", "sell_out_mean_36", "sell_in_std_6", "same_month_2_years_ago",
     "same_month_mean", "same_month_latest", "nonzero_mean_units", "ses", "theta", "damped_holt", "statistical_mean",
     "statistical_slope", "theta_one_step_mae", "damped_holt_one_step_mae", "expected_units", "expected_orders",
     "expected_sell_out", "base_sell_in", "adjusted_sell_in", "adjusted_same_month", "stock_built_12",
     "reference_mean_12"],
)  # fmt: skip
def test_a_level_is_in_units(level):
    assert is_in_units(level)


@pytest.mark.parametrize(
    "pure",
    ["sell_in_year_on_year_3", "seasonal_index", "theta_alpha", "log_scale_units", "stringency_index_mean_3",
     "category_market_sell_in_growth_12_mean_3", "sell_in_to_sell_out_3", "stock_cover_months", "promoted_share_3",
     "promotion_factor", "discount_expected", "usual_cover_months", "promoted_months_12"],
)  # fmt: skip
def test_a_ratio_share_or_count_is_not_in_units(pure):
    assert not is_in_units(pure)
