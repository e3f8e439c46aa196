"""Assets of the market's model and of the planners' baseline that it is measured against."""

import dataclasses
from collections.abc import Iterator, Sequence

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings, pools_markets
from forecast_assets.defs.assets.contests import LATEST_REFUSALS, LATEST_TUNING, contest_of_run, skipped_if_superseded
from forecast_assets.defs.assets.table_asset import TRAINING_POOL, table_asset
from forecast_assets.defs.io_managers.required_inputs import MissingInput
from forecast_assets.defs.partition_windows import same_month, units_window, window
from forecast_assets.defs.shown_figures import model_figures
from forecast_assets.defs.training.jobs import TrainingJobs
from forecast_assets.domain.anchors import EARLIEST_ANCHOR_MONTHS, TRAINING_ORIGINS
from forecast_assets.domain.calendar import add_months, month_range
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.features.market_at_origin import LEAST_HISTORY_MONTHS
from forecast_assets.domain.models.market_model import MarketModel
from forecast_assets.domain.models.market_model_storage import beside_champion, model_to_parts
from forecast_assets.domain.models.pooled_model import PooledModel, pooled_from_texts
from forecast_assets.domain.models.predictions import MEMBER_MONTHS
from forecast_assets.domain.publication.market_forecasts import market_baseline
from forecast_assets.domain.selection.contest import Contest, recipe_id
from forecast_assets.domain.selection.tuning import latest_tuning
from forecast_assets.domain.statistical.baseline import BASELINE_WINDOW_MONTHS
from forecast_assets.market_state.anchor_fits import AnchorFits
from forecast_assets.market_state.fitted_model import fitted_model
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.market_state.training_request import request_of
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.storage.anchor_memory import AnchorMemory
from forecast_assets.storage.current_features import CurrentFeatures
from forecast_assets.storage.stored_window import StoredWindow
from forecast_assets.validation import forecast_checks
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import stored_if_sound

Results = Iterator[dg.AssetCheckResult | dg.Output]

# The members of the earliest refit reach as far back as those of the forecast.
MONTHS_OF_REFITS = MEMBER_MONTHS - 1 + EARLIEST_ANCHOR_MONTHS


def require_training_origins(
    asset: str, store: TableReader, country: str, origin: pd.Timestamp, features: StoredWindow, sell_in: pd.DataFrame
) -> None:
    """Raise MissingInput if a market with a year of data has no features before an origin, or no marks of them.

    A younger market has neither and is forecast without.
    """
    step, before = PartitionKey(origin, country), add_months(origin, -1)
    first = add_months(sell_in["month"].min(), LEAST_HISTORY_MONTHS - 1)
    if not features.months and first <= before:
        absent = [PartitionKey(month, country) for month in month_range(first, before)]
        raise MissingInput(asset, [step], "features", absent)
    require_marks(asset, store, step, features.months)


def require_marks(asset: str, store: TableReader, step: PartitionKey, months: Sequence[pd.Timestamp]) -> None:
    """Raise MissingInput if the marks of the last month that has features are not stored."""
    if not months:
        return
    last = PartitionKey(max(months), step.country)
    if not store.exists("history_marks", last):
        raise MissingInput(asset, [step], "history_marks", [last])


def pooled_of(settings: Settings, pooled_model: pd.DataFrame) -> PooledModel | None:
    """Return the learners of all markets; None if they are absent or the company switched pooling off."""
    return pooled_from_texts(pooled_model) if pools_markets(settings) else None


def hashes_of_pooled(store: TableReader, origin: pd.Timestamp, pooled: PooledModel | None) -> dict[PartitionKey, str]:
    """Return the content hash of the learners of all markets at an origin; empty where they are not used."""
    stored = store.provenances("pooled_model", [PartitionKey(origin)]) if pooled else {}
    return {partition: each.content_hash for partition, each in stored.items()}


