"""What runs after a market's cycle has failed, so that planners still get the best there is.

First the champion's recipe alone, where the failed cycle had a challenger; then whatever the cycle left: forecasts, the
baseline, or the last published forecast. A month that is published already stays as it is.
"""

from collections.abc import Iterator

import pandas as pd

from forecast_assets.domain.contest import refusals
from forecast_assets.places import open_store
from forecast_assets.recipes import contest_of
from forecast_assets.resources.recipes_in_force import RecipesInForce
from forecast_assets.runs.plan import MonthRange
from forecast_assets.runs.steps import Step
from forecast_assets.settings import Settings
from forecast_assets.storage import TableStore


def by_champion(settings: Settings, country: str, month: pd.Timestamp) -> Iterator[Step]:
    """The cycle by the champion's recipe alone, where a challenger took part in the one that failed."""
    store = open_store(settings)
    if not is_published(store, country, month) and has_challenger(settings, store, country, month):
        yield "champion_cycle", MonthRange(month, month)


def by_what_is_left(settings: Settings, country: str, month: pd.Timestamp) -> Iterator[Step]:
    """The publication of the best that there is, where the month is not published yet."""
    if not is_published(open_store(settings), country, month):
        yield "publish_fallback", MonthRange(month, month)


def is_published(store: TableStore, country: str, month: pd.Timestamp) -> bool:
    """Whether a month of a market, or a later one, is published: then readers have it already."""
    places = store.list_partitions("published_forecasts")
    return any(place.country == country and place.month >= month for place in places)


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
