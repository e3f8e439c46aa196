import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.columns import horizon_column, is_in_units, split_columns
from forecast_assets.domain.models.feature_cube import FeatureNames, feature_cube, feature_names

# A power of two, so that multiplying and dividing are exact and the comparison can be exact too.
FACTOR = 1024.0
TELLS_THE_SIZE = {"log_scale_units"}


def multiplied(tables):
    """The same market counted in pieces instead of boxes of 1024."""
    sell_in = tables.sell_in.assign(sell_in_units=tables.sell_in["sell_in_units"] * FACTOR)
    trade = {name: tables.sell_out[name] * FACTOR for name in ("sell_out_units", "stock_units")}
    return dataclasses.replace(tables, sell_in=sell_in, sell_out=tables.sell_out.assign(**trade))


@pytest.fixture(scope="module")
def in_pieces(tables, origin):
    return build_features(multiplied(tables).history(), origin)


def every_column(features):
    return FeatureNames(*map(tuple, split_columns(features.columns)))


def test_a_market_in_other_units_has_the_same_features_except_its_size(origin_features, in_pieces):
    names = every_column(origin_features)
    boxes, pieces = (feature_cube(features, names, 18) for features in (origin_features, in_pieces))
    different = {
        name for at, name in enumerate(names.origin) if not same(boxes.origin[:, at], pieces.origin[:, at])
    } | {
        name
        for at, name in enumerate(names.by_horizon)
        if not same(boxes.by_horizon[:, :, at], pieces.by_horizon[:, :, at])
    }
    assert different == TELLS_THE_SIZE
    np.testing.assert_array_equal(pieces.scale_units, boxes.scale_units * FACTOR)


def same(left, right):
    return np.array_equal(left, right, equal_nan=True)


def test_each_stored_level_grows_with_the_units_and_nothing_else_does(origin_features, in_pieces):
    origin_names, ahead_names = split_columns(origin_features.columns)
    stored = {name: name for name in origin_names} | {
        horizon_column(name, horizon): name for name in ahead_names for horizon in (1, 12)
    }
    for column, name in stored.items():
        boxes, pieces = origin_features[column].to_numpy(), in_pieces[column].to_numpy()
        if name in TELLS_THE_SIZE:
            continue
        assert same(pieces, boxes * np.float32(FACTOR if is_in_units(name) else 1)), column
        if is_in_units(name):
            assert np.nansum(np.abs(boxes)) > 0, f"{column} is empty: nothing is proved by it"


def test_levels_are_divided_by_the_scale_and_shares_are_not():
    features = pd.DataFrame(
        {
            "sku": ["a", "b"],
            "scale_units": [10.0, 4.0],
            "sell_in_lag_1": [20.0, 2.0],
            "zero_share_24": [0.5, 0.25],
            "theta_h01": [30.0, 8.0],
            "theta_h02": [40.0, 12.0],
            "seasonal_index_h01": [1.5, 0.5],
            "seasonal_index_h02": [0.5, 1.5],
        }
    )
    names = FeatureNames(("sell_in_lag_1", "zero_share_24"), ("seasonal_index", "theta"))
    cube = feature_cube(features, names, 2)
    assert cube.origin.tolist() == [[2.0, 0.5], [0.5, 0.25]]
    assert cube.value("theta").tolist() == [[3.0, 4.0], [2.0, 3.0]]
    assert cube.value("seasonal_index").tolist() == [[1.5, 0.5], [0.5, 1.5]]
    assert names.all == ["sell_in_lag_1", "zero_share_24", "seasonal_index", "theta", "horizon_months"]
    rows = cube.rows(np.array([1, 0]), np.array([1, 2]))
    assert rows.tolist() == [[0.5, 0.25, 0.5, 2.0, 1.0], [2.0, 0.5, 0.5, 4.0, 2.0]]
    assert features["theta_h01"].tolist() == [30.0, 8.0]


def test_a_column_of_a_later_year_that_the_table_lacks_is_unknown():
    features = pd.DataFrame({"scale_units": [2.0], "theta_h01": [4.0]})
    cube = feature_cube(features, FeatureNames(("brand_is_new",), ("promotion_planned", "theta")), 1)
    assert np.isnan(cube.origin).all()
    assert cube.rows(np.array([0]), np.array([1]))[0, 1:].tolist() == [pytest.approx(np.nan, nan_ok=True), 2.0, 1.0]


def test_only_columns_that_vary_are_learned_from_nulls_included():
    features = pd.DataFrame(
        {
            "sku": ["a", "b"],
            "scale_units": [1.0, 2.0],
            "inputs_missing": ["", "sell_out"],
            "constant": [3.0, 3.0],
            "absent": [np.nan, np.nan],
            "half": [1.0, np.nan],
            "varies": [1.0, 2.0],
            "plan_h01": [0.0, 0.0],
            "plan_h02": [0.0, 1.0],
            "ses_h01": [1.0, 2.0],
            "theta_h01": [1.0, 2.0],
            "statistical_mean_h01": [1.0, 2.0],
        }
    )
    names = feature_names(features)
    assert names.origin == ("half", "varies")
    assert names.by_horizon == ("plan", "ses", "statistical_mean", "theta")


def test_the_partition_that_a_stored_table_names_is_not_learned_from():
    partition = {"country": ["FR", "FR"], "month": pd.to_datetime(["2024-01-01", "2024-02-01"])}
    features = pd.DataFrame(partition | {"scale_units": [1.0, 2.0], "varies": np.array([1, 2], dtype=np.float32)})
    assert feature_names(features).origin == ("varies",)


def test_statistical_forecasts_are_kept_as_columns_even_without_sales():
    never = {f"{name}_h01": [0.0, 0.0] for name in ("theta", "statistical_mean", "ses")}
    features = pd.DataFrame(never | {"scale_units": [1.0, 1.0]})
    assert feature_names(features).by_horizon == ("ses", "statistical_mean", "theta")


def test_the_skus_of_a_mask_keep_their_own_rows():
    features = pd.DataFrame(
        {"scale_units": [1.0, 2.0, 4.0], "observations": [5.0, 6.0, 7.0], "theta_h01": [1.0, 4.0, 12.0]}
    )
    cube = feature_cube(features, FeatureNames(("observations",), ("theta",)), 1).where(np.array([True, False, True]))
    assert cube.origin.tolist() == [[5.0], [7.0]]
    assert cube.value("theta").tolist() == [[1.0], [3.0]]
    assert cube.scale_units.tolist() == [1.0, 4.0]