@table_asset(
    "baseline_forecasts",
    group="models",
    kinds=["numpy", "parquet"],
    description="The planners' Holt-Winters and the seasonal naive, 18 months per SKU, from the last 120 months.",
    ins={
        "sell_in": units_window(-(BASELINE_WINDOW_MONTHS - 1), 0),
        "products": window("products", 0, 0, columns=["sku", "launch_month", "end_month"]),
        # The baseline is what is published if features or model fail: it needs no table but its own sources.
        "history_marks": window("history_marks", 0, 0, required="none"),
    },
    checks=[forecast_checks.HORIZON_COMPLETE],
    months_in_one_run=True,
)
@skipped_if_superseded
def baseline_forecasts(
    context: dg.AssetExecutionContext,
    recipes_in_force: dg.ResourceParam[RecipesInForce],
    sell_in: pd.DataFrame,
    products: pd.DataFrame,
    history_marks: pd.DataFrame,
) -> Results:
    """Compute the baseline of the run's origins."""
    panel = panel_from_rows(sell_in, sell_in["month"].min(), sell_in["month"].max()).with_marks(history_marks)
    tables = {
        origin: market_baseline(panel, origin, products[products["month"] == origin])
        for origin in months_of_run(context)
    }
    checks = [schema_check("baseline_forecasts"), forecast_checks.horizon_complete()]
    yield from stored_if_sound(tables, checks)


@table_asset(
    "model",
    group="models",
    kinds=["lightgbm", "parquet"],
    description="The market's trained learners as texts: from earlier origins and the sell-in that followed.",
    ins={
        # A market without a year of data has none: see require_training_origins.
        "features": window("features", -TRAINING_ORIGINS, -1, required="none", read_later=True),
        "sell_in": units_window(-MONTHS_OF_REFITS, 0, read_later=True),
        "history_marks": window("history_marks", -EARLIEST_ANCHOR_MONTHS, 0, read_later=True),
        "pooled_model": same_month("pooled_model", required="none"),
        "tuned_recipe": LATEST_TUNING,
        "refused_recipe": LATEST_REFUSALS,
    },
    pool=TRAINING_POOL,
)
@skipped_if_superseded
def model(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    recipes_in_force: dg.ResourceParam[RecipesInForce],
    current_features: dg.ResourceParam[CurrentFeatures],
    anchor_memory: dg.ResourceParam[AnchorMemory],
    training_jobs: dg.ResourceParam[TrainingJobs],
    features: StoredWindow,
    sell_in: StoredWindow,
    history_marks: StoredWindow,
    pooled_model: pd.DataFrame,
    tuned_recipe: pd.DataFrame,
    refused_recipe: pd.DataFrame,
) -> Results:
    """Train the model of the run's origin month; where a challenger meets another champion, one by each recipe."""
    (origin,) = months_of_run(context)
    country, store = country_of_run(context), recipes_in_force.store
    require_training_origins("model", store, country, origin, features, sell_in.frame())
    pooled = pooled_of(settings, pooled_model)
    contest = contest_of_run(context, settings, recipes_in_force, tuned_recipe, refused_recipe)
    skus = features.frame(["sku"])["sku"].nunique()
    is_pooled = pools_markets(settings) and contest.recipe.learns_from_others(skus)
    missing = ("pooled_model",) if pooled is None and is_pooled else ()
    anchors = AnchorFits(country, anchor_memory, current_features, features, sell_in, history_marks)
    by_job = training_jobs.takes(country)
    if by_job:
        learners = hashes_of_pooled(store, origin, pooled)
        training_jobs.require(context, request_of("model", anchors, origin, contest.recipes, learners))
    first, *others = (
        fitted_model(anchors, origin, recipe, pooled, skus, remember=by_job) for recipe in contest.recipes
    )
    fitted = dataclasses.replace(first.model, inputs_missing=missing)
    parts = model_to_parts(fitted)
    for champion in others:
        parts = beside_champion(parts, model_to_parts(dataclasses.replace(champion.model, inputs_missing=missing)))
    figures = {
        **model_figures(first.errors, fitted.gains()),
        **_training_figures(fitted, contest),
        "recipe_tuned_in": latest_tuning(tuned_recipe),
    }
    yield from stored_if_sound({origin: parts}, [schema_check("model")], metadata=figures)


def _training_figures(fitted: MarketModel, contest: Contest) -> dict[str, object]:
    return {
        "training_rows": fitted.rows,
        "features": len(fitted.columns),
        "pooled_share": fitted.pooled_share,
        "boosting_weight": fitted.boosting_weight,
        "planned_share": fitted.planned_share,
        "switched_off": ", ".join(fitted.switched_off) or "none",
        "refits": fitted.refits,
        "recipe_id": recipe_id(contest.recipe),
        "champion_id": recipe_id(contest.champion or contest.recipe),
    }
