"""Champion and challenger through the graph: held, promoted, rolled back, and what is published where nothing was made.

FR has a champion of November, the usual recipe; a tuned recipe of December is its challenger.
"""

import shutil

import pandas as pd
import pytest

from forecast_assets.domain.models.market_model_storage import champion_from_parts, model_from_parts
from forecast_assets.domain.selection.contest import recipe_id
from forecast_assets.market_state.recipes import recipe_of
from forecast_assets.tags import BY_RECIPE
from forecast_assets_tests.defs.assets.challengers import LENIENT, OTHER, WORSE, with_challenger
from forecast_assets_tests.defs.assets.company import DECEMBER, NOVEMBER, Company, succeeded

pytestmark = pytest.mark.heavy

UNITS = ["forecast_units", "forecast_units_p10", "forecast_units_p90"]
KEYS = ["sku", "target_month"]


def made_by(company: Company, table: str, columns=UNITS) -> pd.DataFrame:
    return company.read(table, "FR", DECEMBER).sort_values(KEYS, ignore_index=True)[[*KEYS, *columns]]


def champion_of(company: Company) -> pd.Series:
    return company.read("champion", "FR", DECEMBER).iloc[0]


@pytest.fixture(scope="module")
def held(company, tmp_path_factory):
    copy = with_challenger(company, tmp_path_factory.mktemp("held") / "copy", WORSE)
    succeeded(copy.run("monthly_cycle", "FR", DECEMBER, assets=BY_RECIPE))
    return copy


@pytest.fixture(scope="module")
def promoted(company, tmp_path_factory):
    copy = with_challenger(company, tmp_path_factory.mktemp("promoted") / "copy", OTHER)
    succeeded(copy.run("monthly_cycle", "FR", DECEMBER, assets=BY_RECIPE, **LENIENT))
    return copy


def test_the_first_champion_of_a_market_is_the_recipe_it_began_with(company):
    first = company.read("champion", "FR", NOVEMBER).iloc[0]
    usual = recipe_id(recipe_of(company.settings().training))
    assert (first["outcome"], first["recipe_id"], first["since_month"]) == ("first", usual, pd.Timestamp(NOVEMBER))
    assert champion_of(company)[["outcome", "recipe_id"]].tolist() == ["unchanged", usual]


def test_a_market_without_a_rival_computes_nothing_twice(company):
    assert champion_from_parts(company.read("model", "FR", DECEMBER)) is None
    assert company.read("backtest", "FR", DECEMBER)["champion_units"].isna().all()
    assert company.read("forecasts", "FR", DECEMBER)["champion_units"].isna().all()


def test_a_worse_challenger_is_held_and_every_row_says_so(held):
    row = champion_of(held)
    assert (row["outcome"], row["source"], row["since_month"]) == ("held", "champion", pd.Timestamp(NOVEMBER))
    assert row["wape_challenger"] > 1.01 * row["wape_champion"]
    published = held.read("published_forecasts", "FR", DECEMBER)
    assert published["source"].unique().tolist() == ["champion"]
    assert published["reason"].unique().tolist() == [row["reason"]]
    assert f"challenger {row['challenger_id']} held, champion {row['recipe_id']} stays" in row["reason"]


def test_the_champion_publishes_what_its_recipe_forecasts_where_it_is_alone(company, held):
    """The company's own December was made by the usual recipe, which is the champion here."""
    alone = made_by(company, "forecasts")
    pd.testing.assert_frame_equal(made_by(held, "published_forecasts"), alone)
    assert not made_by(held, "forecasts").equals(alone)
    assert made_by(held, "published_forecasts", ["model_units"])["model_units"].equals(
        made_by(held, "forecasts")["forecast_units"]
    )


def test_both_recipes_are_scored_on_the_cells_that_each_scores_alone(company, held):
    cells = ["sku", "origin_month", "horizon_months"]
    both = held.read("backtest", "FR", DECEMBER).sort_values(cells, ignore_index=True)
    alone = company.read("backtest", "FR", DECEMBER).sort_values(cells, ignore_index=True)
    assert both["champion_units"].tolist() == alone["model_units"].tolist()
    assert both["model_units"].tolist() != alone["model_units"].tolist()


def test_the_model_of_both_is_stored_each_with_its_recipe(held):
    parts = held.read("model", "FR", DECEMBER)
    row = champion_of(held)
    assert recipe_id(model_from_parts(parts).recipe) == row["challenger_id"]
    assert recipe_id(champion_from_parts(parts).recipe) == row["recipe_id"]


