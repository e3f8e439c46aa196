"""Assets that leave the platform: published forecasts, the market's report, and its run in MLflow."""

import dataclasses
from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.cycle_records import MLFLOW_RECORDED, recorded_or_reported, training_seconds
from forecast_assets.defs.assets.table_asset import OWNERS, table_asset
from forecast_assets.defs.partition_windows import units_window, window
from forecast_assets.defs.retries import with_retries
from forecast_assets.defs.shown_figures import forecast_figures, page_figures
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.cycle_calendar import closed_month
from forecast_assets.domain.demand.restatements import RESTATED_MONTH, known_rows
from forecast_assets.domain.portfolio.portfolio_rules import HISTORY_MONTHS as PORTFOLIO_MONTHS
from forecast_assets.domain.publication.churn import CHURN_COLUMNS, forecast_churn
from forecast_assets.domain.publication.fallback import (
    SEGMENTS,
    NothingToPublishError,
    PublicationInputs,
    best_available,
    require_fallback,
)
from forecast_assets.domain.publication.published_forecasts import LAST_PUBLISHED, status_of
from forecast_assets.domain.publication.published_forecasts import published_forecasts as publish
from forecast_assets.market_state.delivery_findings import DeliveryFindings
from forecast_assets.market_state.fallback_runs import is_commanded_fallback, missing_upstream
from forecast_assets.market_state.lookups import STALE_SINCE
from forecast_assets.market_state.published_months import NOTHING_PUBLISHED, PublishedMonths
from forecast_assets.market_state.reviews import review_of
from forecast_assets.operations.history.tracked_cycle import champion_record, cycle_record
from forecast_assets.partitions import country_of_run, cycle_id_of_run, months_of_run, reopens_month
from forecast_assets.reports import MarketReport, render_market_report, render_workbook
from forecast_assets.reports.company_page import page_of_market
from forecast_assets.reports.market_report import LEVEL_COLUMNS, PROMOTION_COLUMNS
from forecast_assets.reports.model_summary import model_summary
from forecast_assets.reports.workbook.accuracy_sheets import overall_rows
from forecast_assets.storage import PartitionKey, git_sha
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import CYCLE_ID_TAG, PUBLISH_FALLBACK
from forecast_assets.tracking.mlflow_runs import MlflowRuns
from forecast_assets.tracking.mlflow_tracking import MlflowTracking, RecordedRun
from forecast_assets.validation import forecast_checks
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import check_specs, stored_if_sound

PARTITION_COLUMNS = ["country", "month"]
HISTORY_MONTHS = 60
PRICE_WINDOW = ["sku", "price", "is_promoted", RESTATED_MONTH]


