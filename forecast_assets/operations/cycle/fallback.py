"""Fallback runs after a market's cycle failed: one rule for the command ``cycle`` and the sensor of the same purpose.

If the failed cycle had a challenger, the champion alone runs first. Then the best of what is left is published: the
cycle's forecasts, the baseline, or the last published forecast. A month that is published already stays as it is.
"""

import dataclasses
from collections.abc import Collection

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.months import MonthRange
from forecast_assets.domain.selection.contest import rejection_reasons
from forecast_assets.market_state.fallback_runs import is_published
from forecast_assets.market_state.recipes import contest_of
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.operations.cycle.launch import Step, Steps
from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import FALLBACK_JOBS, STARTED_BY_TAG

# Starter of the fallback runs of a cycle that a person launched.
COMMAND = "forecast-assets cycle"


def steps_after_failure(settings: Settings, country: str, month: pd.Timestamp) -> Steps:
    """Generate the fallback runs of a market whose cycle failed.

    Their run tags let them wait behind a cycle of another process, and do nothing once that one has published.
    """
    tried: list[str] = []
    while step := step_after_failure(settings, open_store(settings), country, month, tried):
        tried.append(step.job)
        yield dataclasses.replace(step, tags={STARTED_BY_TAG: COMMAND})


def step_after_failure(
    settings: Settings, store: TableReader, country: str, month: pd.Timestamp, tried: Collection[str]
) -> Step | None:
    """Return the next fallback run of a market whose cycle failed; None if nothing is left to do.

    Args:
        settings: Of the company.
        store: Its tables.
        country: The market.
        month: The month of the failed cycle.
        tried: Jobs of ``FALLBACK_JOBS`` that have already run after it.
    """
    champion_cycle, publish_fallback = FALLBACK_JOBS
    if is_published(store, country, month):
        return None
    untried = [job for job in FALLBACK_JOBS if job not in tried]
    # publish_fallback needs least of all: where it failed, the jobs before it cannot help.
    if publish_fallback not in untried:
        return None
    if champion_cycle in untried and has_rival_champion(settings, store, country, month):
        return Step(champion_cycle, MonthRange(month, month))
    return Step(publish_fallback, MonthRange(month, month))


def has_rival_champion(settings: Settings, store: TableReader, country: str, month: pd.Timestamp) -> bool:
    """Return True if a champion could forecast the month in place of the challenger that took part.

    Without the month's features no recipe can forecast, so the result is False.
    """
    if PartitionKey(month, country) not in store.list_market("features", country):
        return False
    recipes = RecipesInForce(store)
    try:
        rejected = recipes.refused(country, month)
        incumbent = recipes.before(country, month, rejection_reasons(rejected))
    except (ValueError, LookupError):
        # A damaged table hides the champion: publish the best of what is left instead.
        return False
    try:
        return contest_of(settings.training, recipes.tuned(country, month), rejected, incumbent).champion is not None
    except ValueError:
        # This version cannot read the tuned recipe, but perhaps the champion's.
        return incumbent is not None and incumbent.recipe is not None
