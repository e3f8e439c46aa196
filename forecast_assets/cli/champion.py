"""Work of ``forecast-assets champion``: print the champions month by month, accept a rejected configuration."""

from collections.abc import Hashable, Mapping
from typing import Annotated, Any

import pandas as pd
import typer

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.cli.console import (
    RunLog,
    console,
    countries_or_exit,
    percentage,
    print_table,
    settings_or_exit,
    signed,
)
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.domain.months import MonthRange
from forecast_assets.domain.selection.contest import rejection_reasons, rows_rejecting
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.operations.cycle.launch import launch
from forecast_assets.storage.opened import open_store

Market = Annotated[str, typer.Option(help="A market")]
COLUMNS = [
    "month", "in force", "since", "outcome", "made by", "challenger", "WAPE challenger", "WAPE champion",
    "WAPE baseline", "bias challenger", "bias champion",
]  # fmt: skip


def run(country: str, accept: str | None, reason: str, author: str) -> None:
    """Accept a rejected configuration if one is named, then print the champions month by month."""
    settings = settings_or_exit()
    (code,) = countries_or_exit(settings, [country])
    require_folders(settings, Folder.STORE, *([Folder.INSTANCE] if accept else []))
    recipes = RecipesInForce(open_store(settings))
    if accept:
        _accept(recipes, code, accept, {"reason": reason, "author": author})
    history = recipes.history(code)
    if history.empty:
        console.print(f"{code} has no champion yet: run forecast-assets cycle first", markup=False)
        return
    print_table(f"{code}: recipes in force", COLUMNS, [_row(row) for row in history.to_dict("records")])
    latest = history.iloc[-1]
    console.print(f"{latest['month']:%Y-%m}: {latest['reason']}", markup=False)
    for why in dict.fromkeys(rejection_reasons(recipes.refused(code, latest["month"])).values()):
        console.print(why, style="yellow", markup=False)


def _accept(recipes: RecipesInForce, code: str, recipe: str, decision: dict[str, str]) -> None:
    """Withdraw the rejection of a configuration in every month that has one; nothing is published."""
    latest = recipes.latest_month(code)
    rejected = recipes.refused(code, latest) if latest is not None else pd.DataFrame(columns=["recipe_id", "recipe"])
    rejections = rejected[rows_rejecting(rejected, recipe)]
    if rejections.empty:
        known = ", ".join(dict.fromkeys(rejected["recipe_id"])) or "none"
        raise typer.BadParameter(f"{code} has not rejected a recipe {recipe}; rejected: {known}. Nothing was changed")
    prepare_instance()
    report = RunLog()
    for month in sorted(rejections["month"].unique()):
        span = MonthRange(pd.Timestamp(month), pd.Timestamp(month))
        report(code, "refuse_recipe", span, None)
        result = launch(
            load_code_location, "refuse_recipe", code, span, config={"refused_recipe": {"accepted": recipe, **decision}}
        )
        report(code, "refuse_recipe", span, result)
        if not result.succeeded:
            raise typer.Exit(1)
    console.print(f"{code}: {recipe} is accepted and competes again from the next cycle on", markup=False)


def _row(row: Mapping[Hashable, Any]) -> list[str]:
    return [
        f"{row['month']:%Y-%m}", str(row["recipe_id"]), f"{row['since_month']:%Y-%m}", str(row["outcome"]),
        str(row["source"]), str(row["challenger_id"]), percentage(row["wape_challenger"]),
        percentage(row["wape_champion"]), percentage(row["wape_baseline"]), signed(row["bias_challenger"]),
        signed(row["bias_champion"]),
    ]  # fmt: skip
