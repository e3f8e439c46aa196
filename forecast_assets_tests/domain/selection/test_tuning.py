import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.serialization import recipe_from_manifest
from forecast_assets.domain.selection import tuning
from forecast_assets.domain.selection.tuning import (
    TooLittleToTuneError,
    latest_tuning,
    parameters_in_force,
    tuned_recipe,
)
from forecast_assets.validation.schema_check import schema_check
from forecast_assets_tests.domain.small_market import MONTHS, WRONG

pytestmark = pytest.mark.heavy

# Twenty months after the origin of the backtest that the first trial repeats.
MONTH = add_months(MONTHS[80], 20)
TRIALS = 2


@pytest.fixture(scope="module")
def recipe_with(recipe):
    """Whatever is tried, it is as quick as the recipe of the tests."""
    return lambda parameters: dataclasses.replace(recipe, **parameters)


@pytest.fixture(scope="module")
def tried(earlier_features, history, recipe_with):
    return tuned_recipe(earlier_features, history.sell_in, MONTH, recipe_with, TRIALS)


def test_the_first_trial_is_the_default_recipe_20_months_earlier(tried, backtest_cells):
    scored = backtest_cells.dropna(subset=["actual_units"])
    error = scored["model_units"] - scored["actual_units"]
    wape = error.abs().sum() / scored["actual_units"].abs().sum()
    bias = error.sum() / scored["actual_units"].sum()
    usual = tried.iloc[0]
    assert (usual["trial"], usual["parameters"]) == (0, "{}")
    assert usual["wape"] == pytest.approx(wape, rel=1e-12)
    assert usual["bias"] == pytest.approx(bias, rel=1e-12)
    assert usual["loss"] == pytest.approx(wape + abs(bias) / 4, rel=1e-12)


def test_as_many_recipes_as_asked_for_are_tried_and_no_two_are_the_same(tried):
    assert tried["trial"].tolist() == [0, 1]
    assert tried["parameters"].nunique() == TRIALS
    assert (tried["role"] == "in_force").sum() == 1
    (result,) = [schema_check("tuned_recipe").findings({MONTH: tried})[MONTH]]
    assert result.violations == 0


def test_the_last_twenty_months_are_not_read(tried, earlier_features, history, recipe_with):
    last = MONTHS[80]
    units = history.sell_in.units.copy()
    units[:, history.sell_in.months > last] = WRONG
    poisoned = dataclasses.replace(history.sell_in, units=units)
    later = earlier_features[earlier_features["origin_month"] == MONTHS[79]]
    later = later.assign(**dict.fromkeys(later.select_dtypes("number").columns, WRONG), origin_month=last)
    again = tuned_recipe(pd.concat([earlier_features, later]), poisoned, MONTH, recipe_with, TRIALS)
    pd.testing.assert_frame_equal(again, tried)


def test_the_last_month_allowed_is_read(tried, earlier_features, history, recipe_with):
    units = history.sell_in.units.copy()
    units[:, 80] *= 3
    changed = dataclasses.replace(history.sell_in, units=units)
    again = tuned_recipe(earlier_features, changed, MONTH, recipe_with, 1)
    assert again["wape"].iloc[0] != tried["wape"].iloc[0]


def test_without_an_origin_to_backtest_the_error_names_the_cause(earlier_features, history, recipe_with):
    with pytest.raises(TooLittleToTuneError, match="2022-05: no origin before 2020-09 has features"):
        tuned_recipe(earlier_features.iloc[:0], history.sell_in, MONTH, recipe_with, TRIALS)
    with pytest.raises(TooLittleToTuneError, match="2015-01: no origin before 2013-05"):
        tuned_recipe(earlier_features, history.sell_in, MONTHS[12], recipe_with, TRIALS)


