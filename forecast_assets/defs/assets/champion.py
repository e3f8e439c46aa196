"""Assets of champion and challenger: the recipe in force in a market, and the recipes that people rejected."""

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
from forecast_assets.domain.selection.contest import rows_rejecting
from forecast_assets.market_state.recipes_in_force import REFUSED_COLUMNS, RecipesInForce
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import stored_if_sound

DECISION_COLUMNS = ("recipe_id", "outcome", "source", "challenger_id", "verdict", "reason")
Results = Iterator[dg.AssetCheckResult | dg.Output]


class Refusal(dg.Config):
    """Author and reason of a rejection of the recipe in force, or of its withdrawal."""

    reason: str = Field(min_length=1, description="Reason of the rejection or withdrawal")
    author: str = Field(default="unknown", min_length=1, description="Person who rejects or withdraws")
    accepted: str = Field(default="", description="Id of a recipe whose rejection is withdrawn; empty: a rejection")


@table_asset(
    "refused_recipe",
    group="models",
    kinds=["parquet"],
    description="Recipes that people rejected: from this month on they make no forecast. Written by a rollback.",
)
def refused_recipe(
    context: dg.AssetExecutionContext, config: Refusal, recipes_in_force: dg.ResourceParam[RecipesInForce]
) -> Results:
    """Reject the recipe that is in force in the run's month, or withdraw a rejection of the month; others stay."""
    (month,), country = months_of_run(context), country_of_run(context)
    before = recipes_in_force.refused(country, month)
    before = before[before["month"] == month]
    if config.accepted:
        is_replaced, added, metadata = rows_rejecting(before, config.accepted), [], config.model_dump()
        if not is_replaced.any():
            raise dg.Failure(f"{country} {month:%Y-%m}: {config.accepted} is not rejected in it", allow_retries=False)
    else:
        metadata = _in_force(recipes_in_force, country, month) | {"author": config.author, "reason": config.reason}
        is_replaced, added = rows_rejecting(before, str(metadata["recipe_id"])), [pd.DataFrame([metadata])]
    table = pd.concat([before[~is_replaced], *added])[REFUSED_COLUMNS].reset_index(drop=True).astype(object)
    yield from stored_if_sound({month: table}, [schema_check("refused_recipe")], metadata=metadata)


def _in_force(recipes_in_force: RecipesInForce, country: str, month: pd.Timestamp) -> dict[str, object]:
    """Return id and text of the recipe in force in a month, which must be the latest month with one."""
    latest = recipes_in_force.latest_month(country)
    if latest != month:
        raise dg.Failure(
            f"{country}: only the latest champion can be rejected, requested: {month:%Y-%m}; champion has "
            + (f"{latest:%Y-%m} as its latest month" if latest is not None else f"no partition of {country}"),
            allow_retries=False,
        )
    champion = recipes_in_force.champion(country, month)
    return {"recipe_id": champion["recipe_id"], "recipe": champion["recipe"]}


@table_asset(
    "champion",
    group="evaluation",
    kinds=["pandas", "parquet"],
    description="The recipe in force, and the backtest figures of champion and challenger that decided it.",
    ins={
        "backtest": window("backtest", 0, 0, required="last_unless_fallback"),
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
    table = rule.champion(contest, backtest, origin, settings.promotion.limits)
    row = table.iloc[0]
    measured = [name for name in map(str, table.columns) if name.startswith(("wape_", "bias_"))]
    figures = {name: float(row[name]) for name in measured if np.isfinite(row[name])}
    decision = {
        name: str(row[name]) for name in ("recipe_id", "outcome", "source", "challenger_id", "verdict", "reason")
    }
    conditions = {"conditions": dg.MetadataValue.json(json.loads(row["conditions"]))}
    yield from stored_if_sound({origin: table}, [schema_check("champion")], metadata=figures | decision | conditions)
