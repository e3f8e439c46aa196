"""What runs after a market's cycle has failed, so that planners still get the best there is.

First the champion's recipe alone, where the failed cycle had a challenger; then whatever the cycle left: forecasts, the
baseline, or the last published forecast. A month that is published already stays as it is.
"""

from collections.abc import Iterator

import pandas as pd

from forecast_assets.domain.contest import refusals
from forecast_assets.recipes import contest_of
from forecast_assets.resources.recipes_in_force import RecipesInForce
from forecast_assets.runs.plan import MonthRange
from forecast_assets.runs.steps import Step
from forecast_assets.settings import Settings
from forecast_assets.storage import PartitionKey, TableStore


def fallback_steps(settings: Settings, country: str, month: pd.Timestamp) -> Iterator[Step]:
    """Runs for a market whose cycle of a month failed, each asked for when the one before it has ended."""
    store, span = TableStore(settings.store), MonthRange(month, month)
    published = [place.month for place in store.list_partitions("published_forecasts") if place.country == country]
    if any(at >= month for at in published):
        return
    if has_challenger(settings, store, country, month):
        yield "champion_cycle", span
    if not store.exists("published_forecasts", PartitionKey(month, country)):
        yield "publish_fallback", span


def has_challenger(settings: Settings, store: TableStore, country: str, month: pd.Timestamp) -> bool:
    """Whether another recipe than the champion's would have made the month's forecast."""
    recipes = RecipesInForce(store)
    refused = recipes.refused(country, month)
    holder = recipes.before(country, month, refusals(refused))
    try:
        return contest_of(settings, recipes.tuned(country, month), refused, holder).champion is not None
    except ValueError:
        # The tuned recipe itself cannot be read by this version: the champion's may.
        return holder is not None and holder.recipe is not None
