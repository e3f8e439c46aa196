import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.market_history import market_history
from forecast_assets.validation.schema_check import schema_check
from forecast_assets_tests.domain.small_market import MONTHS, SKUS

ENDED, LAUNCHED_AT_40 = SKUS[33], SKUS[32]


def by_sku(features):
    return features.set_index("sku")


def test_values_are_in_the_row_of_their_sku_counted_from_the_origin(tables, history, origin):
    features = by_sku(build_features(history, origin))
    place = MONTHS.get_loc(origin)
    wide = tables.sell_in.pivot(index="sku", columns="month", values="sell_in_units")
    traded = tables.sell_out.pivot(index="sku", columns="month", values="sell_out_units")
    for sku in features.index:
        assert features.at[sku, "sell_in_lag_1"] == np.float32(wide.at[sku, origin])
        assert features.at[sku, "sell_in_lag_13"] == np.float32(wide.at[sku, MONTHS[place - 12]])
        assert features.at[sku, "same_month_1_years_ago_h03"] == np.float32(wide.at[sku, MONTHS[place - 9]])
        assert features.at[sku, "sell_out_lag_2"] == np.float32(traded.at[sku, MONTHS[place - 1]])
        last_year, last_three = (wide.loc[sku, MONTHS[place - back : place + 1]].mean() for back in (11, 35))
        assert features.at[sku, "scale_units"] == pytest.approx(max(last_year, 0.1 * last_three))


def test_plans_are_those_of_the_partition_month_of_the_origin(tables, history, origin):
    features = by_sku(build_features(history, origin))
    known = tables.promotions[tables.promotions["month"] == origin]
    for horizon in (1, 7, 18):
        promoted = known[known["promotion_month"] == origin + pd.DateOffset(months=horizon)]["sku"]
        assert set(features.index[features[f"promotion_planned_h{horizon:02d}"] == 1]) == set(promoted) & set(
            features.index
        )


def test_totals_and_restrictions_are_the_last_known(tables, history, origin):
    features = by_sku(build_features(history, origin))
    totals = tables.totals_known[tables.totals_known["month"] == origin].set_index(
        ["entity", "category", "total_month"]
    )
    last = totals.loc[("FR", "ALL", origin - pd.DateOffset(months=1)), "sell_in_growth_12"]
    np.testing.assert_allclose(features["all_market_sell_in_growth_12"], last, rtol=1e-6)
    policy = tables.covid_policy.set_index("month")["stringency_index"]
    np.testing.assert_allclose(features["stringency_index_last_month"], policy[origin], rtol=1e-6)


def test_only_active_skus_are_described_in_the_order_of_their_names(history):
    features = build_features(history, MONTHS[80])
    assert features["sku"].tolist() == sorted(set(SKUS) - {ENDED})
    before_launch = build_features(history, MONTHS[39])["sku"].tolist()
    assert LAUNCHED_AT_40 not in before_launch
    assert ENDED in before_launch


@pytest.mark.parametrize("wanted", [SKUS[25:29], SKUS[7:8], [*SKUS[:3], ENDED, "A STRANGER"], []])
def test_some_skus_get_exactly_the_rows_they_have_among_all(history, origin, wanted):
    every = build_features(history, origin)
    some = build_features(history, origin, np.array(wanted, dtype=object))
    expected = every[every["sku"].isin(wanted)].reset_index(drop=True)
    assert len(expected) == len(set(wanted) - {ENDED, "A STRANGER"})
    pd.testing.assert_frame_equal(some, expected, check_exact=True)


def test_no_more_than_84_months_are_looked_back(tables, history):
    origin = MONTHS[95]
    other = tables.sell_in.assign(
        sell_in_units=tables.sell_in["sell_in_units"].mask(tables.sell_in["month"] < MONTHS[12], 7)
    )
    changed = build_features(dataclasses.replace(tables, sell_in=other).history(), origin)
    pd.testing.assert_frame_equal(changed, build_features(history, origin))
    assert changed["observations"].max() == 84


def test_a_table_of_features_matches_its_schema_with_and_without_rows(history, tables):
    ended = tables.products.assign(end_month=MONTHS[0])
    nobody = build_features(dataclasses.replace(tables, products=ended).history(), MONTHS[80])
    assert len(nobody) == 0
    for features in (build_features(history, MONTHS[80]), nobody):
        assert schema_check("features").find(features, MONTHS[80]).message == ""


def test_missing_inputs_are_named(tables, history):
    without_totals = tables.totals_known[tables.totals_known["month"] < MONTHS[80]]
    bare = dataclasses.replace(tables, totals_known=without_totals, sell_out=tables.sell_out.iloc[:0]).history()
    assert build_features(history, MONTHS[80])["inputs_missing"].unique().tolist() == [""]
    assert build_features(bare, MONTHS[80])["inputs_missing"].unique().tolist() == ["demand_totals_known,sell_out"]


def test_sources_that_stopped_before_the_origin_are_named(tables):
    stopped = dataclasses.replace(
        tables,
        sell_out=tables.sell_out[tables.sell_out["month"] < MONTHS[80]],
        promotions=tables.promotions[tables.promotions["month"] < MONTHS[80]],
        products=tables.products.assign(category=None, brand=None, pack=None),
    ).history()
    expected = ["products,promotions,sell_out"]
    assert build_features(stopped, MONTHS[80])["inputs_missing"].unique().tolist() == expected


def test_sell_out_that_only_starts_after_the_origin_is_missing_at_it(history):
    assert build_features(history, MONTHS[23])["inputs_missing"].unique().tolist() == ["sell_out"]
    assert build_features(history, MONTHS[24])["inputs_missing"].unique().tolist() == [""]


def test_a_sku_without_a_product_row_is_of_an_unknown_category(tables):
    unlisted = tables.products[tables.products["sku"] != SKUS[0]]
    features = by_sku(build_features(dataclasses.replace(tables, products=unlisted).history(), MONTHS[80]))
    assert features.at[SKUS[0], "category"] == "UNKNOWN"
    assert features.at[SKUS[1], "category"] == "ice"


def test_a_market_without_sell_in_is_rejected_by_name():
    nothing = pd.DataFrame({"sku": [], "month": pd.Series(dtype="datetime64[ns]"), "sell_in_units": []})
    with pytest.raises(ValueError, match="market FR: no sell-in rows"):
        market_history("FR", "EU", "FR", nothing, pd.DataFrame())