@table_asset(
    "published_forecasts",
    group="publication",
    kinds=["parquet"],
    description="Forecasts for planners: 18 months per SKU with status, source and reason.",
    # None is required here: a fallback publishes what there is. Any other run requires UPSTREAM, all named at once.
    ins={
        "forecasts": window("forecasts", 0, 0, required="none"),
        "champion": window("champion", 0, 0, columns=["outcome", "source", "reason"], required="none"),
        "baseline_forecasts": window("baseline_forecasts", 0, 0, required="none"),
        "overrides": window("overrides", 0, 0, required="none"),
        "features": window("features", 0, 0, columns=["sku", *SEGMENTS], required="none"),
        "sell_in": units_window(1 - PORTFOLIO_MONTHS, 0, required="none"),
        "products": window("products", 0, 0, required="none"),
    },
    checks=[forecast_checks.HORIZON_COMPLETE, forecast_checks.OVERRIDES_APPLIED],
)
def published_forecasts(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    published_months: dg.ResourceParam[PublishedMonths],
    forecasts: pd.DataFrame,
    champion: pd.DataFrame,
    baseline_forecasts: pd.DataFrame,
    overrides: pd.DataFrame,
    features: pd.DataFrame,
    sell_in: pd.DataFrame,
    products: pd.DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Publish the forecasts of the run's origin month; a commanded fallback publishes the best that there is."""
    (origin,) = months_of_run(context)
    market = settings.market_table[country_of_run(context)]
    noted = published_months.noted_for(context.run.run_id, "published_forecasts")
    _require_open(context, settings, published_months, market.code, origin)
    try:
        _require_reason(context, settings, published_months, origin, sell_in)
        # Only where no forecast was made: else a month would depend on the one before it without reading it.
        last = noted.last_before(market.code, origin) if forecasts.empty else NOTHING_PUBLISHED
        made_at = published_months.made_before(market.code, origin) if len(last) else None
        accepts = settings.publication.accept_successors
        tables = PublicationInputs(
            forecasts, champion, baseline_forecasts, features, last, sell_in, products, made_at, accepts
        )
        rows, decision = best_available(tables, origin, settings.publication.fallback_months)
    except NothingToPublishError as error:
        raise dg.Failure(f"{market.code} {origin:%Y-%m}: {error}", allow_retries=False) from error
    if decision.source == LAST_PUBLISHED:
        noted.answers[STALE_SINCE] = f"{made_at:%Y-%m-%d}"
    status = status_of(market.stage, noted.later_than(market.code, origin), decision.source)
    own = overrides.drop(columns=PARTITION_COLUMNS)
    table = publish(rows, decision, own, status)
    churn = forecast_churn(table, published_months.forecasts(market.code, add_months(origin, -1), CHURN_COLUMNS))
    sound = [schema_check("published_forecasts"), forecast_checks.horizon_complete()]
    checks = [*sound, forecast_checks.overrides_applied(own)]
    decided = {"status": status, "source": decision.source, "reason": decision.reason, **_outcome(champion), **churn}
    metadata = {**forecast_figures(table, origin), **decided}
    yield from stored_if_sound({origin: table}, checks, metadata=metadata)


def _require_open(
    context: dg.AssetExecutionContext, settings: Settings, published: PublishedMonths, code: str, origin: pd.Timestamp
) -> None:
    """Raise dg.Failure if a later month is published, too, and the run does not reopen the month."""
    if published.is_closed(code, origin) and not reopens_month(context, settings.env):
        raise dg.Failure(
            f"{code} {origin:%Y-%m} is closed: a later month is published, too. What was published stays. "
            f"To reopen the month, run it with the tag {CYCLE_ID_TAG}={settings.env}-{origin:%Y-%m}.r2",
            allow_retries=False,
        )


def _require_reason(
    context: dg.AssetExecutionContext,
    settings: Settings,
    published: PublishedMonths,
    origin: pd.Timestamp,
    sell_in: pd.DataFrame,
) -> None:
    """Raise NothingToPublishError if a commanded fallback may not publish, or another run misses the month's tables."""
    country = country_of_run(context)
    if is_commanded_fallback(context.run.tags):
        closed = closed_month(pd.Timestamp.now("UTC"), settings.automation.time_zone)
        require_fallback(origin, closed, published.latest(country), sell_in)
        return
    missing = missing_upstream(published.store, country, origin)
    if missing:
        raise NothingToPublishError(
            f"{', '.join(missing)} of the month {'is' if len(missing) == 1 else 'are'} not in the store: nothing is "
            f"published. Run the cycle of the month; after a failed one, {PUBLISH_FALLBACK} publishes what it left"
        )


def _outcome(champion: pd.DataFrame) -> dict[str, str]:
    return {"outcome": champion["outcome"].iloc[0]} if len(champion) else {}


@dg.asset(
    group_name="publication",
    kinds={"html", "excel"},
    owners=OWNERS["publication"],
    description="A self-contained page and a workbook for planners: history, forecast, baseline and accuracy by SKU.",
    io_manager_key="documents",
    ins={
        "published_forecasts": window("published_forecasts", -1, 0),
        "sell_in": units_window(-(HISTORY_MONTHS - 1), 0),
        "products": window("products", 0, 0),
        "backtest": window("backtest", 0, 0),
        "performance": window("performance", -17, 0, required="none"),
        "forecast_value_added": window("forecast_value_added", -17, 0, required="none"),
        "history_marks": window("history_marks", 0, 0),
        "forecast_levels": window("forecast_levels", 0, 0, columns=LEVEL_COLUMNS, required="none"),
        "forecast_exceptions": window("forecast_exceptions", 0, 0, required="none"),
        "forecast_reasons": window("forecast_reasons", 0, 0, required="none"),
        "promotions": window("promotions", 0, 0, columns=PROMOTION_COLUMNS, required="none"),
        "sell_out": window("sell_out", -(HISTORY_MONTHS - 1), 0, columns=PRICE_WINDOW, required="none"),
        "champion": window("champion", 0, 0, required="none"),
    },
)
@with_retries()
def market_report(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    published_forecasts: pd.DataFrame,
    sell_in: pd.DataFrame,
    products: pd.DataFrame,
    backtest: pd.DataFrame,
    performance: pd.DataFrame,
    forecast_value_added: pd.DataFrame,
    history_marks: pd.DataFrame,
    forecast_levels: pd.DataFrame,
    forecast_exceptions: pd.DataFrame,
    forecast_reasons: pd.DataFrame,
    promotions: pd.DataFrame,
    sell_out: pd.DataFrame,
    champion: pd.DataFrame,
    delivery_findings: dg.ResourceParam[DeliveryFindings],
) -> dict[pd.Timestamp, dict[str, bytes]]:
    """Render page and workbook of the run's origin month."""
    (origin,) = months_of_run(context)
    market = settings.market_table[country_of_run(context)]
    is_now = published_forecasts["month"] == origin
    report = MarketReport(
        market_code=market.code,
        market_name=market.name,
        region=market.region,
        stage=market.stage,
        origin_month=origin,
        cycle_id=cycle_id_of_run(context, settings.env),
        git_sha=git_sha(),
        sell_in=known_rows(sell_in, origin),
        published=published_forecasts[is_now],
        published_before=published_forecasts[~is_now],
        backtest=backtest,
        performance=performance if len(performance) else None,
        products=products,
        value_added=forecast_value_added,
        model_summary=model_summary(champion, origin),
        levels=forecast_levels,
        history_marks=history_marks,
        exceptions=forecast_exceptions,
        reasons=forecast_reasons,
        promotions=promotions,
        prices=known_rows(sell_out, origin),
        findings=delivery_findings.table(PartitionKey(origin, market.code)),
        review=review_of(open_store(settings), PartitionKey(origin, market.code)).in_words,
    )
    path = page_of_market(market.code, origin)
    context.add_output_metadata(page_figures(settings.reports.url, path, overall_rows(report), "accuracy"))
    page, workbook = render_market_report(report).encode(), render_workbook(report)
    return {origin: {"market_report.html": page, "market_report.xlsx": workbook}}


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
        "model": window("model", 0, 0),
        "backtest": window("backtest", 0, 0),
        "published_forecasts": window("published_forecasts", 0, 0, columns=["sku", "source", "status"]),
        "champion": window("champion", 0, 0),
        "performance": window("performance", 0, 0, required="none"),
    },
)
@with_retries()
def mlflow_run(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    mlflow_tracking: MlflowTracking,
    mlflow_runs: dg.ResourceParam[MlflowRuns],
    model: pd.DataFrame,
    backtest: pd.DataFrame,
    published_forecasts: pd.DataFrame,
    champion: pd.DataFrame,
    performance: pd.DataFrame,
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Record the run's market and month, and name the recipe in force."""
    (origin,) = months_of_run(context)
    cycle_id, country = cycle_id_of_run(context, settings.env), country_of_run(context)
    record = cycle_record(
        cycle_id=cycle_id,
        market=country,
        origin_month=origin,
        dagster_run_id=context.run.run_id,
        model=model,
        backtest=backtest,
        published=published_forecasts,
        performance=performance,
        training_seconds=training_seconds(context.instance, mlflow_runs.store, PartitionKey(origin, country)),
    )
    partition = PartitionKey(origin, country)
    mlflow_runs.require_owner(context.run.run_id)
    if mlflow_tracking.tracking_uri:
        earlier = mlflow_runs.recorded_run(partition, cycle_id)
        record = dataclasses.replace(record, store_id=mlflow_runs.store_id(), earlier_run_id=earlier)
    named = champion_record(country, origin, champion, model)

    def keep(run: RecordedRun) -> None:
        mlflow_runs.keep(partition, cycle_id, context.run.run_id, run.run_id, run.parent_run_id)

    yield from recorded_or_reported(mlflow_tracking, record, named, context.log, keep)
