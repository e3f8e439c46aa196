"""Assets of a market's deliveries: sell-in, sell-out, products, promotions, overrides and COVID-19 policy."""

from collections.abc import Iterator
from functools import partial

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.delivery import build_delivery_asset
from forecast_assets.defs.assets.lineage import upstream_of
from forecast_assets.defs.assets.source_findings import stored_with_findings
from forecast_assets.defs.assets.table_asset import DREMIO_POOL, SOURCE_POOL, table_asset
from forecast_assets.domain.demand.covid import monthly_covid_policy
from forecast_assets.domain.month_tables import by_month
from forecast_assets.market_state.delivery_findings import DeliveryFindings
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.sources.sql import SqlProject
from forecast_assets.validation import delivery_checks, source_checks
from forecast_assets.validation.run_checks import tables_and_checks
from forecast_assets.validation.table_checks import stored_if_sound

SQL = SqlProject()
# Kind of the deliveries, engine that runs the SQL, and pool that limits how many read at once.
READERS = {"files": ("file", "duckdb", SOURCE_POOL), "dremio": ("dremio", "dremio", DREMIO_POOL)}
Results = Iterator[dg.AssetCheckResult | dg.Output]


def build_source_assets(source: str) -> list[dg.AssetsDefinition]:
    """Build the assets that read deliveries from ``source`` (``files`` or ``dremio``)."""
    kind, engine, pool = READERS[source]
    sourced = partial(table_asset, group="sources", kinds=[engine, "parquet"], months_in_one_run=True, pool=pool)
    return [
        build_delivery_asset(kind, pool),
        sourced(
            "sell_in",
            description="Units sold to wholesalers and retailers, one row per SKU and month; months without a sale are "
            "rows.",
            checks=[*source_checks.SELL_IN, *delivery_checks.DECLARATIONS["sell_in"]],
            deps=[*upstream_of(SQL, "sell_in"), "delivery"],
        )(sell_in),
        sourced(
            "sell_out",
            description="Units sold by retailers to consumers, with stock, price and distribution; empty without "
            "sell-out.",
            checks=[*source_checks.SELL_OUT, *delivery_checks.DECLARATIONS["sell_out"]],
            deps=[*upstream_of(SQL, "sell_out"), "delivery"],
        )(sell_out),
        sourced(
            "products",
            description="Attributes of every SKU as known at the end of the month.",
            checks=[*source_checks.PRODUCTS, *delivery_checks.DECLARATIONS["products"]],
            deps=upstream_of(SQL, "products"),
        )(products),
        sourced(
            "promotions",
            description="Promotions past and planned, as known at the end of the month.",
            checks=[*source_checks.PROMOTIONS, *delivery_checks.DECLARATIONS["promotions"]],
            deps=upstream_of(SQL, "promotions"),
        )(promotions),
        sourced(
            "overrides",
            description="Planners' own numbers for this origin month.",
            checks=[*source_checks.OVERRIDES, *delivery_checks.DECLARATIONS["overrides"]],
            deps=upstream_of(SQL, "overrides"),
        )(overrides),
    ]


def sell_in(
    context: dg.AssetExecutionContext,
    source_tables: dg.ResourceParam[SourceTables],
    settings: dg.ResourceParam[Settings],
    delivery_findings: dg.ResourceParam[DeliveryFindings],
) -> Results:
    """Read sell-in of the run's months, with the year before them for the checks."""
    yield from _sourced(context, source_tables, settings, delivery_findings, "sell_in")


def sell_out(
    context: dg.AssetExecutionContext,
    source_tables: dg.ResourceParam[SourceTables],
    settings: dg.ResourceParam[Settings],
    delivery_findings: dg.ResourceParam[DeliveryFindings],
) -> Results:
    """Read sell-out of the run's months."""
    yield from _sourced(context, source_tables, settings, delivery_findings, "sell_out")


def products(
    context: dg.AssetExecutionContext,
    source_tables: dg.ResourceParam[SourceTables],
    settings: dg.ResourceParam[Settings],
    delivery_findings: dg.ResourceParam[DeliveryFindings],
) -> Results:
    """Read the products as known in the run's months."""
    yield from _sourced(context, source_tables, settings, delivery_findings, "products")


def promotions(
    context: dg.AssetExecutionContext,
    source_tables: dg.ResourceParam[SourceTables],
    settings: dg.ResourceParam[Settings],
    delivery_findings: dg.ResourceParam[DeliveryFindings],
) -> Results:
    """Read the promotions as known in the run's months."""
    yield from _sourced(context, source_tables, settings, delivery_findings, "promotions")


def overrides(
    context: dg.AssetExecutionContext,
    source_tables: dg.ResourceParam[SourceTables],
    settings: dg.ResourceParam[Settings],
    delivery_findings: dg.ResourceParam[DeliveryFindings],
) -> Results:
    """Read the overrides of the run's months."""
    yield from _sourced(context, source_tables, settings, delivery_findings, "overrides")


@table_asset(
    "covid_policy",
    group="sources",
    kinds=["pandas", "parquet"],
    description="OxCGRT stringency and economic support, mean over the days of the month.",
    checks=source_checks.COVID_POLICY,
    deps=["landing_oxcgrt"],
    months_in_one_run=True,
    pool=SOURCE_POOL,
)
def covid_policy(
    context: dg.AssetExecutionContext,
    source_tables: dg.ResourceParam[SourceTables],
    settings: dg.ResourceParam[Settings],
) -> Results:
    """Compute the restrictions in the run's months; none outside the tracker's period."""
    months = months_of_run(context)
    iso3 = settings.market_table[country_of_run(context)].iso3
    policy = monthly_covid_policy(source_tables.oxcgrt(), iso3, pd.DatetimeIndex(months))
    checks = source_checks.covid_policy_checks(iso3, source_tables.oxcgrt_unread())
    yield from stored_if_sound(by_month(policy, months), checks)


def _sourced(
    context: dg.AssetExecutionContext,
    source_tables: SourceTables,
    settings: Settings,
    findings: DeliveryFindings,
    source: str,
) -> Results:
    """Read a source for the run's months and check it against the contract, the market's past and the store."""
    country, months = country_of_run(context), months_of_run(context)
    tables, checks = tables_and_checks(source_tables, findings.store, settings.checks, source, country, months)
    metadata = {"engine": source_tables.engine_name}
    yield from stored_with_findings(context, settings, findings, source, tables, checks, metadata)
