"""What the assets that are made by a recipe share: the inputs that decide which, and who competes in a run."""

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.defs.partition_windows import window
from forecast_assets.domain.selection.contest import Contest, rejection_reasons
from forecast_assets.market_state.fallback_runs import is_published
from forecast_assets.market_state.lookups import SET_ASIDE
from forecast_assets.market_state.recipes import contest_of
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.storage import TableStore
from forecast_assets.tags import SET_ASIDE_TAG, STARTED_BY_TAG

# A tuning serves until the next one; after five years the market is another one.
LATEST_TUNING = window("tuned_recipe", -59, 0)
LATEST_REFUSALS = window("refused_recipe", -59, 0)


def superseded(context: dg.AssetExecutionContext, store: TableStore) -> list[dg.AssetCheckResult]:
    """What an asset says, and makes nothing, where its run was to publish the best there is for want of a cycle and a
    forecast has come in the meantime; else nothing.

    Only of runs that a sensor, or the command ``cycle`` after a failure, asked for: they may have waited behind the
    cycle itself. A person means it.
    """
    if not (SET_ASIDE_TAG in context.run.tags and STARTED_BY_TAG in context.run.tags):
        return []
    (origin,), country = months_of_run(context), country_of_run(context)
    if not is_published(store, country, origin):
        return []
    why = f"{country} {origin:%Y-%m} has been published since this run was requested: it changes nothing"
    context.log.info(why)
    # Dagster wants to hear of every check that an asset declares.
    checks = context.assets_def.check_specs
    return [dg.AssetCheckResult(check_name=check.name, passed=True, description=why) for check in checks]


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
    holder = recipes_in_force.noted_for(*step).before(
        country_of_run(context), origin, rejection_reasons(refused_recipe)
    )
    set_aside = context.run.tags.get(SET_ASIDE_TAG, "")
    if set_aside:
        recipes_in_force.lookups.of(*step).answers[SET_ASIDE] = set_aside
    return contest_of(settings, tuned_recipe, refused_recipe, holder, set_aside)
