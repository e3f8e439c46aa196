"""Assets of demand over all markets: totals of a month, and the totals that are known a month later.

A market never waits for another one: it reads totals up to the month before its origin month.
"""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.config.markets import forecast_markets
from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.table_asset import table_asset
from forecast_assets.defs.partition_windows import month_window, same_month
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.hierarchy import demand_totals as totals_of_month
from forecast_assets.domain.demand.hierarchy import known_totals
from forecast_assets.domain.demand.restatements import own_rows
from forecast_assets.market_state.damaged_inputs import DamagedInputs, without_markets_of
from forecast_assets.market_state.unlisted_markets import UnlistedMarkets
from forecast_assets.partitions import months_of_run
from forecast_assets.validation import demand_checks
from forecast_assets.validation.damage_checks import INPUTS_SOUND, inputs_sound
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import stored_if_sound

KNOWN_MONTHS = 47
Results = Iterator[dg.AssetCheckResult | dg.Output]


@table_asset(
    "demand_totals",
    group="demand",
    kinds=["pandas", "parquet"],
    description="The month's units by level (world, region, market), entity and category, over the delivered markets.",
    ins={name: same_month(name, required="any", skip_damaged=True) for name in ("sell_in", "sell_out", "products")},
    checks=[*demand_checks.TOTALS, INPUTS_SOUND],
    months_in_one_run=True,
)
def demand_totals(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    unlisted_markets: dg.ResourceParam[UnlistedMarkets],
    damaged_inputs: dg.ResourceParam[DamagedInputs],
    sell_in: pd.DataFrame,
    sell_out: pd.DataFrame,
    products: pd.DataFrame,
) -> Results:
    """Add up the run's months over the markets that have delivered, without those that have a damaged file."""
    damaged = damaged_inputs.of(context.run.run_id, "demand_totals")
    sell_in = without_markets_of(sell_in, damaged)
    regions = {code: market.region for code, market in settings.market_table.items()}
    tables = {
        month: totals_of_month(
            _by_country(sell_in, month), _by_country(sell_out, month), _by_country(products, month), regions
        )
        for month in months_of_run(context)
    }
    delivered = {month: set(sell_in.loc[sell_in["month"] == month, "country"]) for month in tables}
    expected = forecast_markets(settings.market_table)
    checks = demand_checks.totals_checks(delivered, expected, unlisted_markets.months())
    yield from stored_if_sound(tables, [*checks, inputs_sound(damaged)])


@table_asset(
    "demand_totals_known",
    group="demand",
    kinds=["pandas", "parquet"],
    description="Totals of the 47 months before this one, with like-for-like growth, as every market may read them.",
    ins={"demand_totals": month_window("demand_totals", -KNOWN_MONTHS, -1, required="any")},
    months_in_one_run=True,
)
def demand_totals_known(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings], demand_totals: pd.DataFrame
) -> Results:
    """Collect the totals known at the run's months."""
    regions = {code: market.region for code, market in settings.market_table.items()}
    earlier = demand_totals.rename(columns={"month": "total_month"})
    tables = {month: known_totals(_window(earlier, month), month, regions) for month in months_of_run(context)}
    yield from stored_if_sound(tables, [schema_check("demand_totals_known")])


def _window(totals: pd.DataFrame, month: pd.Timestamp) -> pd.DataFrame:
    """Return the totals of the 47 months before a month; a range run has loaded more."""
    return totals[totals["total_month"].between(add_months(month, -KNOWN_MONTHS), add_months(month, -1))]


def _by_country(rows: pd.DataFrame, month: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Return the rows of a month by market, as they were known at its end: totals are not restated."""
    of_month = rows[rows["month"] == month]
    of_month = own_rows(of_month)
    return {str(code): table.drop(columns=["country", "month"]) for code, table in of_month.groupby("country")}
