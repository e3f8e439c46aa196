"""A champion can make the forecast in place of a challenger: decided from what the store holds."""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.market_state.recipes import recipe_of
from forecast_assets.operations.cycle.fallback import has_rival_champion, step_after_failure, steps_after_failure
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.defs.sensors.company import make_company
from forecast_assets_tests.domain.selection.stored_rivals import CHAMPION_LEAVES, champion_table, tuned_table

OCTOBER, NOVEMBER, DECEMBER = (pd.Timestamp(f"2024-{month}-01") for month in (10, 11, 12))


@pytest.fixture
def company(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        with_features = make_company(tmp_path, ["FR"], instance)
        touch(with_features, "features", NOVEMBER)
        yield with_features


def touch(company, table, month):
    file = Path(company.store.path(table, PartitionKey(month, "FR")))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


def crown(company, month=OCTOBER):
    """The recipe of 15 leaves is the champion of a month."""
    recipe = recipe_of(company.settings.training, {"leaves": CHAMPION_LEAVES})
    company.write("champion", "FR", month, champion_table(recipe, month))


def challenge(company, leaves=7, month=OCTOBER):
    """A tuning asks for a recipe from the month on."""
    company.write("tuned_recipe", "FR", month, tuned_table(leaves))


def rival(company):
    return has_rival_champion(company.settings, company.store, "FR", NOVEMBER)


def test_a_champion_beside_another_recipe_that_was_tuned_is_a_rival(company):
    crown(company)
    challenge(company)
    assert rival(company)
    assert step_after_failure(company.settings, company.store, "FR", NOVEMBER, []).job == "champion_cycle"
    tried = step_after_failure(company.settings, company.store, "FR", NOVEMBER, ["champion_cycle"])
    assert tried.job == "publish_fallback"
    assert step_after_failure(company.settings, company.store, "FR", NOVEMBER, ["publish_fallback"]) is None


def test_without_a_champion_before_the_month_there_is_no_rival(company):
    challenge(company)
    crown(company, NOVEMBER)
    assert not rival(company)
    assert step_after_failure(company.settings, company.store, "FR", NOVEMBER, []).job == "publish_fallback"


def test_a_champion_whose_recipe_is_asked_for_as_well_is_no_rival(company):
    crown(company)
    challenge(company, CHAMPION_LEAVES)
    assert not rival(company)


def test_a_tuning_of_a_later_month_does_not_count(company):
    crown(company)
    challenge(company, CHAMPION_LEAVES)
    challenge(company, month=DECEMBER)
    assert not rival(company)


def test_without_the_features_of_the_month_no_recipe_can_forecast(company):
    crown(company)
    challenge(company)
    Path(company.store.path("features", PartitionKey(NOVEMBER, "FR"))).unlink()
    assert not rival(company)


def test_a_champion_that_cannot_be_read_is_none(company):
    challenge(company)
    touch(company, "champion", OCTOBER)
    assert not rival(company)


def test_a_month_that_is_published_needs_no_fallback_nor_one_before_it(company):
    crown(company)
    challenge(company)
    touch(company, "published_forecasts", OCTOBER)
    assert step_after_failure(company.settings, company.store, "FR", NOVEMBER, []) is not None
    later = touch(company, "published_forecasts", DECEMBER)
    assert step_after_failure(company.settings, company.store, "FR", NOVEMBER, []) is None
    later.unlink()
    touch(company, "published_forecasts", NOVEMBER)
    assert step_after_failure(company.settings, company.store, "FR", NOVEMBER, []) is None


def steps(company, publishes: str = "") -> list[str]:
    """Run the fallbacks of a month one after the other; one of them may publish it."""
    jobs = []
    for step in steps_after_failure(company.settings, "FR", NOVEMBER):
        assert (step.months.first, step.months.last) == (NOVEMBER, NOVEMBER)
        assert step.tags == {"forecast/started_by": "forecast-assets cycle"}
        jobs.append(step.job)
        if step.job == publishes:
            touch(company, "published_forecasts", NOVEMBER)
    return jobs


def test_the_champion_runs_before_the_best_of_what_is_left_and_both_once(company):
    assert steps(company) == ["publish_fallback"]
    crown(company)
    challenge(company)
    assert steps(company) == ["champion_cycle", "publish_fallback"]
    assert steps(company, publishes="champion_cycle") == ["champion_cycle"]


def test_a_tuned_recipe_that_this_version_cannot_read_leaves_the_champion(company):
    rows = tuned_table(7)
    company.write("tuned_recipe", "FR", OCTOBER, rows.assign(parameters='{"unknown": 1}'))
    assert not rival(company)
    crown(company)
    assert rival(company)
