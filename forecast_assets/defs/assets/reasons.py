"""Asset of the reasons of a market's published forecasts; no other asset reads it."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.table_asset import table_asset
from forecast_assets.defs.partition_windows import units_window, window
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.horizon import HORIZON_MONTHS
from forecast_assets.domain.portfolio.portfolio_rules import HISTORY_MONTHS
from forecast_assets.domain.reasons.forecast_reasons import forecast_reasons as reasons_of
from forecast_assets.domain.reasons.published_numbers import ReasonTables, published_model
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.validation import reason_checks
from forecast_assets.validation.table_checks import stored_if_sound


@table_asset(
    "forecast_reasons",
    group="publication",
    kinds=["parquet"],
    description="Reasons of each published forecast: what made it, and its difference from last year by cause.",
    # After a fallback there may be no more than what is published.
    ins={
        "published_forecasts": window("published_forecasts", 0, 0),
        "forecasts": window("forecasts", 0, 0, required="none"),
        "champion": window("champion", 0, 0, columns=["source", "reason"], required="none"),
        "model": window("model", 0, 0, required="none"),
        "features": window("features", 0, 0, required="none"),
        "overrides": window("overrides", 0, 0, required="none"),
        "sell_in": units_window(1 - HISTORY_MONTHS, 0, required="none"),
        # Earlier months show since when an end has been known.
        "products": window("products", -HORIZON_MONTHS, 0, required="none"),
    },
    checks=[reason_checks.PARTS_ADD_UP],
)
def forecast_reasons(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    published_forecasts: pd.DataFrame,
    forecasts: pd.DataFrame,
    champion: pd.DataFrame,
    model: pd.DataFrame,
    features: pd.DataFrame,
    overrides: pd.DataFrame,
    sell_in: pd.DataFrame,
    products: pd.DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Explain the published forecasts of the run's origin month."""
    (origin,) = months_of_run(context)
    language = settings.market_table[country_of_run(context)].language
    panel = panel_from_rows(sell_in, sell_in["month"].min() if len(sell_in) else origin, origin)
    trained = published_model(model, champion)
    tables = ReasonTables(published_forecasts, forecasts, champion, features, overrides, products, trained)
    rows = reasons_of(tables, panel, origin, language)
    yield from stored_if_sound({origin: rows}, reason_checks.reason_checks(published_forecasts, panel))
