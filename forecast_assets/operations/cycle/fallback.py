"""What runs after a market's cycle has failed, so that planners still get the best there is: one rule for the command
``cycle`` and for the sensor ``fallback_publication``.

First the champion's recipe alone, where the failed cycle had a challenger; then whatever the cycle left: forecasts, the
baseline, or the last published forecast. A month that is published already stays as it is.
"""

from collections.abc import Collection, Iterator

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.months import MonthRange
from forecast_assets.domain.selection.contest import rejection_reasons
from forecast_assets.market_state.fallback_runs import is_published
from forecast_assets.market_state.recipes import contest_of
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.operations.cycle.steps import Step
from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import FALLBACK_JOBS, STARTED_BY_TAG

# Who started what runs after a cycle that a person has asked for.
COMMAND = "forecast-assets cycle"


def steps_after_failure(
    settings: Settings, country: str, month: pd.Timestamp
) -> Iterator[tuple[str, MonthRange, dict[str, str]]]:
    """What a market runs after its cycle failed; each step is asked for when the one before it has ended.

    With run tags: the step may wait behind a cycle that another process runs, and does nothing once that has published.
    """
    tried: list[str] = []
    while step := step_after_failure(settings, open_store(settings), country, month, tried):
        tried.append(step[0])
        yield *step, {STARTED_BY_TAG: COMMAND}


def step_after_failure(
    settings: Settings, store: TableReader, country: str, month: pd.Timestamp, tried: Collection[str]
) -> Step | None:
    """The job to run next after a market's cycle failed; None where there is nothing left to do.

    Args:
        settings: Of the company.
        store: Its tables.
        country: The market.
        month: The month of the failed cycle.
        tried: Jobs of ``FALLBACK_JOBS`` that have run after it already.
    """
    champion_cycle, publish_fallback = FALLBACK_JOBS
    if is_published(store, country, month):
        return None
    untried = [job for job in FALLBACK_JOBS if job not in tried]
    # After the last resort failed there is nothing before it that could help.
    if publish_fallback not in untried:
        return None
    if champion_cycle in untried and has_rival_champion(settings, store, country, month):
        return champion_cycle, MonthRange(month, month)
    return publish_fallback, MonthRange(month, month)


def has_rival_champion(settings: Settings, store: TableReader, country: str, month: pd.Timestamp) -> bool:
    """Whether a champion could make the month's forecast in place of the challenger that took part.

    Not without the month's features: a cycle that failed before them has nothing that any recipe could forecast from.
    """
    if PartitionKey(month, country) not in store.list_partitions("features"):
        return False
    recipes = RecipesInForce(store)
    try:
        refused = recipes.refused(country, month)
        holder = recipes.before(country, month, rejection_reasons(refused))
    except (ValueError, LookupError):
        # A damaged table: nobody can say who the champion is. What is left is published.
        return False
    try:
        return contest_of(settings, recipes.tuned(country, month), refused, holder).champion is not None
    except ValueError:
        # The tuned recipe itself cannot be read by this version: the champion's may.
        return holder is not None and holder.recipe is not None
