"""The recipes of a market's cycle: tuned parameters, and what becomes of a tuning that cannot be read."""

import json

import pandas as pd
import pytest

from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.tuning import IN_FORCE
from forecast_assets.market_state.recipes import contest_of, recipe_of
from forecast_assets_tests.repository_settings import loaded

MAY = pd.Timestamp("2024-05-01")


def tuned(**parameters: object) -> pd.DataFrame:
    return pd.DataFrame({"month": [MAY], "role": [IN_FORCE], "parameters": [json.dumps(parameters)]})


def test_tuned_parameters_replace_those_of_the_recipe():
    training = loaded().training
    assert recipe_of(training, {"leaves": 7}).leaves == 7
    assert recipe_of(training).leaves == recipe_of(training, {}).leaves == Recipe().leaves != 7


def test_a_tuning_that_cannot_be_read_fails_a_cycle_and_no_fallback():
    training, none = loaded().training, pd.DataFrame()
    with pytest.raises(ValueError, match="no_such_parameter"):
        contest_of(training, tuned(no_such_parameter=1), none, None)
    left = contest_of(training, tuned(no_such_parameter=1), none, None, set_aside="its cycle failed")
    assert left.recipe == recipe_of(training)
    assert contest_of(training, tuned(leaves=7), none, None).recipe.leaves == 7