def test_a_promoted_challenger_makes_the_forecast(promoted):
    row = champion_of(promoted)
    assert (row["outcome"], row["since_month"]) == ("promoted", pd.Timestamp(DECEMBER))
    assert row["recipe_id"] == row["challenger_id"] != row["champion_before_id"]
    pd.testing.assert_frame_equal(made_by(promoted, "published_forecasts"), made_by(promoted, "forecasts"))


def test_a_rollback_puts_the_champion_before_in_force_and_the_refused_one_is_not_promoted_again(company, promoted):
    before = champion_of(promoted)
    config = {"refused_recipe": {"config": {"reason": "orders of December", "author": "Ann"}}}
    succeeded(promoted.run("refuse_recipe", "FR", DECEMBER, config=config))
    refused = promoted.read("refused_recipe", "FR", DECEMBER).iloc[0]
    assert refused[["recipe_id", "author", "reason"]].tolist() == [before["recipe_id"], "Ann", "orders of December"]
    succeeded(promoted.run("republish", "FR", DECEMBER, assets=BY_RECIPE, **LENIENT))
    row = champion_of(promoted)
    assert (row["outcome"], row["source"], row["recipe_id"]) == ("held", "champion", before["champion_before_id"])
    assert f"recipe {before['recipe_id']} is refused since 2024-12 by Ann: orders of December" in row["reason"]
    pd.testing.assert_frame_equal(made_by(promoted, "published_forecasts"), made_by(company, "forecasts"))


def test_only_the_latest_champion_can_be_refused(held):
    config = {"refused_recipe": {"config": {"reason": "late", "author": "Ann"}}}
    assert not held.run("refuse_recipe", "FR", NOVEMBER, config=config).success
    assert not held.has("refused_recipe", "FR", NOVEMBER)


@pytest.fixture
def young(company, tmp_path):
    """FR with the features of December alone: nothing to train on."""
    copy = with_challenger(company, tmp_path / "copy", OTHER)
    for month in (copy.base / "store" / "features" / "country=FR").iterdir():
        if month.name != f"month={DECEMBER}":
            shutil.rmtree(month)
    return copy


def test_with_too_little_history_the_baseline_is_published_after_the_cycle_failed(young):
    assert not young.run("monthly_cycle", "FR", DECEMBER, assets=BY_RECIPE).success
    assert not young.has("published_forecasts", "FR", DECEMBER)
    succeeded(young.run("publish_fallback", "FR", DECEMBER))
    published = young.read("published_forecasts", "FR", DECEMBER)
    by_baseline = published[published["source"] == "baseline"]
    assert len(by_baseline) > len(published) / 2
    assert set(published["source"]) <= {"baseline", "rule"}
    assert by_baseline["forecast_units"].equals(by_baseline["baseline_units"])
    assert by_baseline["reason"].unique().tolist() == ["no forecasts of this month were made"]
    assert published["model_units"].isna().all()
    assert set(published["status"]) == {"published"}
    assert set(published["sku"]) == set(young.read("baseline_forecasts", "FR", DECEMBER)["sku"])


def test_without_forecasts_and_baseline_the_last_published_forecast_stays_and_is_stale(young):
    shutil.rmtree(young.base / "store" / "baseline_forecasts")
    succeeded(young.run("publish_fallback", "FR", DECEMBER))
    stale = young.read("published_forecasts", "FR", DECEMBER)
    assert set(stale["status"]) == {"stale"}
    assert set(stale["source"]) == {"last published"}
    before = young.read("published_forecasts", "FR", NOVEMBER)
    shared = stale.merge(before, on=KEYS, suffixes=("", "_before"))
    assert len(shared) == 17 * before["sku"].nunique()
    for name in [*UNITS, "baseline_units", "model_units"]:
        assert shared[name].equals(shared[f"{name}_before"])
    last = stale[stale["horizon_months"] == 18].set_index("sku")["forecast_units"]
    year_earlier = before[before["target_month"] == pd.Timestamp("2025-06-01")].set_index("sku")["forecast_units"]
    assert last.sort_index().tolist() == year_earlier.sort_index().tolist()


def test_a_market_that_has_nothing_to_publish_fails_with_what_to_do(young):
    for table in ("baseline_forecasts", "published_forecasts"):
        shutil.rmtree(young.base / "store" / table)
    result = young.run("publish_fallback", "FR", DECEMBER)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "FR 2024-12: no forecasts of this month were made, no baseline" in str(failure.step_failure_data.error)
