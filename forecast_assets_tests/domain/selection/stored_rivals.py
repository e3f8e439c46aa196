"""A champion and a challenger as their tables are stored: what decides if the champion can forecast alone."""

import pandas as pd

from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.champion import champion
from forecast_assets.domain.selection.contest import Contest, Incumbent, recipe_id
from forecast_assets.domain.selection.tuning import COLUMNS
from forecast_assets_tests.domain.selection.rival_recipes import LIMITS, alone, market

CHAMPION_LEAVES = 15


def champion_table(recipe: Recipe, month: pd.Timestamp) -> pd.DataFrame:
    """Return the table ``champion`` of a month in which a recipe is confirmed."""
    incumbent = Incumbent(recipe, recipe_id(recipe), month)
    return champion(Contest(recipe, None, incumbent, recipe_id(recipe)), alone(market()), month, LIMITS)


def tuned_table(leaves: int) -> pd.DataFrame:
    """Return the table ``tuned_recipe`` of a tuning that asks for so many leaves."""
    rows = [[0, "tried", "{}", 0.3, 0.0, 0.30], [1, "in_force", f'{{"leaves": {leaves}}}', 0.2, 0.0, 0.25]]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
