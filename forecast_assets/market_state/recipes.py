"""Recipes of a company: the default one or a market's own, within the limits of the settings.

A recipe is the configuration of a market's model. Its parameters are in ``domain/models/recipe.py``; the rule of the
contest between challenger and incumbent is in ``domain/selection/contest.py``.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pandas as pd

from forecast_assets.config.process_groups import TrainingSettings
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.contest import Contest, Incumbent, contest, rejection_reasons
from forecast_assets.domain.selection.tuning import parameters_in_force


def recipe_of(training: TrainingSettings, tuned: Mapping[str, Any] | None = None) -> Recipe:
    """Return the recipe with the market's tuned parameters, within the company's limits.

    Fewer rounds take larger steps: the product of rounds and learning rate stays that of the recipe.
    """
    recipe = dataclasses.replace(Recipe(), **(tuned or {}))
    rate = recipe.learning_rate * recipe.rounds / training.boosting_rounds
    return dataclasses.replace(
        recipe,
        training_rows=training.rows,
        rounds=training.boosting_rounds,
        learning_rate=rate,
        threads=training.threads,
    )


def for_backtest(training: TrainingSettings, recipe: Recipe) -> Recipe:
    """Return a recipe as the backtest fits it, within the company's limits."""
    return recipe.of_backtest(training.backtest_rows)


def backtest_recipe_of(training: TrainingSettings, tuned: Mapping[str, Any] | None = None) -> Recipe:
    """Return ``for_backtest`` of ``recipe_of``."""
    return for_backtest(training, recipe_of(training, tuned))


def contest_of(
    training: TrainingSettings,
    tuned: pd.DataFrame,
    refused: pd.DataFrame,
    incumbent: Incumbent | None,
    set_aside: str = "",
) -> Contest:
    """Return the recipes that forecast in a market's cycle: the challenger, the incumbent, or both.

    Args:
        training: TrainingSettings of the company.
        tuned: ``tuned_recipe`` of the months up to the origin; may be empty.
        refused: ``refused_recipe`` of the same months; may be empty.
        incumbent: The recipe in force before the origin.
        set_aside: Reason why the challenger does not compete this time; empty if it competes.
    """
    try:
        wanted = recipe_of(training, parameters_in_force(tuned))
    except ValueError:
        # A tuning of another version of the code: a cycle fails on it, a fallback run continues without it.
        if not set_aside:
            raise
        wanted = recipe_of(training)
    result = contest(wanted, recipe_of(training), incumbent, rejection_reasons(refused), set_aside)
    # The number of threads changes no tree: it belongs to this machine and is no part of a stored recipe.
    return result.with_threads(training.threads)
