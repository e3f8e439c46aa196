"""What leaves the platform: the published forecasts, the market's report, and the run recorded in MLflow."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.assets.table_asset import OWNERS, table_asset
from forecast_assets.checks import forecast_checks
from forecast_assets.checks.schema_check import schema_check
from forecast_assets.checks.table_checks import check_specs, stored_if_sound
from forecast_assets.domain.publication import decide, status_of
from forecast_assets.domain.publication import published_forecasts as publish
from forecast_assets.partition_windows import window
from forecast_assets.partitions import CYCLE_ID_TAG, country_of_run, cycle_id_of_run, months_of_run
from forecast_assets.reports import MarketReport, render_market_report, render_workbook
from forecast_assets.resources.cycle_records import MLFLOW_RECORDED, cycle_record, recorded_or_reported
from forecast_assets.resources.mlflow_tracking import MlflowTracking
from forecast_assets.resources.published_months import PublishedMonths
from forecast_assets.settings import Settings
from forecast_assets.storage import git_sha

PLACE = ["country", "month"]
HISTORY_MONTHS = 60


@table_asset(
    "published_forecasts",
    group="publication",
    kinds=["parquet"],
    description="What planners read: 18 months per SKU with status, source and reason.",
    ins={
        "forecasts": window("forecasts", 0, 0, missing="error"),
        "backtest": window("backtest", 0, 0, missing="error"),
        "overrides": window("overrides", 0, 0),
    },
    checks=[forecast_checks.HORIZON_COMPLETE],
)
def published_forecasts(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    published_months: dg.ResourceParam[PublishedMonths],
    forecasts: pd.DataFrame,
    backtest: pd.DataFrame,
    overrides: pd.DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Publish the run's origin month."""
    (origin,) = months_of_run(context)
    market = settings.market_table[country_of_run(context)]
    if published_months.is_closed(market.code, origin) and CYCLE_ID_TAG not in context.run.tags:
        raise dg.Failure(
            f"{market.code} {origin:%Y-%m} is closed: a later month is published, too. What was published stays. "
            f"To reopen the month, run it with the tag {CYCLE_ID_TAG}={settings.env}-{origin:%Y-%m}.r2",
            allow_retries=False,
        )
    status = status_of(market.stage, published_months.later_than(market.code, origin))
    decision = decide(backtest)
    made = publish(forecasts.drop(columns=PLACE), decision, overrides.drop(columns=PLACE), status)
    checks = [schema_check("published_forecasts"), forecast_checks.horizon_complete()]
    yield from stored_if_sound(
        {origin: made}, checks, metadata={"status": status, "source": decision.source, "reason": decision.reason}
    )


@dg.asset(
    group_name="publication",
    kinds={"html", "excel"},
    owners=OWNERS["publication"],
    description="A self-contained page and a workbook for planners: history, forecast, baseline and accuracy by SKU.",
    io_manager_key="documents",
    ins={
        "published_forecasts": window("published_forecasts", 0, 0, missing="error"),
        "sell_in": window("sell_in", -(HISTORY_MONTHS - 1), 0, columns=["sku", "sell_in_units"]),
        "products": window("products", 0, 0),
        "backtest": window("backtest", 0, 0),
        "performance": window("performance", -17, 0),
        "history_marks": window("history_marks", 0, 0),
    },
)
def market_report(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    published_forecasts: pd.DataFrame,
    sell_in: pd.DataFrame,
    products: pd.DataFrame,
    backtest: pd.DataFrame,
    performance: pd.DataFrame,
    history_marks: pd.DataFrame,
) -> dict[pd.Timestamp, dict[str, bytes]]:
    """Page and workbook of the run's origin month."""
    (origin,) = months_of_run(context)
    market = settings.market_table[country_of_run(context)]
    report = MarketReport(
        market_code=market.code,
        market_name=market.name,
        region=market.region,
        stage=market.stage,
        origin_month=origin,
        cycle_id=cycle_id_of_run(context, settings.env),
        git_sha=git_sha(),
        sell_in=sell_in,
        published=published_forecasts,
        backtest=backtest,
        performance=performance if len(performance) else None,
        products=products,
        model_summary={},
        history_marks=history_marks,
    )
    page = render_market_report(report).encode()
    return {origin: {"market_report.html": page, "market_report.xlsx": render_workbook(report)}}


@dg.asset(
    group_name="publication",
    kinds={"mlflow"},
    owners=OWNERS["publication"],
    description="The market's run in MLflow: parameters, WAPE and bias by horizon, features and model. MLflow being "
    "down fails only this; materialize the partition again to fill it in.",
    io_manager_key="nothing",
    output_required=False,
    check_specs=check_specs("mlflow_run", [MLFLOW_RECORDED]),
    ins={
        "model": window("model", 0, 0, missing="error"),
        "backtest": window("backtest", 0, 0),
        "published_forecasts": window("published_forecasts", 0, 0, columns=["sku", "source", "status"]),
    },
)
def mlflow_run(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    mlflow_tracking: MlflowTracking,
    model: pd.DataFrame,
    backtest: pd.DataFrame,
    published_forecasts: pd.DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Record the run's market and month."""
    (origin,) = months_of_run(context)
    record = cycle_record(
        cycle_id=cycle_id_of_run(context, settings.env),
        market=country_of_run(context),
        origin_month=origin,
        dagster_run_id=context.run.run_id,
        model=model,
        backtest=backtest,
        published=published_forecasts,
    )
    yield from recorded_or_reported(mlflow_tracking, record, context.log)
