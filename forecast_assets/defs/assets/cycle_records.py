"""MLflow record of a market's cycle, built from its tables, and the treatment of an unavailable MLflow.

The record is built from stored tables alone, so a missed one can be filled in at any later time.
"""

import json
from collections.abc import Callable, Iterator
from logging import Logger

import dagster as dg
import pandas as pd

from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.backtest_accuracy import BACKTEST_METHODS
from forecast_assets.domain.models.market_model_storage import CHAMPION_PREFIX, model_from_parts
from forecast_assets.domain.models.serialization import MANIFEST
from forecast_assets.storage import git_sha
from forecast_assets.tracking.mlflow_registry import ChampionRecord
from forecast_assets.tracking.mlflow_tracking import CycleRecord, MlflowTracking, RecordedRun, TrackingUnavailable
from forecast_assets.validation.evaluation_checks import backtest_figures
from forecast_assets.validation.table_checks import CheckDeclaration

MLFLOW_RECORDED = CheckDeclaration(
    "mlflow_recorded", "MLflow has the market's run. The forecast never depends on it.", blocking=False
)
NOT_TRACKED = "not recorded: MLFLOW_TRACKING_URI is empty, so runs are not tracked"
MEASURES = [f"{measure}_{name}" for name in BACKTEST_METHODS for measure in ("wape", "bias")]
POOLED = [*MEASURES, "coverage_80_model", "wape_ratio_to_baseline"]


def cycle_record(
    *,
    cycle_id: str,
    market: str,
    origin_month: pd.Timestamp,
    dagster_run_id: str,
    model: pd.DataFrame,
    backtest: pd.DataFrame,
    published: pd.DataFrame,
) -> CycleRecord:
    """Return the record of a market and month.

    Args:
        cycle_id: Cycle of the record.
        market: Code of the market.
        origin_month: Month of the cycle.
        dagster_run_id: Run that built the tables.
        model: Parts of the model.
        backtest: Cells of the backtest; may be empty.
        published: ``source, status`` of the published forecasts.
    """
    trained = model_from_parts(model)
    pooled = backtest_figures(backtest, origin_month)
    return CycleRecord(
        cycle_id=cycle_id,
        market=market,
        origin_month=origin_month,
        git_sha=git_sha(),
        dagster_run_id=dagster_run_id,
        parameters={
            **json.loads(dict(zip(model["part"], model["content"], strict=True))[MANIFEST])["recipe"],
            "rows": trained.rows,
            "published_source": ", ".join(sorted(published["source"].unique())),
            "backtest_verdict": pooled["verdict"],
            "published_status": ", ".join(sorted(published["status"].unique())),
        },
        metrics_by_horizon=_by_horizon(backtest),
        pooled_metrics={name: float(pooled[name]) for name in POOLED if name in pooled},
        features=trained.columns,
        model_parts=model[["part", "content"]],
    )


def champion_record(
    market: str, origin_month: pd.Timestamp, champion: pd.DataFrame, model: pd.DataFrame
) -> ChampionRecord | None:
    """Return the registry's entry for the row of ``champion``; None without a row, or if every recipe is rejected."""
    if champion.empty or champion["outcome"].iloc[0] == "refused":
        return None
    row = champion.iloc[0]
    beside = row["outcome"] == "held" and model["part"].str.startswith(CHAMPION_PREFIX).any()
    return ChampionRecord(
        market, origin_month, row["recipe_id"], row["since_month"], row["outcome"], CHAMPION_PREFIX if beside else ""
    )


def _by_horizon(backtest: pd.DataFrame) -> pd.DataFrame:
    scored = backtest.dropna(subset=["actual_units"])
    if scored.empty:
        return pd.DataFrame(columns=["horizon_months"])
    return accuracy_table(scored, ["horizon_months"], forecasts=BACKTEST_METHODS)[["horizon_months", *MEASURES]]


def recorded_or_reported(
    tracking: MlflowTracking,
    record: CycleRecord,
    champion: ChampionRecord | None,
    log: Logger,
    keep: Callable[[RecordedRun], None] = lambda run: None,
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Record a cycle and name its champion.

    If MLflow is unavailable, a check fails as a warning and the partition stays unmaterialized; the next
    materialization repeats record and name. ``keep`` is called with the recorded run. Without an address nothing is
    recorded: MLflow itself would create a database in the working folder.
    """
    if not tracking.tracking_uri:
        yield dg.AssetCheckResult(check_name=MLFLOW_RECORDED.name, passed=True, description=NOT_TRACKED)
        return
    try:
        run = tracking.record_cycle(record)
        if champion:
            tracking.mirror_champion(run.run_id, champion)
    except TrackingUnavailable as error:
        log.warning(f"{error}. Materialize mlflow_run of {record.market} {record.origin_month:%Y-%m} to fill it in.")
        yield dg.AssetCheckResult(
            check_name=MLFLOW_RECORDED.name,
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{error}. Materialize this partition again to fill it in.",
        )
        return
    keep(run)
    yield dg.AssetCheckResult(check_name=MLFLOW_RECORDED.name, passed=True)
    metadata = {"mlflow_run_id": run.run_id, "mlflow_parent_run_id": run.parent_run_id}
    yield dg.Output(None, metadata=metadata | ({"mlflow_page": dg.MetadataValue.url(run.url)} if run.url else {}))
