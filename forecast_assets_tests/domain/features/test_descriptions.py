"""Descriptions of features from their names."""

import pytest

from forecast_assets.domain.features.descriptions import feature_description


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sell_in_lag_1", "Sell-in of the origin month"),
        ("sell_in_lag_13", "Sell-in, 12 months before the origin month"),
        ("sell_out_lag_2", "Sell-out, 1 month before the origin month"),
        ("sell_in_mean_12", "Mean of sell-in over the last 12 months"),
        ("sell_out_std_6", "Standard deviation of sell-out over the last 6 months"),
        ("category_sell_in_lag_3_to_mean_12", "Category sell-in at lag 3 / mean of the last 12 months"),
        ("market_sell_out_mean_3_to_mean_12",
         "Market sell-out: mean of the last 3 months / mean of the last 12 months"),
        ("sell_in_year_on_year_3", "Sell-in: last 3 months / the same of the year before"),
        ("same_month_1_years_ago_h04",
         "Sell-in of the target month's calendar month 1 year before, target month 4 months ahead"),
        ("expected_units_h01", "Expected units, target month 1 month ahead"),
        ("theta_h18", "Theta, target month 18 months ahead"),
        ("ses_one_step_mae", "Simple smoothing one step mean absolute error"),
        ("brand_is_Alvora", "1 if brand is Alvora, else 0"),
        ("pack_is_h12", "1 if pack is h12, else 0"),
        ("attribute_price_tier_is_value", "1 if price tier is value, else 0"),
        ("months_since_last_sale", "Months since last sale"),
        ("sku_share_of_category_sell_in_12", "Share of the SKU in its category's sell-in, last 12 months"),
        ("price_to_mean_12", "Price / mean of the last 12 months"),
        ("distribution_change_3", "Change of distribution over 3 months"),
        ("adi", "Mean months between sales"),
    ],
)  # fmt: skip
def test_a_name_says_how_the_feature_is_made(name, text):
    assert feature_description(name) == text
