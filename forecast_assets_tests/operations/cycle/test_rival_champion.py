"""A champion can make the forecast in place of a challenger: decided from what the store holds."""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.domain.selection.champion import champion as decided
from forecast_assets.domain.selection.contest import Contest, Incumbent, recipe_id
from forecast_assets.domain.selection.tuning import COLUMNS
from forecast_assets.market_state.recipes import recipe_of
from forecast_assets.operations.cycle.fallback import has_rival_champion, step_after_failure
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.defs.sensors.company import make_company
from forecast_assets_tests.domain.selection.rival_recipes import LIMITS, alone, market

OCTOBER, NOVEMBER, DECEMBER = (pd.Timestamp(f"2024-{month}-01") for month in (10, 11, 12))
CHAMPION_LEAVES = 15


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
    incumbent = Incumbent(recipe, recipe_id(recipe), OCTOBER)
    table = decided(Contest(recipe, None, incumbent, recipe_id(recipe)), alone(market()), month, LIMITS)
    company.write("champion", "FR", month, table)


def challenge(company, leaves=7, month=OCTOBER):
    """A tuning asks for a recipe from the month on."""
    rows = [[0, "tried", "{}", 0.3, 0.0, 0.30], [1, "in_force", f'{{"leaves": {leaves}}}', 0.2, 0.0, 0.25]]
    company.write("tuned_recipe", "FR", month, pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS))


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
