"""An experiment: two sides on identical cells, a change for the fewer found, requests that cannot be run named."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.member_registry import UnknownMemberError
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.backtest import backtest
from forecast_assets.domain.selection.experiment import (
    ExperimentError,
    Side,
    accuracy,
    changed_recipe,
    changes_in_words,
    origin_offsets,
    run_experiment,
)

pytestmark = pytest.mark.heavy

LAST = pd.Timestamp("2024-06-01")


@pytest.fixture(scope="module")
def stack(earlier_features, origin_features):
    return pd.concat([earlier_features, origin_features], ignore_index=True)


@pytest.fixture(scope="module")
def small(recipe):
    few = {"training_rows": 1000, "rounds": 8, "refit_rows": 500, "refit_rounds": 4}
    return dataclasses.replace(recipe, **few, member_weights=(("holt_winters", 1.0),))


@pytest.fixture(scope="module")
def fewer(small):
    return dataclasses.replace(small, rounds=2, refit_rounds=2)


@pytest.fixture(scope="module")
def outcome(stack, history, origin, small, fewer):
    return run_experiment(Side(fewer, stack), Side(small, stack), history.sell_in, origin, (12, 6))


def test_both_sides_are_scored_on_identical_cells_at_the_origins_asked_for(outcome, origin, stack, history, small):
    cells, alone = outcome.cells, backtest(stack, history.sell_in, origin, small)
    assert outcome.origins == (add_months(origin, -12), add_months(origin, -6))
    keys = ["sku", "origin_month", "horizon_months"]
    merged = cells.merge(alone, on=keys, suffixes=("", "_alone"), validate="1:1")
    assert len(merged) == len(cells) == (alone["origin_month"] >= outcome.origins[0]).sum()
    # The reference is the backtest of that recipe alone.
    np.testing.assert_allclose(merged["champion_units"], merged["model_units_alone"], rtol=1e-9)
    assert not np.allclose(merged["model_units"], merged["model_units_alone"])


def test_the_figures_are_those_of_the_cells(outcome):
    cells = outcome.cells.dropna(subset=["actual_units"])
    error = cells["champion_units"] - cells["actual_units"]
    assert outcome.figure("wape", "champion") == pytest.approx(error.abs().sum() / cells["actual_units"].abs().sum())
    assert outcome.figure("bias", "champion") == pytest.approx(error.sum() / cells["actual_units"].sum())
    ratio = (cells["model_units"] - cells["actual_units"]).abs().sum() / error.abs().sum()
    assert outcome.comparison.ratio == pytest.approx(ratio)
    assert not outcome.is_identical


def test_the_same_recipe_on_both_sides_has_a_ratio_of_one(stack, history, origin, small):
    same = run_experiment(Side(small, stack), Side(small, stack), history.sell_in, origin, (6,))
    assert same.comparison.ratio == 1.0
    assert same.is_identical
    assert same.comparison.verdict == "not decidable"
    np.testing.assert_array_equal(same.cells["model_units"], same.cells["champion_units"])


def test_months_after_the_last_one_change_nothing(outcome, stack, history, origin, small, fewer):
    sell_in = history.sell_in
    poisoned = DemandPanel(sell_in.skus, sell_in.months, np.where(sell_in.months > origin, 1e9, sell_in.units))
    again = run_experiment(Side(fewer, stack), Side(small, stack), poisoned, origin, (12, 6))
    pd.testing.assert_frame_equal(again.cells, outcome.cells)
    pd.testing.assert_frame_equal(again.importance, outcome.importance)


def test_a_market_without_history_before_its_origins_is_named(origin_features, history, origin, recipe):
    with pytest.raises(ExperimentError, match=r"no origin to compare at: .* need features, a year of history"):
        run_experiment(Side(recipe, origin_features), Side(recipe, origin_features), history.sell_in, origin, (18, 6))


def cells_of(**columns) -> pd.DataFrame:
    base = {"horizon_months": 1, "abc_class": "A", "xyz_class": "X", "category": "Tea", "actual_units": 10.0}
    return pd.DataFrame(base | {"baseline_units": 10.0} | columns)


def test_accuracy_is_summed_before_it_is_divided_by_lag_class_and_category():
    table = accuracy(
        cells_of(
            model_units=[8.0, 16.0, 99.0], champion_units=[10.0, 40.0, 99.0], actual_units=[10.0, 30.0, None],
            horizon_months=[1, 2, 2], category=["Tea", None, "Tea"],
        )
    ).set_index(["kind", "group", "method"])  # fmt: skip
    assert table.loc[("all", "all", "experiment"), "wape"] == pytest.approx(16 / 40)
    assert table.loc[("all", "all", "experiment"), "bias"] == pytest.approx(-16 / 40)
    assert table.loc[("lag", "2", "champion"), ["wape", "cells"]].tolist() == [pytest.approx(10 / 30), 1]
    assert table.loc[("category", "Tea", "champion"), "wape"] == 0
    assert table.loc[("category", "(none)", "experiment"), "wape"] == pytest.approx(14 / 30)
    assert {kind for kind, _, _ in table.index} == {"all", "lag", "abc class", "xyz class", "category"}


@pytest.mark.parametrize(
    ("origins", "offsets"),
    [(1, (18,)), (2, (18, 12)), (3, (18, 12, 6)), (4, (24, 18, 12, 6)), (6, (36, 30, 24, 18, 12, 6))],
)
def test_more_origins_reach_further_back(origins, offsets):
    assert origin_offsets(origins) == offsets


def test_settings_and_members_change_the_recipe():
    changed = changed_recipe(
        Recipe(), {"rounds": "300", "learning_rate": "0.04"}, {"ridge_on_lags": None, "holt_winters": 0.0}
    )
    assert (changed.rounds, changed.learning_rate) == (300, 0.04)
    # The mean weight of the four members of the recipe: (.20 + .15 + .15 + .10) / 4.
    assert dict(changed.member_weights)["ridge_on_lags"] == pytest.approx(0.15)
    assert dict(changed.member_weights)["holt_winters"] == 0.0
    weights = changed_recipe(Recipe(), {"member_weights": "recursive:0.5, holt_winters:0.25"}, {})
    assert weights.member_weights == (("recursive", 0.5), ("holt_winters", 0.25))
    assert changed_recipe(Recipe(), {}, {}) == Recipe()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"round": "300"}, r"no setting 'round'\. Did you mean rounds\? Settings: training_rows, "),
        ({"threads": "2"}, "no setting 'threads'"),
        ({"rounds": "many"}, "rounds is a whole number, got 'many'; now 200"),
        ({"rounds": "1.5"}, r"rounds is a whole number, got '1\.5'"),
        ({"rounds": "0"}, "rounds must be at least 1, got '0'"),
        ({"learning_rate": "-1"}, "learning_rate must be at least 0"),
        ({"learning_rate": "nan"}, "learning_rate must be at least 0"),
        ({"member_weights": "recursive"}, r"member_weights reads recursive:0\.2,holt_winters:0\.1, got 'recursive'"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_what_is_expected(settings, message):
    with pytest.raises(ExperimentError, match=message):
        changed_recipe(Recipe(), settings, {})


def test_a_member_that_is_unknown_is_named_with_the_closest_one():
    for settings, members in (({}, {"ridge": None}), ({"member_weights": "ridge:0.2"}, {})):
        with pytest.raises(UnknownMemberError, match="no member 'ridge'"):
            changed_recipe(Recipe(), settings, members)


def test_changes_are_told_in_words():
    changed = dataclasses.replace(Recipe(), rounds=300, threads=4, member_weights=(("recursive", 1.0),))
    reference = dataclasses.replace(Recipe(), member_weights=(("holt_winters", 0.5),))
    assert changes_in_words(changed, reference, ["promotions"], ["rain"]) == [
        "rounds 300 instead of 200", "weight of recursive 1 instead of none",
        "weight of holt_winters none instead of 0.5", "without promotions", "with rain",
    ]  # fmt: skip
