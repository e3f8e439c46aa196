"""Recorded cycles that MLflow no longer has, as after the restore of an older database, and recording them again.

The store names the MLflow run of each recorded cycle, and has the tables that the record is built from.
"""

import dataclasses
from collections.abc import Iterator

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.operations.history.tracked_cycle import champion_record, cycle_record
from forecast_assets.storage import MissingPartition, TableStore
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.tracking.mlflow_runs import KeptRun, MlflowRuns
from forecast_assets.tracking.mlflow_tracking import MlflowTracking

PUBLISHED = "published_forecasts"


def tracking_of(settings: Settings) -> MlflowTracking:
    """Return the MLflow of the monthly cycle."""
    return MlflowTracking(tracking_uri=settings.mlflow.tracking_uri, experiment_name=f"forecast_assets_{settings.env}")


def missing_runs(store: TableStore, tracking: MlflowTracking) -> list[KeptRun]:
    """Return the recorded runs that MLflow does not have, of forecasts that are published, by month and market.

    The run of a forecast that was replaced since is left out: its tables are gone.

    Raises:
        TrackingUnavailable: If MLflow does not respond.
    """
    kept = MlflowRuns(store).kept()
    known = tracking.market_run_ids() if kept else set()
    missing = [run for run in kept if run.mlflow_run_id not in known and _is_published(store, run)]
    return sorted(missing, key=lambda run: (run.partition.month, run.partition.country or "", run.cycle_id))


def record_again(
    store: TableStore, tracking: MlflowTracking, missing: list[KeptRun]
) -> Iterator[tuple[KeptRun, str | None]]:
    """Record runs again, and yield each with the reason if its tables are no longer whole.

    A record has the commit and the Dagster run that published, and the id of a new MLflow run.

    Raises:
        TrackingUnavailable: If MLflow does not respond.
    """
    runs = MlflowRuns(store)
    for kept in missing:
        try:
            _record(store, runs, tracking, kept)
        except (DamagedFile, MissingPartition) as error:
            yield kept, str(error)
        else:
            yield kept, None


def _record(store: TableStore, runs: MlflowRuns, tracking: MlflowTracking, kept: KeptRun) -> None:
    partition, market = kept.partition, str(kept.partition.country)
    published, provenances = store.read_with_provenance(PUBLISHED, [partition], ["sku", "source", "status"])
    model, backtest = (store.read(table, [partition]) for table in ("model", "backtest"))
    has_measured = store.exists("performance", partition)
    performance = store.read("performance", [partition]) if has_measured else pd.DataFrame()
    champion = store.read("champion", [partition]) if store.exists("champion", partition) else pd.DataFrame()
    record = cycle_record(
        cycle_id=kept.cycle_id,
        market=market,
        origin_month=partition.month,
        dagster_run_id=kept.dagster_run_id,
        model=model,
        backtest=backtest,
        published=published,
        performance=performance,
        commit=provenances[partition].git_sha,
    )
    record = dataclasses.replace(record, store_id=runs.store_id(), earlier_run_id=kept.mlflow_run_id)
    run = tracking.record_cycle(record)
    if named := champion_record(market, partition.month, champion, model):
        tracking.mirror_champion(run.run_id, named)
    runs.keep(partition, kept.cycle_id, kept.dagster_run_id, run.run_id, run.parent_run_id)


def _is_published(store: TableStore, run: KeptRun) -> bool:
    published = store.published_provenance(PUBLISHED, run.partition)
    return published is not None and published.content_hash == run.published_content_hash
