"""``forecast-assets rollback``: reject the champion configuration of a market and go back to the one before."""

import pandas as pd
import typer

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.cli.console import (
    RunLog,
    console,
    countries_or_exit,
    settings_or_exit,
)
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.config.settings import Settings
from forecast_assets.domain.months import MonthRange
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.operations.cycle.launch import launch
from forecast_assets.storage.opened import open_store


def run(country: str, reason: str, author: str) -> None:
    """Reject the champion in force from its latest month on, and publish that month with the one before it."""
    settings = settings_or_exit()
    (code,) = countries_or_exit(settings, [country])
    require_folders(settings, Folder.STORE, Folder.INSTANCE)
    month = _month_to_roll_back(settings, code)
    prepare_instance()
    config = {"refused_recipe": {"reason": reason, "author": author}}
    report, span = RunLog(), MonthRange(month, month)
    for job, with_config in (("refuse_recipe", config), ("republish", None)):
        report(code, job, span, None)
        result = launch(load_code_location, job, code, span, config=with_config)
        report(code, job, span, result)
        if not result.succeeded:
            if job == "republish":
                text = f"the recipe is rejected; what was published stays until {job} of {code} {month:%Y-%m} succeeds"
                console.print(text, style="red", markup=False)
            raise typer.Exit(1)
    row = RecipesInForce(open_store(settings)).champion(code, month)
    console.print(f"{code} {month:%Y-%m}: {row['recipe_id']} is in force, published by {row['source']}", markup=False)
    console.print(str(row["reason"]), style="dim", markup=False)


def _month_to_roll_back(settings: Settings, code: str) -> pd.Timestamp:
    """Return the month of the latest champion; end the command if it is closed or already rejected."""
    store = open_store(settings)
    recipes = RecipesInForce(store)
    month = recipes.latest_month(code)
    if month is None:
        raise typer.BadParameter(f"{code} has no champion yet: run forecast-assets cycle first")
    if PublishedMonths(store).later_than(code, month):
        raise typer.BadParameter(f"{code} {month:%Y-%m} is closed: a later month is published. Nothing was changed")
    if recipes.champion(code, month)["outcome"] == "refused":
        raise typer.BadParameter(f"{code} {month:%Y-%m}: the recipe is rejected already, the baseline is published")
    return month
