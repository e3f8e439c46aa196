"""Asset of forecast value added: what model and overrides changed, measured in the month they forecast."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.defs.assets.table_asset import table_asset
from forecast_assets.defs.partition_windows import window
from forecast_assets.domain.demand.restatements import RESTATED_MONTH
from forecast_assets.domain.evaluation.value_added import PRICE_MONTHS
from forecast_assets.domain.publication.before_overrides import FORECAST_COLUMNS, PUBLISHED_COLUMNS
from forecast_assets.domain.publication.value_added_month import value_added_of_month
from forecast_assets.partitions import months_of_run
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import stored_if_sound


@table_asset(
    "forecast_value_added",
    group="evaluation",
    kinds=["pandas", "parquet"],
    description="Errors of naive, Holt-Winters, model, the number before overrides and the published one, by group.",
    ins={
        "performance": window("performance", 0, 0),
        # The first months after the first publication have few lags or none.
        "published_forecasts": window("published_forecasts", -18, -1, columns=PUBLISHED_COLUMNS, required="none"),
        "forecasts": window("forecasts", -18, -1, columns=FORECAST_COLUMNS, required="none"),
        "overrides": window("overrides", -18, -1, columns=["sku", "target_month", "author"], required="none"),
        "sell_in": window(
            "sell_in", 1 - PRICE_MONTHS, 0, columns=["sku", "sell_in_units", "net_sales", RESTATED_MONTH]
        ),
    },
    months_in_one_run=True,
)
def forecast_value_added(
    context: dg.AssetExecutionContext,
    performance: pd.DataFrame,
    published_forecasts: pd.DataFrame,
    forecasts: pd.DataFrame,
    overrides: pd.DataFrame,
    sell_in: pd.DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Measure every step of the forecasts of the run's months."""
    tables = {
        month: value_added_of_month(month, performance, published_forecasts, forecasts, overrides, sell_in)
        for month in months_of_run(context)
    }
    yield from stored_if_sound(tables, [schema_check("forecast_value_added")])
