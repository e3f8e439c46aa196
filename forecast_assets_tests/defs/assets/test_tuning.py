"""A market's own recipe through the graph: searched for on demand, read by the cycles that follow."""

import json
import shutil

import pandas as pd
import pytest

from forecast_assets.defs.assets import tuning
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.selection.tuning import Trial
from forecast_assets_tests.defs.assets.company import DECEMBER, NOVEMBER, OCTOBER, succeeded

pytestmark = pytest.mark.heavy

TRIED = pd.DataFrame(
    {
        "trial": [0, 1],
        "role": ["tried", "in_force"],
        "parameters": ["{}", '{"leaves": 5, "member_weights": [["holt_winters", 1.0]]}'],
        "wape": [0.3, 0.2],
        "bias": [0.0, 0.0],
        "loss": [0.3, 0.2],
    }
)


@pytest.fixture
def searched(monkeypatch):
    """Stands for the search: what it is given, and two recipes as its outcome."""
    given = []

    def search(features, sell_in, month, recipe_with, trials, products, on_trial):
        given.append((features, sell_in, recipe_with, trials, products))
        on_trial(Trial(0, {}, 0.3, 0.0, 0.3), Trial(0, {}, 0.3, 0.0, 0.3))
        return TRIED

    monkeypatch.setattr(tuning.tuning, "tuned_recipe", search)
    return given


@pytest.fixture
def copy(company, tmp_path):
    return company.copied_to(
        tmp_path / "copy", "features", "history_marks", "sell_in", "products", "baseline_forecasts"
    )


def manifest(table) -> dict:
    return json.loads(table.set_index("part")["content"]["manifest.json"])


def test_a_tuning_is_used_from_its_month_on_by_model_and_backtest(copy, searched):
    succeeded(copy.run("tune", "FR", NOVEMBER))
    succeeded(copy.run("monthly_cycle", "FR", DECEMBER, assets=["model", "backtest"]))
    later = manifest(copy.read("model", "FR", DECEMBER))["recipe"]
    assert later["leaves"] == 5
    assert later["member_weights"] == [["holt_winters", 1.0]]
    tuned = copy.read("backtest", "FR", DECEMBER)["model_units"]
    shutil.rmtree(copy.base / "store" / "tuned_recipe")
    succeeded(copy.run("monthly_cycle", "FR", DECEMBER, assets=["backtest"]))
    assert not copy.read("backtest", "FR", DECEMBER)["model_units"].equals(tuned)


def test_a_later_tuning_says_nothing_to_an_earlier_month(copy, searched):
    succeeded(copy.run("tune", "FR", DECEMBER))
    succeeded(copy.run("monthly_cycle", "FR", NOVEMBER, assets=["model"]))
    assert manifest(copy.read("model", "FR", NOVEMBER))["recipe"]["leaves"] == 31


def test_a_model_names_the_tuning_it_was_made_from_among_its_inputs(copy, searched):
    succeeded(copy.run("tune", "FR", NOVEMBER))
    succeeded(copy.run("monthly_cycle", "FR", DECEMBER, assets=["model"]))
    place = next(each for each in copy.store.list_partitions("model") if each.month == pd.Timestamp(DECEMBER))
    assert list(copy.store.provenance("model", place).inputs["tuned_recipe"]) == [f"FR|{NOVEMBER}"]


def test_the_search_sees_no_month_after_twenty_before_its_own_and_the_budget_asked_for(copy, searched):
    succeeded(copy.run("tune", "FR", DECEMBER, config={"tuned_recipe": {"config": {"trials": 7}}}))
    ((features, sell_in, recipe_with, trials, products),) = searched
    last = add_months(pd.Timestamp(DECEMBER), -20)
    assert trials == 7
    assert sell_in.months[-1] == last
    # Features begin in 2022-12: at the month before last they would be among those of an earlier last month.
    assert not (features["origin_month"] > add_months(last, -6)).any()
    assert products["month"].max() <= add_months(last, -6)
    assert recipe_with({"leaves": 9}).leaves == 9


def test_a_market_too_young_is_refused_by_name_and_what_was_tuned_before_stays(copy, searched, monkeypatch):
    succeeded(copy.run("tune", "FR", OCTOBER))
    monkeypatch.undo()
    before = copy.hashes("tuned_recipe", "FR")
    result = copy.run("tune", "FR", OCTOBER)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "FR 2024-10: nothing to tune on at 2024-10: no origin before 2023-02" in str(failure.step_failure_data.error)
    assert copy.hashes("tuned_recipe", "FR") == before
