"""Assets of published forecasts by level with their distributions: categories and market, regions and world."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.config.markets import forecast_markets
from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.table_asset import table_asset
from forecast_assets.defs.partition_windows import month_window, same_month, units_window, window
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.levels.level_forecasts import (
    BACKTEST_COLUMNS,
    HISTORY_MONTHS,
    PUBLISHED_COLUMNS,
    levels_above_markets,
    market_levels,
)
from forecast_assets.market_state.damaged_inputs import DamagedInputs, without_markets_of
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.validation import level_checks
from forecast_assets.validation.damage_checks import INPUTS_SOUND, inputs_sound
from forecast_assets.validation.table_checks import stored_if_sound

Results = Iterator[dg.AssetCheckResult | dg.Output]


@table_asset(
    "forecast_levels",
    group="publication",
    kinds=["numpy", "parquet"],
    description="Published forecasts summed to categories and the market, with the distribution of each sum.",
    # The errors of a fallback's market may be unknown; what was published is always summed.
    ins={
        "published_forecasts": window("published_forecasts", 0, 0, columns=PUBLISHED_COLUMNS),
        "sell_in": units_window(1 - HISTORY_MONTHS, 0, required="none"),
        "history_marks": window("history_marks", 0, 0, required="none"),
        "backtest": window("backtest", 0, 0, columns=BACKTEST_COLUMNS, required="none"),
    },
    checks=[level_checks.SUMS_AGREE],
)
def forecast_levels(
    context: dg.AssetExecutionContext,
    published_forecasts: pd.DataFrame,
    sell_in: pd.DataFrame,
    history_marks: pd.DataFrame,
    backtest: pd.DataFrame,
) -> Results:
    """Sum the published forecasts of the run's origin month."""
    (origin,) = months_of_run(context)
    history = None
    if len(sell_in):
        panel = panel_from_rows(sell_in, sell_in["month"].min(), origin).with_marks(history_marks)
        history = panel.learnable(origin, HISTORY_MONTHS)
    table = market_levels(published_forecasts, country_of_run(context), history, backtest)
    yield from stored_if_sound({origin: table}, level_checks.market_checks(published_forecasts))


@table_asset(
    "forecast_totals",
    group="publication",
    kinds=["numpy", "parquet"],
    description="Published forecasts of all markets summed to regions and the world, with the distribution of each.",
    ins={
        "forecast_levels": same_month("forecast_levels", required="any", skip_damaged=True),
        "demand_totals": month_window("demand_totals", -HISTORY_MONTHS, -1, required="none"),
    },
    checks=[level_checks.MARKETS_PUBLISHED, INPUTS_SOUND],
    months_in_one_run=True,
)
def forecast_totals(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    damaged_inputs: dg.ResourceParam[DamagedInputs],
    forecast_levels: pd.DataFrame,
    demand_totals: pd.DataFrame,
) -> Results:
    """Sum the run's months over the markets that are published, without those that have a damaged file."""
    damaged = damaged_inputs.of(context.run.run_id, "forecast_totals")
    levels = without_markets_of(forecast_levels, damaged)
    regions = {code: market.region for code, market in settings.market_table.items()}
    tables = {
        month: levels_above_markets(
            levels[levels["month"] == month],
            demand_totals[demand_totals["month"].between(add_months(month, -HISTORY_MONTHS), add_months(month, -1))],
            regions,
        )
        for month in months_of_run(context)
    }
    published = {month: set(levels.loc[levels["month"] == month, "country"]) for month in tables}
    checks = level_checks.totals_checks(published, forecast_markets(settings.market_table))
    yield from stored_if_sound(tables, [*checks, inputs_sound(damaged)])
