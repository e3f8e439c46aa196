"""The recipe in force, on three stored months of one market beside another market."""

import pandas as pd
import pytest

from forecast_assets.domain.selection.champion import champion as decided
from forecast_assets.domain.selection.contest import Contest, Incumbent, recipe_id, recipe_text
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.domain.selection.rival_recipes import IN_FORCE, LIMITS, OLD, RIVALS, TUNED, alone, market

MARCH, APRIL, MAY, JUNE = (pd.Timestamp(f"2024-0{month}-01") for month in (3, 4, 5, 6))
REFUSED = ["recipe_id", "recipe", "author", "reason"]


@pytest.fixture
def recipes(tmp_path):
    """OLD is in force in March and April, TUNED in May; DE has TUNED in June."""
    store = TableStore(str(tmp_path))
    unchanged = Contest(OLD, None, IN_FORCE, recipe_id(OLD)), alone(market())
    promoted = RIVALS, market(model_units=10.0)
    for country, month, (contest, cells) in (
        ("FR", MARCH, unchanged), ("FR", APRIL, unchanged), ("FR", MAY, promoted), ("DE", JUNE, promoted),
    ):  # fmt: skip
        write(store, "champion", country, month, decided(contest, cells, month, LIMITS))
    return RecipesInForce(store)


def write(store, table, country, month, frame):
    store.write(table_specs()[table], PartitionKey(month, country), frame, Provenance("run", "cycle", "none"))


def test_the_champion_before_a_month_is_the_latest_earlier_one_of_the_market(recipes):
    assert recipes.before("FR", JUNE) == Incumbent(TUNED, recipe_id(TUNED), MAY)
    assert recipes.before("FR", MAY).recipe == OLD
    assert recipes.before("FR", MARCH) is None
    assert recipes.before("DE", JUNE) is None


def test_a_rejected_champion_gives_way_to_the_one_before_it(recipes):
    assert recipes.before("FR", JUNE, {recipe_id(TUNED)}) == Incumbent(OLD, recipe_id(OLD), None)
    assert recipes.before("FR", JUNE, {recipe_id(TUNED), recipe_id(OLD)}) is None


def test_the_latest_month_and_the_history_are_those_of_the_market(recipes):
    assert (recipes.latest_month("FR"), recipes.latest_month("DE"), recipes.latest_month("IT")) == (MAY, JUNE, None)
    assert recipes.history("FR")["month"].tolist() == [MARCH, APRIL, MAY]
    assert recipes.history("IT").empty


def test_later_rejections_and_tunings_do_not_count(recipes):
    for month, recipe in ((APRIL, OLD), (JUNE, TUNED)):
        rows = pd.DataFrame([[recipe_id(recipe), recipe_text(recipe), "Ann", "orders"]], columns=REFUSED)
        write(recipes.store, "refused_recipe", "FR", month, rows)
    assert recipes.refused("FR", MARCH).empty
    assert recipes.refused("FR", MAY)["recipe_id"].tolist() == [recipe_id(OLD)]
    assert recipes.refused("FR", JUNE)["recipe_id"].tolist() == [recipe_id(OLD), recipe_id(TUNED)]
    assert list(recipes.tuned("FR", JUNE)) == ["month", "role", "parameters"]
