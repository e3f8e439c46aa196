"""Contest: the choice of competing recipes; recipes are small changes of the default one."""

import dataclasses
import hashlib
import json

import pandas as pd
import pytest

from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.contest import (
    Incumbent,
    contest,
    incumbent_from,
    read_recipe,
    recipe_id,
    recipe_text,
    rejection_reasons,
    rows_rejecting,
)

USUAL = Recipe()
TUNED, OLD = (dataclasses.replace(USUAL, leaves=leaves) for leaves in (7, 15))
MARCH = pd.Timestamp("2024-03-01")
IN_FORCE = Incumbent(OLD, recipe_id(OLD), MARCH)


def test_the_id_is_that_of_the_sorted_json_without_threads():
    parameters = dataclasses.asdict(USUAL)
    del parameters["threads"]
    text = json.dumps(parameters, sort_keys=True)
    assert recipe_id(USUAL) == hashlib.sha256(text.encode()).hexdigest()[:12]
    assert recipe_id(dataclasses.replace(USUAL, threads=7)) == recipe_id(USUAL) != recipe_id(TUNED)


def test_a_recipe_read_back_is_the_same():
    assert read_recipe(recipe_text(TUNED)) == TUNED


def test_the_first_recipe_of_a_market_has_no_rival():
    result = contest(TUNED, USUAL, None, {})
    assert (result.recipe, result.champion, result.incumbent) == (TUNED, None, None)


def test_the_same_recipe_is_not_its_own_rival():
    result = contest(dataclasses.replace(OLD, threads=3), USUAL, IN_FORCE, {})
    assert (result.champion, result.incumbent, result.withdrawn_reason) == (None, IN_FORCE, "")


def test_another_recipe_stands_against_the_champion():
    result = contest(TUNED, USUAL, IN_FORCE, {})
    assert (result.recipe, result.champion) == (TUNED, OLD)


def test_a_rejected_challenger_leaves_the_forecast_to_the_champion():
    result = contest(TUNED, USUAL, IN_FORCE, {recipe_id(TUNED): "refused by Ann"})
    assert (result.recipe, result.champion, result.withdrawn_reason) == (OLD, None, "refused by Ann")
    assert result.challenger_id == recipe_id(TUNED)


def test_without_a_champion_the_default_replaces_a_rejected_recipe():
    result = contest(TUNED, USUAL, None, {recipe_id(TUNED): "refused"})
    assert (result.recipe, result.all_rejected) == (USUAL, False)


def test_if_the_default_is_rejected_too_no_recipe_may_forecast():
    result = contest(TUNED, USUAL, None, dict.fromkeys([recipe_id(TUNED), recipe_id(USUAL)], "refused"))
    assert result.all_rejected


def test_a_challenger_is_set_aside_only_where_a_champion_takes_its_place():
    aside = contest(TUNED, USUAL, IN_FORCE, {}, "the cycle failed")
    assert (aside.recipe, aside.champion, aside.withdrawn_reason) == (OLD, None, "the cycle failed")
    assert contest(TUNED, USUAL, None, {}, "the cycle failed").recipe == TUNED
    assert contest(OLD, USUAL, IN_FORCE, {}, "the cycle failed").withdrawn_reason == ""


def test_an_unreadable_champion_counts_as_none_with_a_note():
    row = {"recipe": '{"leafs": 3}', "recipe_id": "abc", "since_month": MARCH}
    result = contest(TUNED, USUAL, incumbent_from(row, interrupted=False), {})
    assert (result.recipe, result.champion, result.incumbent) == (TUNED, None, None)
    assert result.note.startswith("the champion abc counts as none: a stored recipe has parameters")


@pytest.mark.parametrize(("interrupted", "since"), [(False, MARCH), (True, None)])
def test_a_champion_that_another_one_interrupted_is_in_force_anew(interrupted, since):
    row = {"recipe": recipe_text(OLD), "recipe_id": recipe_id(OLD), "since_month": MARCH}
    assert incumbent_from(row, interrupted) == Incumbent(OLD, recipe_id(OLD), since)


def test_a_rejection_applies_to_the_current_id_too():
    """A parameter that was added since is part of today's id."""
    fewer = json.loads(recipe_text(TUNED))
    del fewer["refit_skus"]
    table = pd.DataFrame(
        {"recipe_id": ["stored"], "recipe": [json.dumps(fewer)], "author": "Ann", "reason": "bad", "month": [MARCH]}
    )
    assert set(rejection_reasons(table)) == {"stored", recipe_id(TUNED)}
    assert rejection_reasons(table)["stored"] == "recipe stored is refused since 2024-03 by Ann: bad"
    assert rejection_reasons(table.iloc[:0]) == {}


def test_a_rejection_matches_the_stored_and_the_current_id():
    fewer = json.loads(recipe_text(TUNED))
    del fewer["refit_skus"]
    table = pd.DataFrame({"recipe_id": ["stored", recipe_id(OLD)], "recipe": [json.dumps(fewer), recipe_text(OLD)]})
    assert rows_rejecting(table, "stored").tolist() == rows_rejecting(table, recipe_id(TUNED)).tolist() == [True, False]
    assert rows_rejecting(table, recipe_id(OLD)).tolist() == [False, True]
    assert not rows_rejecting(table, recipe_id(USUAL)).any()
    assert rows_rejecting(table.iloc[:0], "stored").tolist() == []
