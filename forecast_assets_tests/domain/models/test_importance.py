"""Importance of features: by hand for one tree, shares that add up, families in their order."""

import lightgbm
import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.models.boosters import TrainedBoosters
from forecast_assets.domain.models.feature_cube import FeatureNames
from forecast_assets.domain.models.importance import by_family, feature_importance
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets_tests.domain.models.synthetic_rows import plain_features

SKUS = [f"s{number:02d}" for number in range(8)]
ORIGIN = pd.date_range("2023-03-01", periods=1, freq="MS")


def one_tree(column: int, columns: int, step: float) -> str:
    """A tree that splits one column at 0.5 into -step and +step, as often on either side."""
    rows = np.zeros((200, columns))
    rows[:, column] = np.tile([0.0, 1.0], 100)
    data = lightgbm.Dataset(
        rows, np.where(rows[:, column] > 0.5, step, -step), params={"verbosity": -1, "min_data_in_bin": 1}
    )
    parameters = {"objective": "l2", "num_leaves": 2, "min_data_in_leaf": 1, "learning_rate": 1.0, "verbosity": -1}
    return lightgbm.train(parameters, data, 1).model_to_string()


@pytest.fixture
def names():
    return FeatureNames(
        ("price_index", "sell_in_lag_1_ratio"), ("promotion_planned", "ses", "statistical_mean", "theta")
    )


def test_each_booster_counts_alike_whatever_the_unit_of_its_target(names):
    columns = names.all
    planned, lag = columns.index("promotion_planned"), columns.index("sell_in_lag_1_ratio")
    texts = {
        "theta_residual": one_tree(planned, len(columns), 1.0),
        "log_ratio": one_tree(lag, len(columns), 1000.0),
    }
    half = [float(number % 2) for number in range(8)]
    features = plain_features(SKUS, ORIGIN, 4.0, 4.0).assign(price_index=1.0, sell_in_lag_1_ratio=half)
    features = features.assign(**{f"promotion_planned_h{month:02d}": half for month in range(1, 19)})
    table = feature_importance(TrainedBoosters(names, texts, {}), features, Recipe(), 18).set_index("feature")
    assert table.loc["promotion_planned", ["gain", "shap"]].tolist() == pytest.approx([0.5, 0.5])
    assert table.loc["sell_in_lag_1_ratio", ["gain", "shap"]].tolist() == pytest.approx([0.5, 0.5])
    assert table["shap"].sum() == pytest.approx(1)
    families = by_family(table.reset_index())
    assert families.set_index("family")["shap"].to_dict() == pytest.approx(
        {"promotions": 0.5, "own history": 0.5, "sell-out": 0.0, "statistical": 0.0, "calendar": 0.0}
    )
    assert families.set_index("family").loc["statistical", "features"] == 3


def test_shap_values_are_those_of_the_rows_a_booster_predicts(names):
    """Regular SKUs all have the split's low side, sporadic ones both: SHAP differs from the gain by the rows."""
    columns = names.all
    planned = columns.index("promotion_planned")
    both = lightgbm.Booster(model_str=one_tree(planned, len(columns), 1.0))
    assert both.num_trees() == 1
    features = plain_features(SKUS, ORIGIN, 4.0, 4.0).assign(price_index=1.0, sell_in_lag_1_ratio=0.0)
    features = features.assign(**{f"promotion_planned_h{month:02d}": 0.0 for month in range(1, 19)})
    boosters = TrainedBoosters(names, {"theta_residual": both.model_to_string()}, {})
    table = feature_importance(boosters, features, Recipe(), 18).set_index("feature")
    assert table.loc["promotion_planned", "shap"] == pytest.approx(1.0)


def test_boosters_without_a_split_have_no_importance(names):
    data = lightgbm.Dataset(np.zeros((50, len(names.all))), np.ones(50), params={"verbosity": -1})
    text = lightgbm.train({"objective": "l2", "verbosity": -1}, data, 1).model_to_string()
    features = plain_features(SKUS, ORIGIN, 4.0, 4.0).assign(price_index=1.0, sell_in_lag_1_ratio=0.0)
    table = feature_importance(TrainedBoosters(names, {"log_ratio": text}, {}), features, Recipe(), 18)
    assert table[["gain", "shap"]].to_numpy().sum() == 0


def test_the_boosters_of_a_market_are_explained(model, origin_features, recipe):
    table = feature_importance(model.learned.own, origin_features, recipe, 18)
    assert set(table["feature"]) == set(model.learned.own.names.all)
    assert table[["gain", "shap"]].sum().tolist() == pytest.approx([1, 1])
    assert table["shap"].is_monotonic_decreasing
    assert len(by_family(table)) >= 4
