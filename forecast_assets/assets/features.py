"""Features per origin: everything known about a SKU at the end of a month, and nothing later."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.assets.table_asset import table_asset
from forecast_assets.checks import feature_checks
from forecast_assets.checks.table_checks import stored_if_sound
from forecast_assets.domain.features.build import FEATURE_WINDOW_MONTHS, build_features, market_history
from forecast_assets.partition_windows import same_month, window
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.settings import Settings

FIRST = -(FEATURE_WINDOW_MONTHS - 1)


@table_asset(
    "features",
    group="features",
    kinds=["pandas", "parquet"],
    description="One row per SKU as known at the end of the origin month; columns end in _h01 .. _h18 where they "
    "differ by target month.",
    ins={
        "sell_in": window("sell_in", FIRST, 0, columns=["sku", "sell_in_units"]),
        "sell_out": window("sell_out", FIRST, 0),
        "products": window("products", 0, 0),
        "promotions": window("promotions", 0, 0),
        "covid_policy": window("covid_policy", -23, 0),
        "demand_totals_known": same_month("demand_totals_known", missing="skip"),
    },
    checks=feature_checks.FEATURES,
    months_in_one_run=True,
)
def features(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    sell_in: pd.DataFrame,
    sell_out: pd.DataFrame,
    products: pd.DataFrame,
    promotions: pd.DataFrame,
    covid_policy: pd.DataFrame,
    demand_totals_known: pd.DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Features of the run's origins."""
    market = settings.market_table[country_of_run(context)]
    history = market_history(
        market.code, market.region, market.iso2, sell_in, sell_out,
        products=products, promotions=promotions, totals_known=demand_totals_known, covid_policy=covid_policy,
    )  # fmt: skip
    tables = {origin: build_features(history, origin) for origin in months_of_run(context)}
    yield from stored_if_sound(tables, feature_checks.features_checks(set(sell_in["month"]), market))
