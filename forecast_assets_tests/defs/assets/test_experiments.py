"""The reference of an experiment is the champion as the cycle's own backtest has scored it."""

import pandas as pd
import pytest

from forecast_assets.domain.selection.contest import recipe_id
from forecast_assets.domain.selection.experiment import ExperimentError
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.operations.experiments.experiment import run_requested
from forecast_assets.operations.experiments.request import ExperimentRequest
from forecast_assets_tests.defs.assets.company import DECEMBER

pytestmark = pytest.mark.heavy

FEWER = ExperimentRequest("FR", "fewer trees", settings={"rounds": "10", "refit_rounds": "5"}, origins=2)


@pytest.fixture(scope="module")
def result(company):
    return run_requested(company.settings(), company.store, FEWER)


def test_the_reference_is_the_champion_of_the_month_on_identical_cells(company, result):
    champion = RecipesInForce(company.store).champion("FR", pd.Timestamp(DECEMBER))
    assert result.champion_label == f"champion {champion['recipe_id']}"
    stored = company.read("backtest", "FR", DECEMBER)
    both = result.outcome.cells.merge(stored, on=["sku", "origin_month", "horizon_months"], suffixes=("", "_stored"))
    assert len(both) == len(result.outcome.cells) > 100
    # The champion's side is what the cycle's own backtest of that recipe stored.
    pd.testing.assert_series_equal(both["champion_units"], both["model_units_stored"], check_names=False, rtol=1e-6)
    assert recipe_id(result.recipe) != champion["recipe_id"]
    assert set(result.metrics()) >= {"wape_experiment", "bias_champion", "wape_ratio", "probability_better"}


def test_the_champions_own_recipe_changes_nothing(company):
    with pytest.raises(ExperimentError, match="changes nothing: its recipe is that of the champion"):
        run_requested(company.settings(), company.store, ExperimentRequest("FR", "nothing"))
