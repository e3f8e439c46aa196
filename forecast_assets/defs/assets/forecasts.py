"""Asset of a market's forecasts: 18 months per SKU beside the planners' baseline."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.table_asset import table_asset
from forecast_assets.defs.partition_windows import units_window, window
from forecast_assets.defs.shown_figures import forecast_figures
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.models.market_model_storage import champion_from_parts, model_from_parts
from forecast_assets.domain.models.predictions import MEMBER_MONTHS
from forecast_assets.domain.portfolio.portfolio_rules import HISTORY_MONTHS
from forecast_assets.domain.portfolio.successors import proposed_successors, with_successors
from forecast_assets.domain.publication.market_forecasts import market_forecasts
from forecast_assets.partitions import months_of_run
from forecast_assets.validation import forecast_checks
from forecast_assets.validation.table_checks import stored_if_sound


@table_asset(
    "forecasts",
    group="forecasts",
    kinds=["lightgbm", "parquet"],
    description="The model's forecast with its 80 per cent interval, 18 months per SKU, beside the planners' baseline.",
    ins={
        "model": window("model", 0, 0),
        "features": window("features", 0, 0),
        "baseline_forecasts": window("baseline_forecasts", 0, 0),
        "sell_in": units_window(1 - max(HISTORY_MONTHS, MEMBER_MONTHS), 0),
        "history_marks": window("history_marks", 0, 0),
        "products": window("products", 0, 0),
    },
    checks=forecast_checks.FORECASTS,
)
def forecasts(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    model: pd.DataFrame,
    features: pd.DataFrame,
    baseline_forecasts: pd.DataFrame,
    sell_in: pd.DataFrame,
    history_marks: pd.DataFrame,
    products: pd.DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Forecast from the run's origin month."""
    (origin,) = months_of_run(context)
    panel = panel_from_rows(sell_in, sell_in["month"].min(), origin).with_marks(history_marks)
    proposed, accepts = proposed_successors(panel, origin, products), settings.publication.accept_successors
    products = with_successors(products, proposed) if accepts else products
    trained, champion = model_from_parts(model), champion_from_parts(model)
    rows = market_forecasts(trained, champion, features, baseline_forecasts, panel, products, origin)
    checks = forecast_checks.forecasts_checks(panel, settings.checks)
    checks.append(forecast_checks.successors_named(proposed, accepts))
    yield from stored_if_sound({origin: rows}, checks, metadata=forecast_figures(rows, origin))
