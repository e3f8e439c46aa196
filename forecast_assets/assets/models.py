"""What learns and what it is measured against: the market's model and the planners' baseline."""

import dataclasses
from collections.abc import Iterator

import dagster as dg
import numpy as np
import pandas as pd

from forecast_assets.assets.table_asset import table_asset
from forecast_assets.checks import forecast_checks
from forecast_assets.checks.schema_check import schema_check
from forecast_assets.checks.table_checks import stored_if_sound
from forecast_assets.domain.announced import announced_skus, with_announced
from forecast_assets.domain.baseline import BASELINE_WINDOW_MONTHS
from forecast_assets.domain.baseline import baseline_forecasts as baseline_at
from forecast_assets.domain.demand import active_skus, panel_from_rows
from forecast_assets.domain.models.market_model import fit_market_model, model_to_parts
from forecast_assets.domain.models.parts import MEMBER_MONTHS
from forecast_assets.domain.models.pooled_model import PooledModel, pooled_from_texts
from forecast_assets.domain.models.recipe import REFIT_OFFSETS_MONTHS, Recipe
from forecast_assets.partition_windows import same_month, window
from forecast_assets.partitions import months_of_run
from forecast_assets.settings import Settings, pools_markets

Results = Iterator[dg.AssetCheckResult | dg.Output]

TRAINING_ORIGINS = 60
# The members of the earliest refit look as far back as those of the forecast.
MONTHS_OF_REFITS = MEMBER_MONTHS - 1 + max(REFIT_OFFSETS_MONTHS)


def recipe_of(settings: Settings) -> Recipe:
    """The recipe with the company's limits: fewer rounds take larger steps, their product stays the recipe's."""
    usual = Recipe()
    rate = usual.learning_rate * usual.rounds / settings.boosting_rounds
    return dataclasses.replace(
        usual,
        training_rows=settings.training_rows,
        rounds=settings.boosting_rounds,
        learning_rate=rate,
        threads=settings.threads,
    )


def backtest_recipe_of(settings: Settings) -> Recipe:
    """The same with fewer rows and half the rounds in steps twice as large: it is fitted at three origins."""
    usual = recipe_of(settings)
    rounds = max(1, usual.rounds // 2)
    rate = usual.learning_rate * usual.rounds / rounds
    return dataclasses.replace(usual, training_rows=settings.backtest_training_rows, rounds=rounds, learning_rate=rate)


def pooled_of(settings: Settings, pooled_model: pd.DataFrame) -> PooledModel | None:
    """What all markets teach; None where it is not there or the company switched pooling off."""
    return pooled_from_texts(pooled_model) if pools_markets(settings) else None


@table_asset(
    "baseline_forecasts",
    group="models",
    kinds=["numpy", "parquet"],
    description="The planners' Holt-Winters and the seasonal naive, 18 months per SKU, from the last 120 months.",
    ins={
        "sell_in": window("sell_in", -(BASELINE_WINDOW_MONTHS - 1), 0, columns=["sku", "sell_in_units"]),
        "products": window("products", 0, 0, columns=["sku", "launch_month", "end_month"]),
    },
    checks=[forecast_checks.HORIZON_COMPLETE],
    months_in_one_run=True,
)
def baseline_forecasts(context: dg.AssetExecutionContext, sell_in: pd.DataFrame, products: pd.DataFrame) -> Results:
    """Baseline of the run's origins, for the SKUs that are active then and, zero, for those announced."""
    panel = panel_from_rows(sell_in, sell_in["month"].min(), sell_in["month"].max())
    tables = {}
    for origin in months_of_run(context):
        known = products[products["month"] == origin]
        ends = known.set_index("sku")["end_month"].reindex(panel.skus)
        announced = announced_skus(panel, origin, known)
        skus = np.union1d(panel.skus[active_skus(panel, origin, ends.to_numpy())], announced)
        tables[origin] = baseline_at(with_announced(panel, announced), origin, skus)
    checks = [schema_check("baseline_forecasts"), forecast_checks.horizon_complete()]
    yield from stored_if_sound(tables, checks)


@table_asset(
    "model",
    group="models",
    kinds=["lightgbm", "parquet"],
    description="What the market's learners know, trained on earlier origins and the sell-in that followed, as texts.",
    ins={
        "features": window("features", -TRAINING_ORIGINS, -1),
        "sell_in": window("sell_in", -MONTHS_OF_REFITS, 0, columns=["sku", "sell_in_units"]),
        "history_marks": window("history_marks", -max(REFIT_OFFSETS_MONTHS), 0),
        "pooled_model": same_month("pooled_model", missing="skip"),
    },
)
def model(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    features: pd.DataFrame,
    sell_in: pd.DataFrame,
    history_marks: pd.DataFrame,
    pooled_model: pd.DataFrame,
) -> Results:
    """The model of the run's origin month."""
    (origin,) = months_of_run(context)
    panel = panel_from_rows(sell_in, sell_in["month"].min(), origin).with_marks(history_marks)
    pooled = pooled_of(settings, pooled_model)
    fitted = fit_market_model(features, panel, origin, recipe_of(settings), pooled=pooled)
    if pooled is None and pools_markets(settings):
        fitted = dataclasses.replace(fitted, inputs_missing=("pooled_model",))
    figures = {
        "training_rows": fitted.rows,
        "features": len(fitted.columns),
        "pooled_share": fitted.pooled_share,
        "boosting_weight": fitted.boosting_weight,
        "refits": fitted.refits,
    }
    yield from stored_if_sound({origin: model_to_parts(fitted)}, [schema_check("model")], metadata=figures)
