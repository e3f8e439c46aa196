"""Asset of a market's own recipe, tuned on demand and used by later cycles until the next tuning."""

import logging
from collections.abc import Callable, Iterator, Mapping

import dagster as dg
import pandas as pd
from pydantic import Field

from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.models import MONTHS_OF_REFITS, require_marks
from forecast_assets.defs.assets.table_asset import TRAINING_POOL, table_asset
from forecast_assets.defs.partition_windows import units_window, window
from forecast_assets.domain.anchors import EARLIEST_ANCHOR_MONTHS, MONTHS_BACK, TRAINING_ORIGINS
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection import tuning
from forecast_assets.domain.selection.tuning import IN_FORCE, MONTHS_LEFT_TO_THE_GATE, TooLittleToTuneError, Trial
from forecast_assets.market_state.recipes import backtest_recipe_of
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.current_features import CurrentFeatures
from forecast_assets.tags import ALARMS_TAG, BUDGET_TAG
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import stored_if_sound

PROGRESS = logging.getLogger("forecast_assets.tuning")
REQUESTED_BY = {"alarms": ALARMS_TAG, "retunes_of_the_month": BUDGET_TAG}
LAST_SCORED = -MONTHS_LEFT_TO_THE_GATE
LAST_ORIGIN = LAST_SCORED - min(MONTHS_BACK)
# Of the origins that the search scores, and of the refits of the earliest.
EARLIEST = max(MONTHS_BACK)


class TuningBudget(dg.Config):
    """Budget of the search."""

    trials: int = Field(default=50, ge=1, description="Number of recipes tried, the usual one included")


@table_asset(
    "tuned_recipe",
    group="models",
    kinds=["optuna", "parquet"],
    description="Recipes tried for the market at earlier origins, and the one that cycles use until the next tuning.",
    # A young market has none of them so long ago: the asset then says that there is nothing to tune on.
    ins={
        "features": window("features", -(TRAINING_ORIGINS + EARLIEST) + LAST_SCORED, LAST_ORIGIN, required="none"),
        "sell_in": units_window(-(MONTHS_OF_REFITS + EARLIEST) + LAST_SCORED, LAST_SCORED, required="none"),
        "history_marks": window(
            "history_marks", -(EARLIEST_ANCHOR_MONTHS + EARLIEST) + LAST_SCORED, LAST_ORIGIN, required="none"
        ),
        "products": window("products", LAST_SCORED - EARLIEST, LAST_ORIGIN, required="none"),
    },
    pool=TRAINING_POOL,
)
def tuned_recipe(
    context: dg.AssetExecutionContext,
    config: TuningBudget,
    settings: dg.ResourceParam[Settings],
    recipes_in_force: dg.ResourceParam[RecipesInForce],
    current_features: dg.ResourceParam[CurrentFeatures],
    features: pd.DataFrame,
    sell_in: pd.DataFrame,
    history_marks: pd.DataFrame,
    products: pd.DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Tune the recipe of the run's market on the data known at the end of its month."""
    (month,) = months_of_run(context)
    where = f"{country_of_run(context)} {month:%Y-%m}"
    require_marks(
        "tuned_recipe",
        recipes_in_force.store,
        PartitionKey(month, country_of_run(context)),
        list(features["month"].unique()),
    )
    current_features.require(country_of_run(context), features)
    last = add_months(month, LAST_SCORED)
    panel = panel_from_rows(sell_in, sell_in["month"].min() if len(sell_in) else last, last).with_marks(history_marks)

    def recipe(parameters: Mapping[str, object]) -> Recipe:
        return backtest_recipe_of(settings.training, parameters)

    try:
        trials = tuning.tuned_recipe(
            features, panel, month, recipe, config.trials, products, _progress(context, where, config.trials)
        )
    except TooLittleToTuneError as error:
        raise dg.Failure(f"{where}: {error}", allow_retries=False) from error
    # If an alarm started the search: the alarm, and the part of the month's budget that the search takes.
    requested = {name: context.run.tags[tag] for name, tag in REQUESTED_BY.items() if tag in context.run.tags}
    metadata = _trial_figures(trials, month) | requested
    yield from stored_if_sound({month: trials}, [schema_check("tuned_recipe")], metadata=metadata)


def _progress(context: dg.AssetExecutionContext, where: str, count: int) -> Callable[[Trial, Trial], None]:
    def report(trial: Trial, best: Trial) -> None:
        line = (
            f"{where} trial {trial.number + 1} of {count}: WAPE {trial.wape:.4f}, bias {trial.bias:+.4f}; "
            f"best so far trial {best.number + 1}: WAPE {best.wape:.4f}, bias {best.bias:+.4f}"
        )
        context.log.info(line)
        PROGRESS.info(line)

    return report


def _trial_figures(trials: pd.DataFrame, month: pd.Timestamp) -> dict[str, object]:
    usual, chosen = trials.iloc[0], trials[trials["role"] == IN_FORCE].iloc[0]
    return {
        "trials": len(trials),
        "trial_in_force": int(chosen["trial"]),
        "parameters_in_force": dg.MetadataValue.json(tuning.parameters_in_force(trials.assign(month=month))),
        **{f"{name}_usual": float(usual[name]) for name in ("wape", "bias")},
        **{f"{name}_in_force": float(chosen[name]) for name in ("wape", "bias")},
    }
