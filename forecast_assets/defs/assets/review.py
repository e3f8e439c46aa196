"""Asset of a market's monthly review: SKUs by what is at stake, with the change since the last publication."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.table_asset import table_asset
from forecast_assets.defs.partition_windows import window
from forecast_assets.domain.review import review_tables
from forecast_assets.domain.review.exception_reasons import BIAS_MONTHS
from forecast_assets.domain.review.forecast_exceptions import forecast_exceptions as exceptions_of
from forecast_assets.domain.review.review_tables import ReviewTables
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.validation import review_checks
from forecast_assets.validation.table_checks import stored_if_sound

YEAR = 12


@table_asset(
    "forecast_exceptions",
    group="publication",
    kinds=["parquet"],
    description="SKUs by value at stake in the next three months, each with one reason to look at it.",
    # After a fallback there may be no more than what is published.
    ins={
        "published_forecasts": window("published_forecasts", -1, 0, columns=review_tables.PUBLISHED_COLUMNS),
        "forecast_reasons": window("forecast_reasons", -1, 0, columns=review_tables.REASON_COLUMNS, required="none"),
        "sell_in": window("sell_in", 1 - YEAR, 0, columns=review_tables.SELL_IN_COLUMNS, required="none"),
        "products": window("products", -1, 0, required="none"),
        "promotions": window("promotions", -1, 0, columns=review_tables.PROMOTION_COLUMNS, required="none"),
        "forecasts": window("forecasts", 0, 0, columns=review_tables.FORECAST_COLUMNS, required="none"),
        "champion": window("champion", 0, 0, columns=["outcome"], required="none"),
        "backtest": window("backtest", 0, 0, columns=review_tables.BACKTEST_COLUMNS, required="none"),
        "performance": window(
            "performance", 1 - BIAS_MONTHS, 0, columns=review_tables.PERFORMANCE_COLUMNS, required="none"
        ),
        "history_marks": window("history_marks", 0, 0, required="none"),
    },
    checks=[review_checks.PARTS_ADD_UP],
)
def forecast_exceptions(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    published_forecasts: pd.DataFrame,
    forecast_reasons: pd.DataFrame,
    sell_in: pd.DataFrame,
    products: pd.DataFrame,
    promotions: pd.DataFrame,
    forecasts: pd.DataFrame,
    champion: pd.DataFrame,
    backtest: pd.DataFrame,
    performance: pd.DataFrame,
    history_marks: pd.DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Rank the SKUs of the run's origin month."""
    (origin,) = months_of_run(context)
    language = settings.market_table[country_of_run(context)].language
    tables = ReviewTables(
        published_forecasts, forecast_reasons, sell_in, products, promotions, forecasts, champion, backtest,
        performance, history_marks,
    )  # fmt: skip
    rows = exceptions_of(tables, origin, language)
    yield from stored_if_sound({origin: rows}, review_checks.review_checks())
