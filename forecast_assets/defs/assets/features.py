"""Assets of features per origin, and of the history marks they use: only what is known at the end of a month."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.table_asset import table_asset
from forecast_assets.defs.partition_windows import same_month, units_window, window
from forecast_assets.domain.cleaning.history_marks import MARKS_WINDOW_MONTHS
from forecast_assets.domain.cleaning.history_marks import history_marks as marks_at
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.market_at_origin import FEATURE_WINDOW_MONTHS
from forecast_assets.domain.features.market_history import market_history, sell_in_and_sell_out
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.validation import feature_checks
from forecast_assets.validation.table_checks import stored_if_sound

FIRST = -(FEATURE_WINDOW_MONTHS - 1)
Results = Iterator[dg.AssetCheckResult | dg.Output]


@table_asset(
    "history_marks",
    group="features",
    kinds=["pandas", "parquet"],
    description="Extreme cells of the history as known at the end of the origin month, with a reason and the units "
    "that level and season are learned from instead; sell_in itself stays as delivered.",
    ins={
        "sell_in": units_window(1 - MARKS_WINDOW_MONTHS, 0),
        "sell_out": window("sell_out", 1 - MARKS_WINDOW_MONTHS, 0),
        "promotions": window("promotions", 0, 0),
        "covid_policy": window("covid_policy", 1 - MARKS_WINDOW_MONTHS, 0),
    },
    checks=feature_checks.MARKS,
    months_in_one_run=True,
)
def history_marks(
    context: dg.AssetExecutionContext,
    sell_in: pd.DataFrame,
    sell_out: pd.DataFrame,
    promotions: pd.DataFrame,
    covid_policy: pd.DataFrame,
) -> Results:
    """Mark extreme cells at the run's origins."""
    panel, measures = sell_in_and_sell_out(sell_in, sell_out)
    tables = {
        origin: marks_at(panel, origin, measures, promotions, covid_policy).drop(columns="month")
        for origin in months_of_run(context)
    }
    yield from stored_if_sound(tables, feature_checks.marks_checks(panel))


@table_asset(
    "features",
    group="features",
    kinds=["pandas", "parquet"],
    description="One row per SKU as known at the end of the origin month; columns end in _h01 .. _h18 where they "
    "differ by target month.",
    ins={
        "sell_in": units_window(FIRST, 0),
        "sell_out": window("sell_out", FIRST, 0),
        "products": window("products", 0, 0),
        "promotions": window("promotions", 0, 0),
        "covid_policy": window("covid_policy", -23, 0),
        "demand_totals_known": same_month("demand_totals_known", required="none"),
        "history_marks": window("history_marks", 0, 0),
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
    history_marks: pd.DataFrame,
) -> Results:
    """Build the features of the run's origins."""
    market = settings.market_table[country_of_run(context)]
    history = market_history(
        market.code, market.region, market.iso2, sell_in, sell_out,
        marks=history_marks, products=products, promotions=promotions, totals_known=demand_totals_known,
        covid_policy=covid_policy,
    )  # fmt: skip
    tables = {origin: build_features(history, origin) for origin in months_of_run(context)}
    yield from stored_if_sound(tables, feature_checks.features_checks(set(sell_in["month"]), market))
