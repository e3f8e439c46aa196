"""What the assets that are made by a recipe share: the inputs that decide which, and who competes in a run."""

import dagster as dg
import pandas as pd

from forecast_assets.domain.contest import Contest, refusals
from forecast_assets.partition_windows import window
from forecast_assets.partitions import SET_ASIDE_TAG, country_of_run, months_of_run
from forecast_assets.recipes import contest_of
from forecast_assets.resources.lookups import SET_ASIDE
from forecast_assets.resources.recipes_in_force import RecipesInForce
from forecast_assets.settings import Settings

# A tuning serves until the next one; after five years the market is another one.
LATEST_TUNING = window("tuned_recipe", -59, 0)
LATEST_REFUSALS = window("refused_recipe", -59, 0)


def contest_of_run(
    context: dg.AssetExecutionContext,
    settings: Settings,
    recipes_in_force: RecipesInForce,
    tuned_recipe: pd.DataFrame,
    refused_recipe: pd.DataFrame,
) -> Contest:
    """Who makes the forecast of the run's market and month; what decides it besides the inputs is noted."""
    (origin,) = months_of_run(context)
    step = context.run.run_id, context.asset_key.path[-1]
    holder = recipes_in_force.noted_for(*step).before(country_of_run(context), origin, refusals(refused_recipe))
    set_aside = context.run.tags.get(SET_ASIDE_TAG, "")
    if set_aside:
        recipes_in_force.lookups.of(*step).answers[SET_ASIDE] = set_aside
    return contest_of(settings, tuned_recipe, refused_recipe, holder, set_aside)
