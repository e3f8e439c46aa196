"""Contributions along the paths of trees, beside LightGBM's own predictions and Shapley values."""

import lightgbm
import numpy as np
import pytest

from forecast_assets.domain.reasons.tree_paths import path_contributions

COLUMNS, GROUPS = 6, 3
GROUP_OF_COLUMN = np.array([0, 0, 1, 1, 2, 2])


def trained(objective: str, leaves: int, rounds: int = 12) -> tuple[lightgbm.Booster, np.ndarray]:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(800, COLUMNS)).astype(np.float32)
    target = np.maximum(2 * rows[:, 0] + rows[:, 2] * rows[:, 4] + rng.normal(size=800), 0)
    parameters = {"objective": objective, "num_leaves": leaves, "verbosity": -1, "seed": 1, "num_threads": 1}
    return lightgbm.train(parameters, lightgbm.Dataset(rows, target), rounds), rows[:50]


def shapley(booster: lightgbm.Booster, rows: np.ndarray) -> np.ndarray:
    """LightGBM's contributions by group, then its expected value."""
    by_column = np.asarray(booster.predict(rows, pred_contrib=True))
    groups = [by_column[:, :-1][:, group == GROUP_OF_COLUMN].sum(axis=1) for group in range(GROUPS)]
    return np.column_stack([*groups, by_column[:, -1]])


@pytest.mark.parametrize("objective", ["l1", "l2", "tweedie", "quantile"])
def test_contributions_and_mean_add_up_to_the_raw_prediction(objective):
    booster, rows = trained(objective, leaves=15)
    parts = path_contributions(booster.model_to_string(), rows, GROUP_OF_COLUMN, GROUPS)
    assert np.abs(parts[:, :-1]).max() > 0.01
    np.testing.assert_allclose(parts.sum(axis=1), booster.predict(rows, raw_score=True), atol=1e-12)


@pytest.mark.parametrize("objective", ["l1", "tweedie"])
def test_the_mean_of_the_trees_is_that_of_the_shapley_values(objective):
    booster, rows = trained(objective, leaves=15)
    parts = path_contributions(booster.model_to_string(), rows, GROUP_OF_COLUMN, GROUPS)
    np.testing.assert_allclose(parts[:, -1], shapley(booster, rows)[:, -1], atol=1e-12)


def test_trees_of_one_split_have_the_shapley_values_themselves():
    booster, rows = trained("l2", leaves=2)
    parts = path_contributions(booster.model_to_string(), rows, GROUP_OF_COLUMN, GROUPS)
    np.testing.assert_allclose(parts, shapley(booster, rows), atol=1e-12)


def test_a_group_that_no_tree_splits_on_has_no_part():
    booster, rows = trained("l2", leaves=15)
    parts = path_contributions(booster.model_to_string(), rows, np.zeros(COLUMNS, dtype=int), GROUPS)
    assert not parts[:, 1:-1].any()


def test_a_tree_without_a_split_is_all_mean():
    rows = np.zeros((60, COLUMNS), dtype=np.float32)
    data = lightgbm.Dataset(rows, np.full(60, 3.0), params={"verbosity": -1, "feature_pre_filter": False})
    booster = lightgbm.train({"objective": "l2", "verbosity": -1}, data, 1)
    parts = path_contributions(booster.model_to_string(), rows[:2], GROUP_OF_COLUMN, GROUPS)
    np.testing.assert_allclose(parts, [[0, 0, 0, 3.0]] * 2)