def scored(monkeypatch, error_by_sku, origins=3, sign_of_errors=None, column="role"):
    """A column of two trials, SKUs selling 100 in each cell: the usual recipe errs by 10 units, the other as told."""
    skus = [f"S{number:02d}" for number in range(len(error_by_sku))]
    months = pd.date_range("2020-01-01", periods=origins, freq="MS")
    keys = pd.MultiIndex.from_product([skus, months], names=["sku", "origin_month"]).to_frame(index=False)
    keys = keys.assign(target_month=keys["origin_month"] + pd.DateOffset(months=1), actual_units=100.0)

    def backtest(features, panel, origin, recipe, products, months_back):
        error = np.full(len(skus), 10.0) if recipe == Recipe() else np.asarray(error_by_sku, float)
        # Alternating signs: no bias, so the loss is the WAPE.
        sign = sign_of_errors or np.where(np.arange(len(keys)) % 2, 1, -1)
        return keys.assign(model_units=100 + sign * np.repeat(error, origins))

    monkeypatch.setattr(tuning, "backtest", backtest)
    panel = tuning.DemandPanel(np.array(skus, object), MONTHS, np.full((len(skus), len(MONTHS)), 100.0))
    features = pd.DataFrame({"origin_month": [MONTHS[50]]})
    result = tuned_recipe(features, panel, MONTH, lambda given: dataclasses.replace(Recipe(), **given), 2)
    return result[column].tolist()


USUAL, OTHER = ["in_force", "tried"], ["tried", "in_force"]


def test_a_recipe_better_for_all_skus_replaces_the_default_one(monkeypatch):
    assert scored(monkeypatch, [9.5] * 40) == OTHER


def test_a_recipe_better_by_less_than_one_per_cent_does_not(monkeypatch):
    assert scored(monkeypatch, [9.95] * 40) == USUAL


def test_a_recipe_whose_gain_depends_on_one_sku_does_not(monkeypatch):
    assert scored(monkeypatch, [0.0] + [10.05] * 39) == USUAL


def test_in_a_market_too_small_for_the_test_one_per_cent_decides(monkeypatch):
    assert scored(monkeypatch, [0.0] + [10.05] * 19) == OTHER
    assert scored(monkeypatch, [9.5] * 40, origins=2) == OTHER


def test_forecasting_too_little_costs_as_much_as_forecasting_too_much(monkeypatch):
    for sign in (1, -1):
        losses = scored(monkeypatch, [12.0] * 40, sign_of_errors=sign, column="loss")
        assert losses == pytest.approx([0.10 + 0.10 / 4, 0.12 + 0.12 / 4])


def test_a_worse_recipe_never_replaces_the_default_one(monkeypatch):
    assert scored(monkeypatch, [11.0] * 40) == USUAL


def stored(month, in_force, *tried):
    rows = [{"trial": 0, "role": "tried" if in_force else "in_force", "parameters": "{}"}]
    rows += [{"trial": 1, "role": "in_force", "parameters": json.dumps(in_force)}] if in_force else []
    return pd.DataFrame(rows).assign(month=pd.Timestamp(month))


def test_the_latest_tuning_is_in_force_even_if_it_restores_the_default():
    early, late = stored("2024-01-01", {"leaves": 15}), stored("2024-06-01", {"leaves": 7})
    assert parameters_in_force(pd.concat([late, early])) == {"leaves": 7}
    assert parameters_in_force(pd.concat([early, stored("2024-06-01", None)])) == {}
    assert parameters_in_force(early.iloc[:0]) == {}
    assert (latest_tuning(pd.concat([late, early])), latest_tuning(early.iloc[:0])) == ("2024-06", "never")


def test_a_recipe_read_back_equals_the_one_that_was_tried(tried, recipe):
    parameters = parameters_in_force(tried.assign(month=MONTH, role=["tried", "in_force"]))
    result = dataclasses.replace(recipe, **parameters)
    assert parameters["member_weights"][0][0] == "recursive"
    assert sum(weight for _, weight in result.member_weights) == pytest.approx(1, abs=1e-3)
    assert recipe_from_manifest(json.loads(json.dumps(dataclasses.asdict(result)))) == result


def test_parameters_of_another_version_are_rejected_by_name():
    with pytest.raises(ValueError, match="does not know: depth"):
        parameters_in_force(stored("2024-01-01", {"depth": 3, "leaves": 7}))
