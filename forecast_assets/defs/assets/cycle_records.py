"""Recording of a market's cycle in MLflow as an asset does it, and the treatment of an unavailable MLflow."""

from collections.abc import Callable, Iterator
from logging import Logger

import dagster as dg

from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.tracking.mlflow_registry import ChampionRecord
from forecast_assets.tracking.mlflow_tracking import CycleRecord, MlflowTracking, RecordedRun, TrackingUnavailable
from forecast_assets.validation.table_checks import CheckDeclaration

MLFLOW_RECORDED = CheckDeclaration(
    "mlflow_recorded", "MLflow has the market's run. The forecast never depends on it.", blocking=False
)
NOT_TRACKED = "not recorded: MLFLOW_TRACKING_URI is empty, so runs are not tracked"


def training_seconds(instance: dg.DagsterInstance, store: TableReader, partition: PartitionKey) -> float | None:
    """Return the seconds that the stored model's training took; None if the instance has no record of its run."""
    if not store.exists("model", partition):
        return None
    run_id = store.provenance("model", partition).run_id
    for step in instance.get_run_step_stats(run_id, ["model"]):
        if step.start_time is not None and step.end_time is not None:
            return float(step.end_time - step.start_time)
    return None


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
