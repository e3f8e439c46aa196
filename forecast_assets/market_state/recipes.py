"""The recipes of a company: the usual one or a market's own, within the limits of the settings; and which of them a
market's cycle is made by.

What a recipe is belongs into ``domain/models/recipe.py``, who stands against whom into ``domain/selection/contest.py``.
"""

import dataclasses
from collections.abc import Mapping

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.contest import Contest, Holder, contest, refusals
from forecast_assets.domain.selection.tuning import parameters_in_force


def recipe_of(settings: Settings, tuned: Mapping[str, object] | None = None) -> Recipe:
    """The recipe with what was tuned for the market, within the company's limits: fewer rounds take larger steps, their
    product stays the recipe's."""
    usual = dataclasses.replace(Recipe(), **(tuned or {}))
    rate = usual.learning_rate * usual.rounds / settings.training.boosting_rounds
    return dataclasses.replace(
        usual,
        training_rows=settings.training.rows,
        rounds=settings.training.boosting_rounds,
        learning_rate=rate,
        threads=settings.training.threads,
    )


def for_backtest(settings: Settings, recipe: Recipe) -> Recipe:
    """A recipe as the backtest fits it, within the company's limits."""
    return recipe.of_backtest(settings.training.backtest_rows)


def backtest_recipe_of(settings: Settings, tuned: Mapping[str, object] | None = None) -> Recipe:
    """``for_backtest`` of ``recipe_of``."""
    return for_backtest(settings, recipe_of(settings, tuned))


def contest_of(
    settings: Settings, tuned: pd.DataFrame, refused: pd.DataFrame, holder: Holder | None, set_aside: str = ""
) -> Contest:
    """Who makes the forecast of a market's cycle.

    Args:
        settings: Of the company.
        tuned: ``tuned_recipe`` of the months up to the origin; may be empty.
        refused: ``refused_recipe`` of the same months; may be empty.
        holder: The recipe in force before the origin.
        set_aside: Why the challenger does not compete this time; empty: it does.
    """
    try:
        wanted = recipe_of(settings, parameters_in_force(tuned))
    except ValueError:
        # A tuning of another version of the code: a cycle refuses it, what runs after a failed cycle does without it.
        if not set_aside:
            raise
        wanted = recipe_of(settings)
    found = contest(wanted, recipe_of(settings), holder, refusals(refused), set_aside)
    # How many threads train changes no tree, so it is this machine's and no part of a stored recipe.
    return found.with_threads(settings.training.threads)
