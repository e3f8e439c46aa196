"""Champion and challenger: the recipe that makes a market's forecast, and what people refuse."""

import json
from collections.abc import Iterator

import dagster as dg
import numpy as np
import pandas as pd
from pydantic import Field

from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.contests import LATEST_REFUSALS, LATEST_TUNING, contest_of_run, skipped_if_superseded
from forecast_assets.defs.assets.table_asset import table_asset
from forecast_assets.defs.partition_windows import window
from forecast_assets.domain.selection import champion as rule
from forecast_assets.domain.selection.contest import refuses
from forecast_assets.market_state.recipes_in_force import REFUSED_COLUMNS, RecipesInForce
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import stored_if_sound

Results = Iterator[dg.AssetCheckResult | dg.Output]


class Refusal(dg.Config):
    """Who refuses the market's recipe in force, or takes a refusal back, and why."""

    reason: str = Field(min_length=1, description="Why")
    author: str = Field(default="unknown", min_length=1, description="Who")
    accepted: str = Field(default="", description="Id of a recipe whose refusal is taken back; empty: one is refused")


@table_asset(
    "refused_recipe",
    group="models",
    kinds=["parquet"],
    description="Recipes that people refused: from this month on they make no forecast. Made by a rollback.",
)
def refused_recipe(
    context: dg.AssetExecutionContext, config: Refusal, recipes_in_force: dg.ResourceParam[RecipesInForce]
) -> Results:
    """Refuse the recipe that is in force in the run's month, or take a refusal of the month back; others stay."""
    (month,), country = months_of_run(context), country_of_run(context)
    before = recipes_in_force.refused(country, month)
    before = before[before["month"] == month]
    if config.accepted:
        is_replaced, more, said = refuses(before, config.accepted), [], config.model_dump()
        if not is_replaced.any():
            raise dg.Failure(f"{country} {month:%Y-%m}: {config.accepted} is not refused in it", allow_retries=False)
    else:
        said = _in_force(recipes_in_force, country, month) | {"author": config.author, "reason": config.reason}
        is_replaced, more = refuses(before, said["recipe_id"]), [pd.DataFrame([said])]
    table = pd.concat([before[~is_replaced], *more])[REFUSED_COLUMNS].reset_index(drop=True).astype(object)
    yield from stored_if_sound({month: table}, [schema_check("refused_recipe")], metadata=said)


def _in_force(recipes_in_force: RecipesInForce, country: str, month: pd.Timestamp) -> dict[str, object]:
    """Id and text of the recipe in force in a month, which must be the latest that has one."""
    latest = recipes_in_force.latest_month(country)
    if latest != month:
        raise dg.Failure(
            f"{country}: only the latest champion can be refused, that of {latest}, asked for {month:%Y-%m}",
            allow_retries=False,
        )
    champion = recipes_in_force.champion(country, month)
    return {"recipe_id": champion["recipe_id"], "recipe": champion["recipe"]}


@table_asset(
    "champion",
    group="evaluation",
    kinds=["pandas", "parquet"],
    description="The recipe in force and every number by which it is: the challenger against it on the backtest.",
    ins={
        "backtest": window("backtest", 0, 0),
        "tuned_recipe": LATEST_TUNING,
        "refused_recipe": LATEST_REFUSALS,
    },
)
@skipped_if_superseded
def champion(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    recipes_in_force: dg.ResourceParam[RecipesInForce],
    backtest: pd.DataFrame,
    tuned_recipe: pd.DataFrame,
    refused_recipe: pd.DataFrame,
) -> Results:
    """Decide which recipe is in force at the end of the run's month."""
    (origin,) = months_of_run(context)
    contest = contest_of_run(context, settings, recipes_in_force, tuned_recipe, refused_recipe)
    table = rule.champion(contest, backtest, origin, settings.promotion_limits)
    row = table.iloc[0]
    measured = [name for name in table if name.startswith(("wape_", "bias_"))]
    figures = {name: float(row[name]) for name in measured if np.isfinite(row[name])}
    said = {name: str(row[name]) for name in ("recipe_id", "outcome", "source", "challenger_id", "verdict", "reason")}
    conditions = {"conditions": dg.MetadataValue.json(json.loads(row["conditions"]))}
    yield from stored_if_sound({origin: table}, [schema_check("champion")], metadata=figures | said | conditions)
