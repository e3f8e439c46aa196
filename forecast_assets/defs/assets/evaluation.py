"""Assets of accuracy: the recipe backtested before publication, the published forecasts measured after it."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.contests import LATEST_REFUSALS, LATEST_TUNING, contest_of_run, skipped_if_superseded
from forecast_assets.defs.assets.models import (
    MONTHS_OF_REFITS,
    hashes_of_pooled,
    pooled_of,
    require_training_origins,
)
from forecast_assets.defs.assets.table_asset import TRAINING_POOL, table_asset
from forecast_assets.defs.partition_windows import same_month, units_window, window
from forecast_assets.defs.shown_figures import error_by_lag
from forecast_assets.defs.training.jobs import TrainingJobs
from forecast_assets.domain.anchors import EARLIEST_ANCHOR_MONTHS, TRAINING_ORIGINS
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.demand.restatements import dated_rows, latest_rows, own_rows
from forecast_assets.domain.evaluation import performance as realised
from forecast_assets.domain.selection.backtest import scored
from forecast_assets.market_state.anchor_fits import AnchorFits
from forecast_assets.market_state.later_restatements import LaterRestatements
from forecast_assets.market_state.recipes import for_backtest
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.market_state.training_request import request_of
from forecast_assets.partitions import country_of_run, months_of_run, partition_key
from forecast_assets.storage.anchor_memory import AnchorMemory
from forecast_assets.storage.current_features import CurrentFeatures
from forecast_assets.storage.stored_window import StoredWindow
from forecast_assets.validation import evaluation_checks
from forecast_assets.validation.table_checks import stored_if_sound

Results = Iterator[dg.AssetCheckResult | dg.Output]


@table_asset(
    "backtest",
    group="evaluation",
    kinds=["lightgbm", "parquet"],
    description="Forecasts of recipe, baseline and naive at three earlier quarter ends, each from what was known then.",
    ins={
        # Of earlier origins, which a market without a year of data does not have: see require_training_origins.
        "features": window(
            "features", -(TRAINING_ORIGINS + EARLIEST_ANCHOR_MONTHS), -1, required="none", read_later=True
        ),
        "sell_in": units_window(-(MONTHS_OF_REFITS + EARLIEST_ANCHOR_MONTHS), 0, read_later=True),
        "history_marks": window("history_marks", -2 * EARLIEST_ANCHOR_MONTHS, -1, required="none", read_later=True),
        "products": window("products", -EARLIEST_ANCHOR_MONTHS, -1, required="none", read_later=True),
        "pooled_model": same_month("pooled_model", required="none"),
        "tuned_recipe": LATEST_TUNING,
        "refused_recipe": LATEST_REFUSALS,
    },
    checks=evaluation_checks.BACKTEST,
    pool=TRAINING_POOL,
)
@skipped_if_superseded
def backtest(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    recipes_in_force: dg.ResourceParam[RecipesInForce],
    current_features: dg.ResourceParam[CurrentFeatures],
    anchor_memory: dg.ResourceParam[AnchorMemory],
    training_jobs: dg.ResourceParam[TrainingJobs],
    features: StoredWindow,
    sell_in: StoredWindow,
    history_marks: StoredWindow,
    products: StoredWindow,
    pooled_model: pd.DataFrame,
    tuned_recipe: pd.DataFrame,
    refused_recipe: pd.DataFrame,
) -> Results:
    """Run the backtest at the end of the run's origin month."""
    (origin,) = months_of_run(context)
    country, rows = country_of_run(context), sell_in.frame()
    require_training_origins("backtest", recipes_in_force.store, country, origin, features, rows)
    panel = panel_from_rows(rows, rows["month"].min(), origin)
    pooled = pooled_of(settings, pooled_model)
    contest = contest_of_run(context, settings, recipes_in_force, tuned_recipe, refused_recipe)
    anchors = AnchorFits(country, anchor_memory, current_features, features, sell_in, history_marks, products)
    recipes = [for_backtest(settings.training, recipe) for recipe in contest.recipes]
    if training_jobs.takes(country):
        learners = hashes_of_pooled(recipes_in_force.store, origin, pooled)
        training_jobs.require(context, request_of("backtest", anchors, origin, recipes, learners))
    known, *of_champion = (anchors.backtest_forecasts(origin, recipe, pooled) for recipe in recipes)
    cells = scored(known, of_champion[0] if of_champion else [], panel, origin)
    metadata = evaluation_checks.backtest_figures(cells, origin)
    yield from stored_if_sound({origin: cells}, evaluation_checks.backtest_checks(), metadata=metadata)


@table_asset(
    "performance",
    group="evaluation",
    kinds=["pandas", "parquet"],
    description="Sell-in of the month against every forecast of it published before, by lag 1 to 18.",
    ins={
        "sell_in": units_window(0, 0),
        # The first months after the first publication have few lags or none.
        "published_forecasts": window(
            "published_forecasts", -18, -1, columns=realised.PUBLISHED_COLUMNS, required="none"
        ),
    },
    months_in_one_run=True,
)
def performance(
    context: dg.AssetExecutionContext,
    later_restatements: dg.ResourceParam[LaterRestatements],
    sell_in: pd.DataFrame,
    published_forecasts: pd.DataFrame,
) -> Results:
    """Measure the forecasts as published then by the run's months as known now."""
    months = months_of_run(context)
    later = later_restatements.of(country_of_run(context), months, context.run.run_id, "performance")
    known = latest_rows(pd.concat([dated_rows(own_rows(sell_in)), later], ignore_index=True))
    tables = {
        month: realised.performance(month, known[known["month"] == month], published_forecasts) for month in months
    }
    for month, cells in tables.items():
        # On the month's own event: metadata of the output would stand on every month of a range.
        context.add_asset_metadata(
            {**evaluation_checks.performance_figures(cells), **error_by_lag(cells)},
            asset_key="performance",
            partition_key=partition_key(month, country_of_run(context)),
        )
    yield from stored_if_sound(tables, evaluation_checks.performance_checks())
