"""Refits and what they teach: by hand on invented predictions, and on the small market with another future."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.models.market_model import fit_market_model
from forecast_assets.domain.models.predictions import Predictions
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refits import (
    Refit,
    RefitCache,
    chosen_features,
    learned_weight,
    refit_at_earlier_origins,
)
from forecast_assets_tests.domain.models.invented_refits import invented_refit
from forecast_assets_tests.domain.small_market import MONTHS, WRONG, with_another_future

pytestmark = pytest.mark.heavy

RECIPE = Recipe()
REFIT_AT = [MONTHS[62], MONTHS[68], MONTHS[74]]


def refit_of(boosting, members, actual, intermittent=(), dispersion=1.0) -> Refit:
    return invented_refit((boosting, members), actual, intermittent=intermittent, dispersion=dispersion)


@pytest.fixture(scope="module")
def results(earlier_features, history, origin, recipe):
    return refit_at_earlier_origins(earlier_features, history.sell_in, origin, recipe)


@pytest.mark.parametrize(
    ("boosting", "members", "expected"), [(100, 120, 1.0), (120, 100, 0.2), (109, 89, 0.55), (103, 83, 0.85)]
)
def test_the_weight_is_the_one_with_the_least_error(boosting, members, expected):
    assert learned_weight([refit_of(boosting, members, 100)], RECIPE.boosting_weight) == expected


@pytest.mark.parametrize(("members_error", "expected"), [(1.0, 0.3), (1.01, 0.3), (1.02, 1.0)])
def test_another_weight_must_be_better_by_one_per_cent(members_error, expected):
    # The boosting errs by 1: a weight of 0.3 has an error of 1.007 or 1.014, a weight of 1 has 1.
    assert RECIPE.boosting_weight == 0.3
    assert learned_weight([refit_of(101, 100 + members_error, 100)], RECIPE.boosting_weight) == expected


@pytest.mark.parametrize(("known", "expected"), [(299, 0.3), (300, 1.0)])
def test_fewer_than_300_known_cells_change_no_weight(known, expected):
    actual = np.where(np.arange(360).reshape(20, 18) < known, 100.0, np.nan)
    assert learned_weight([refit_of(100, 150, actual)], RECIPE.boosting_weight) == expected


def test_cells_of_all_refits_count_together():
    half = np.where(np.arange(18) < 9, 100.0, np.nan)
    assert learned_weight([refit_of(100, 150, half)], RECIPE.boosting_weight) == 0.3
    assert learned_weight([refit_of(100, 150, half)] * 2, RECIPE.boosting_weight) == 1.0


def test_intermittent_skus_do_not_affect_the_weight():
    boosting = np.where(np.arange(20) < 2, 1e5, 100.0)[:, None]
    assert learned_weight([refit_of(boosting, 150, 100, intermittent=(0, 1))], RECIPE.boosting_weight) == 1.0
    assert learned_weight([refit_of(100, 150, 100, intermittent=range(4))], RECIPE.boosting_weight) == 0.3


def test_a_weight_of_the_recipe_that_is_not_on_the_list_is_tried_too():
    assert learned_weight([refit_of(110, 90, 100)], 0.5) == 0.5


def test_refits_are_18_12_and_6_months_back_and_scored_on_later_months(
    results, earlier_features, history, tables, origin
):
    assert len(results) == 3
    delivered = tables.sell_in.set_index(["sku", "month"])["sell_in_units"]
    for refit, at in zip(results, REFIT_AT, strict=True):
        known = earlier_features[earlier_features["origin_month"] == at]
        assert refit.predictions.skus.tolist() == known["sku"].tolist()
        np.testing.assert_array_equal(refit.predictions.scale_units, known["scale_units"])
        last = [delivered.get((sku, at), np.nan) for sku in refit.predictions.skus]
        np.testing.assert_array_equal(refit.predictions.history[:, -1], last)
        for step in (1, 6, 7, 18):
            target = at + pd.DateOffset(months=step)
            followed = [delivered.get((sku, target), np.nan) for sku in refit.predictions.skus]
            expected = followed if target <= origin else np.full(len(followed), np.nan)
            np.testing.assert_array_equal(refit.actual_units[:, step - 1], expected)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_refit_sees_nothing_after_its_origin_but_is_scored_on_it(
    results, tables, earlier_features, origin, recipe, place
):
    at = REFIT_AT[place]
    poisoned = with_another_future(tables, at).history().sell_in
    later = earlier_features["origin_month"] > at
    numbers = earlier_features.select_dtypes("number").columns
    features = earlier_features.assign(**{name: earlier_features[name].mask(later, 1e9) for name in numbers})
    features = features[~features["origin_month"].isin(REFIT_AT[place + 1 :])]  # Later refits only cost time.
    other = refit_at_earlier_origins(features, poisoned, origin, recipe)[place]
    for field in dataclasses.fields(Predictions):
        expected, actual = (getattr(refit.predictions, field.name) for refit in (results[place], other))
        np.testing.assert_array_equal(actual, expected, err_msg=field.name)
    known = np.isfinite(other.actual_units)
    assert known.sum() > 100
    assert (other.actual_units[known] == WRONG).all()


def test_a_refit_is_scored_on_a_sample_of_the_skus_in_their_order(earlier_features, history, origin, recipe, results):
    up_to_first = earlier_features[earlier_features["origin_month"] <= REFIT_AT[0]]
    few = dataclasses.replace(recipe, refit_skus=10)
    (sampled,), (again,) = (refit_at_earlier_origins(up_to_first, history.sell_in, origin, few) for _ in range(2))
    skus = sampled.predictions.skus.tolist()
    assert len(set(skus)) == 10
    assert skus == sorted(skus) == again.predictions.skus.tolist()
    rows = np.isin(results[0].predictions.skus, skus)
    np.testing.assert_array_equal(sampled.actual_units, results[0].actual_units[rows])
    # The level of the intermittent ones is that of all together, so it depends on who is asked.
    regular = ~sampled.predictions.is_intermittent
    expected = results[0].predictions.blended(0.4)[rows][regular]
    np.testing.assert_allclose(sampled.predictions.blended(0.4)[regular], expected, rtol=1e-9)


def test_origins_without_features_or_with_too_little_history_are_left_out(earlier_features, history, origin, recipe):
    without_one = earlier_features[earlier_features["origin_month"] != REFIT_AT[1]]
    assert len(refit_at_earlier_origins(without_one, history.sell_in, origin, recipe)) == 2
    young = earlier_features[earlier_features["origin_month"] >= MONTHS[66]]
    assert len(refit_at_earlier_origins(young, history.sell_in, origin, recipe)) == 1


def test_a_refit_has_fewer_rows_and_rounds_in_larger_steps():
    small = Recipe(
        rounds=200, refit_rounds=80, learning_rate=0.06, recursive_rounds=160, recursive_learning_rate=0.05,
        refit_rows=10_000,
    ).of_refits()  # fmt: skip
    assert (small.rounds, small.recursive_rounds, small.training_rows, small.recursive_rows) == (80, 80, 10_000, 10_000)
    assert small.learning_rate == pytest.approx(0.15)
    assert small.recursive_learning_rate == pytest.approx(0.10)
    quick = Recipe(rounds=20, recursive_rounds=10, training_rows=500, recursive_rows=400)
    assert quick.of_refits() == quick


def test_features_with_the_largest_gains_over_all_refits_are_chosen():
    first, second = (pd.Series(gains) for gains in ({"a": 0.5, "b": 0.4, "c": 0.1}, {"b": 0.2, "c": 0.6, "d": 0.2}))
    results = [dataclasses.replace(refit_of(1, 1, 1), gains=gains) for gains in (first, second)]
    # a column that only one refit had counts with what it had there, whatever the others say of it
    totals = pd.concat([first, second], axis=1).sum(axis=1)
    assert totals.round(6).to_dict() == {"a": 0.5, "b": 0.6, "c": 0.7, "d": 0.2}
    assert chosen_features(results, dataclasses.replace(RECIPE, kept_features=2)) == {"b", "c"}
    assert chosen_features([], RECIPE) is None


def test_the_model_has_the_chosen_columns_and_those_that_learners_read(
    earlier_features, history, origin, recipe, results
):
    few = dataclasses.replace(recipe, kept_features=10)
    names = fit_market_model(earlier_features, history.sell_in, origin, few).learned.own.names
    learned = {*names.origin, *names.by_horizon}
    assert learned - {"ses", "theta", "statistical_mean"} <= chosen_features(results, few)
    assert {"ses", "theta", "statistical_mean"} <= learned


def test_cached_refits_equal_new_ones(earlier_features, history, origin, recipe):
    cache = RefitCache()
    refit_at_earlier_origins(earlier_features, history.sell_in, MONTHS[74], recipe, cache)
    assert {month for month, refit in cache.by_origin.items() if refit} == {MONTHS[56], MONTHS[62], MONTHS[68]}
    shared = refit_at_earlier_origins(earlier_features, history.sell_in, origin, recipe, cache)
    alone = refit_at_earlier_origins(earlier_features, history.sell_in, origin, recipe)
    assert len(shared) == len(alone) == 3
    for one, other in zip(shared, alone, strict=True):
        np.testing.assert_array_equal(one.predictions.boosting, other.predictions.boosting)
        np.testing.assert_array_equal(one.actual_units, other.actual_units)
