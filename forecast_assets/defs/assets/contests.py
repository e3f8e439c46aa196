"""Shared parts of the assets that a recipe builds: the inputs that decide which recipe, and the contest of a run."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

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
from forecast_assets.tags import SET_ASIDE_TAG, STARTED_BY_TAG

# A tuning serves until the next one, for at most five years.
LATEST_TUNING = window("tuned_recipe", -59, 0, required="none")
LATEST_REFUSALS = window("refused_recipe", -59, 0, required="none")


Results = Iterator[dg.AssetCheckResult | dg.Output]


def skipped_if_superseded(function: Callable[..., Results]) -> Callable[..., Results]:
    """Decorate an asset's generator, which has ``recipes_in_force`` among its resources.

    A fallback run may have waited behind the cycle that it replaces. It then returns passing check results without
    output if a regular forecast was published after it was requested. A run that a person starts is never skipped.
    """

    @functools.wraps(function)
    def generating(context: dg.AssetExecutionContext, *arguments: Any, **named: Any) -> Results:
        reason = _superseded_because(context, named["recipes_in_force"])
        if not reason:
            yield from function(context, *arguments, **named)
            return
        context.log.info(reason)
        # Dagster requires a result of every check that an asset declares.
        for check in context.assets_def.check_specs:
            yield dg.AssetCheckResult(check_name=check.name, passed=True, description=reason)

    return generating


def _superseded_because(context: dg.AssetExecutionContext, recipes_in_force: RecipesInForce) -> str:
    """Return why a fallback run is to change nothing; empty where the asset is to be built."""
    if not (SET_ASIDE_TAG in context.run.tags and STARTED_BY_TAG in context.run.tags):
        return ""
    (origin,), country = months_of_run(context), country_of_run(context)
    if not is_published(recipes_in_force.store, country, origin):
        return ""
    return f"{country} {origin:%Y-%m} has been published since this run was requested: it changes nothing"


def contest_of_run(
    context: dg.AssetExecutionContext,
    settings: Settings,
    recipes_in_force: RecipesInForce,
    tuned_recipe: pd.DataFrame,
    refused_recipe: pd.DataFrame,
) -> Contest:
    """Return the contest of the run's market and month, and record the facts besides the inputs that decide it."""
    (origin,) = months_of_run(context)
    step = context.run.run_id, context.asset_key.to_user_string()
    incumbent = recipes_in_force.noted_for(*step).before(
        country_of_run(context), origin, rejection_reasons(refused_recipe)
    )
    set_aside = context.run.tags.get(SET_ASIDE_TAG, "")
    if set_aside:
        recipes_in_force.lookups.of(*step).answers[SET_ASIDE] = set_aside
    return contest_of(settings.training, tuned_recipe, refused_recipe, incumbent, set_aside)
