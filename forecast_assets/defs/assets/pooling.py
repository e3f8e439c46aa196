"""Assets pooled over all markets, by month alone: a sample of their rows, and the learners trained on it.

A market never waits for another one: it reads learners trained on months before its origin month.
"""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.config.markets import forecast_markets
from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.table_asset import TRAINING_POOL, table_asset
from forecast_assets.defs.partition_windows import UNITS, month_window, same_month
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.restatements import own_rows
from forecast_assets.domain.models.pooled_model import POOLED_MONTHS, fit_pooled_model, pooled_to_texts
from forecast_assets.domain.models.pooled_model import pooled_rows as rows_of_month
from forecast_assets.market_state.damaged_inputs import DamagedInputs, without_markets_of
from forecast_assets.market_state.recipes import recipe_of
from forecast_assets.partitions import months_of_run
from forecast_assets.storage.current_features import CurrentFeatures
from forecast_assets.validation.damage_checks import INPUTS_SOUND, inputs_sound
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import stored_if_sound

Results = Iterator[dg.AssetCheckResult | dg.Output]


@table_asset(
    "pooled_rows",
    group="models",
    kinds=["pandas", "parquet"],
    description="Features and sell-in of the month of a fixed sample of every market's SKUs.",
    ins={
        "features": same_month("features", required="any", skip_damaged=True),
        "sell_in": same_month("sell_in", columns=UNITS, required="any", skip_damaged=True),
    },
    checks=[INPUTS_SOUND],
    months_in_one_run=True,
)
def pooled_rows(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    damaged_inputs: dg.ResourceParam[DamagedInputs],
    features: pd.DataFrame,
    sell_in: pd.DataFrame,
) -> Results:
    """Sample the run's months over the markets that have features, without those that have a damaged file."""
    damaged = damaged_inputs.of(context.run.run_id, "pooled_rows")
    features, units = without_markets_of(features, damaged), own_rows(without_markets_of(sell_in, damaged))
    skus_per_market = max(1, settings.pooling.skus // len(forecast_markets(settings.market_table)))
    tables = {
        month: rows_of_month(features[features["month"] == month], units[units["month"] == month], skus_per_market)
        for month in months_of_run(context)
    }
    yield from stored_if_sound(tables, [schema_check("pooled_rows"), inputs_sound(damaged)])


@table_asset(
    "pooled_model",
    group="models",
    kinds=["lightgbm", "parquet"],
    description="Learners trained over all markets on the 60 months before this one, as texts.",
    ins={"pooled_rows": month_window("pooled_rows", -POOLED_MONTHS, -1, required="any")},
    pool=TRAINING_POOL,
)
def pooled_model(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    current_features: dg.ResourceParam[CurrentFeatures],
    pooled_rows: pd.DataFrame,
) -> Results:
    """Train the learners that every market may read at the run's origin month."""
    (origin,) = months_of_run(context)
    current_features.require(None, pooled_rows)
    fitted = fit_pooled_model(pooled_rows, add_months(origin, -1), recipe_of(settings.training))
    figures = {
        "rows": fitted.rows,
        "markets": len(fitted.skus),
        "skus": sum(fitted.skus.values()),
        "without_parts_because": fitted.reason,
    }
    yield from stored_if_sound({origin: pooled_to_texts(fitted)}, [schema_check("pooled_model")], metadata=figures)
