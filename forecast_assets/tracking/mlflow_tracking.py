"""MLflow runs of the monthly cycle: one run per market and origin month under one parent run per cycle.

Runs are found, created and written by explicit ids. MLflow's global "active run" is not used: all threads and Dagster
runs of a process share it. The record is in mlflow_record.py, the connection in mlflow_store.py.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from forecast_assets.tracking.mlflow_record import CycleRecord, RecordedRun
from forecast_assets.tracking.mlflow_registry import ChampionRecord, ChampionRegistry
from forecast_assets.tracking.mlflow_store import (
    TrackingUnavailable,
    check_azure_ml_answers,
    check_database_answers,
    local_artifact_folder,
    prepare_mlflow_store,
    run_page,
    sqlite_path,
    tracking_errors,
)
from forecast_assets.tracking.mlflow_view import describe_experiment

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

__all__ = ["CycleRecord", "MlflowTracking", "RecordedRun", "TrackingUnavailable", "prepare_mlflow_store"]

PARENT_TAG = "mlflow.parentRunId"
SUPERSEDED_TAG = "forecast.superseded_by"
TRAINING_SECONDS = "training_seconds"
SEARCH_LIMIT = 1000
MARKET_RUNS = "tags.`forecast.role` = 'market'"


class MlflowTracking(dg.ConfigurableResource):
    """Resource that records cycles in MLflow; it imports MLflow (2 s) and contacts it only when a method is called.

    Attributes:
        tracking_uri: ``sqlite:///<file>``, ``http(s)://<server>``, or an address of an installed MLflow plugin. Give
            it as ``dg.EnvVar`` if it holds a password: Dagster's page shows configured values.
        experiment_name: Name of the experiment, which is created if it is missing.
        artifact_location: Folder of a new experiment's files. None: the folder beside a SQLite file, or the choice of
            the server. An existing experiment keeps its folder.
    """

    tracking_uri: str
    experiment_name: str
    artifact_location: str | None = None

    def record_cycle(self, record: CycleRecord) -> RecordedRun:
        """Write the record of a market's month; equal content updates the same run, other content supersedes it.

        Raises:
            TrackingUnavailable: If MLflow does not accept it within seconds (see docs/mlflow.md).
        """
        prepare_mlflow_store(self.tracking_uri)
        with tracking_errors(self.tracking_uri, f"recording {record.market} of {record.cycle_id}"):
            check_database_answers(self.tracking_uri)
            check_azure_ml_answers(self.tracking_uri)
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=self.tracking_uri)
            runs = CycleRuns(client, self._experiment_id(client))
            run_id, parent_run_id = runs.record(record)
            describe_experiment(client, runs.experiment_id)
            return RecordedRun(run_id, parent_run_id, run_page(self.tracking_uri, runs.experiment_id, run_id))

    def experiments(self) -> int:
        """Return the number of experiments, as a test of the connection.

        Raises:
            TrackingUnavailable: If MLflow does not respond.
        """
        prepare_mlflow_store(self.tracking_uri)
        with tracking_errors(self.tracking_uri, "looking for experiments"):
            check_database_answers(self.tracking_uri)
            check_azure_ml_answers(self.tracking_uri)
            from mlflow import MlflowClient

            return len(MlflowClient(tracking_uri=self.tracking_uri).search_experiments(max_results=SEARCH_LIMIT))

    def described_run(self, run_id: str) -> dict[str, str | int]:
        """Return what MLflow holds of a run: its status and how many parameters, metrics and files.

        Raises:
            TrackingUnavailable: If MLflow does not respond, or has no such run.
        """
        with tracking_errors(self.tracking_uri, f"reading run {run_id}"):
            check_database_answers(self.tracking_uri)
            check_azure_ml_answers(self.tracking_uri)
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=self.tracking_uri)
            run = client.get_run(run_id)
            counts = {"parameters": len(run.data.params), "metrics": len(run.data.metrics)}
            return {"status": run.info.status, **counts, "files": len(client.list_artifacts(run_id))}

    def market_run_ids(self) -> set[str]:
        """Return the ids of all runs of markets in the experiment; none without the experiment.

        Raises:
            TrackingUnavailable: If MLflow does not respond.
        """
        with tracking_errors(self.tracking_uri, "listing runs"):
            check_database_answers(self.tracking_uri)
            check_azure_ml_answers(self.tracking_uri)
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=self.tracking_uri)
            experiment = client.get_experiment_by_name(self.experiment_name)
            ids: set[str] = set()
            token: str | None = "" if experiment else None
            while experiment and token is not None:
                runs = client.search_runs(
                    [experiment.experiment_id], MARKET_RUNS, max_results=SEARCH_LIMIT, page_token=token or None
                )
                ids |= {run.info.run_id for run in runs}
                token = runs.token or None
            return ids

    def require_experiment(self) -> None:
        """Create the experiment if it is missing, with the folder of its files.

        Raises:
            TrackingUnavailable: If MLflow does not accept it, or the experiment is deleted.
        """
        with tracking_errors(self.tracking_uri, f"opening the experiment {self.experiment_name}"):
            check_database_answers(self.tracking_uri)
            check_azure_ml_answers(self.tracking_uri)
            from mlflow import MlflowClient

            self._experiment_id(MlflowClient(tracking_uri=self.tracking_uri))

    def mirror_champion(self, run_id: str, record: ChampionRecord) -> None:
        """Register the champion of a market in the model registry, with the run that holds its model.

        Raises:
            TrackingUnavailable: If MLflow does not accept it, or has no registry.
        """
        with tracking_errors(self.tracking_uri, f"naming the champion of {record.market}"):
            check_azure_ml_answers(self.tracking_uri)
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=self.tracking_uri, registry_uri=self.tracking_uri)
            ChampionRegistry(client, f"{self.experiment_name}_{record.market}").mirror(run_id, record)

    def _experiment_id(self, client: "MlflowClient") -> str:
        from mlflow.exceptions import MlflowException

        experiment = client.get_experiment_by_name(self.experiment_name)
        if experiment is None:
            try:
                return client.create_experiment(self.experiment_name, self._artifact_location())
            except MlflowException:
                # Names are unique: another process was first. After any other error there still is none.
                experiment = client.get_experiment_by_name(self.experiment_name)
                if experiment is None:
                    raise
        if experiment.lifecycle_stage != "active":
            raise TrackingUnavailable(
                f"MLflow experiment {self.experiment_name!r} is deleted; restore it "
                f"(mlflow experiments restore --experiment-id {experiment.experiment_id}) or configure another name"
            )
        return experiment.experiment_id

    def _artifact_location(self) -> str | None:
        if self.artifact_location is not None:
            return self.artifact_location
        database = sqlite_path(self.tracking_uri)
        return None if database is None else local_artifact_folder(database).as_uri()


class CycleRuns:
    """Runs of one experiment, found by their tags."""

    def __init__(self, client: "MlflowClient", experiment_id: str) -> None:
        self.client = client
        self.experiment_id = experiment_id

    def record(self, record: CycleRecord) -> tuple[str, str]:
        """Write a record and return the ids of the market's run and of its parent."""
        parent = self._parent(record)
        run = self._market_run(record, parent.info.run_id)
        self._write(record, run)
        self._supersede_earlier(record, run)
        return run.info.run_id, self._settle_parent(record, run)

    def _active(self, tags: dict[str, str]) -> list["Run"]:
        """Return the runs with these tags, oldest first, in the same order for every process."""
        runs = self.client.search_runs(
            [self.experiment_id],
            filter_string=" and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items()),
            max_results=SEARCH_LIMIT,
        )
        return sorted(runs, key=lambda run: (run.info.start_time, run.info.run_id))

    def _create_or_yield(self, create: Callable[[], "Run"], rivals: Callable[[], list["Run"]]) -> "Run":
        """Create a run and return it, or an older one that another process created meanwhile."""
        created = create()
        oldest = next(iter(rivals()), created)
        if oldest.info.run_id != created.info.run_id:
            self.client.delete_run(created.info.run_id)
        return oldest

    def _parent(self, record: CycleRecord) -> "Run":
        tags = {"forecast.role": "cycle", "forecast.cycle_id": record.cycle_id}

        def create() -> "Run":
            run = self.client.create_run(self.experiment_id, run_name=record.cycle_id, tags=tags)
            # It only groups runs: left running, it would look unfinished for ever.
            self.client.set_terminated(run.info.run_id, "FINISHED")
            return run

        parents = self._active(tags)
        return parents[0] if parents else self._create_or_yield(create, lambda: self._active(tags))

    def _current(self, record: CycleRecord) -> list["Run"]:
        """Return the runs of the cycle and market in the same store that no other run supersedes, oldest first."""
        tags = {
            "forecast.role": "market",
            "forecast.cycle_id": record.cycle_id,
            "forecast.market": record.market,
        }
        return [
            run
            for run in self._active(tags)
            if SUPERSEDED_TAG not in run.data.tags and record.is_of_this_store(run.info.run_id, run.data.tags)
        ]

    def _market_run(self, record: CycleRecord, parent_run_id: str) -> "Run":
        """Return the newest run if its content is that of the record, else a new one.

        MLflow rejects changes of a parameter and keeps every value of a metric. Other content in the same run would
        fail, or leave two values per horizon.
        """
        tags = {**record.tags(), PARENT_TAG: parent_run_id}
        content_hash = tags["forecast.content_hash"]
        before = self._current(record)
        if before and before[-1].data.tags["forecast.content_hash"] == content_hash:
            return before[-1]
        known = {run.info.run_id for run in before}

        def rivals() -> list["Run"]:
            return [
                run
                for run in self._current(record)
                if run.info.run_id not in known and run.data.tags["forecast.content_hash"] == content_hash
            ]

        name = f"{record.market} {record.origin_month:%Y-%m}"
        return self._create_or_yield(
            lambda: self.client.create_run(self.experiment_id, run_name=name, tags=tags), rivals
        )

    def _write(self, record: CycleRecord, run: "Run") -> None:
        from mlflow.entities import Metric, Param, RunTag

        # Every metric has the start of the run as its time: written again, a value is the same row, no second point.
        metrics = [Metric(name, value, run.info.start_time, step) for name, step, value in record.metric_values()]
        if record.training_seconds is not None and TRAINING_SECONDS not in run.data.metrics:
            # Of the first record: the same result computed again takes another time.
            metrics.append(Metric(TRAINING_SECONDS, record.training_seconds, run.info.start_time, 0))
        params = [Param(name, value) for name, value in record.parameter_texts().items()]
        tags = [RunTag(name, value) for name, value in record.tags().items()]
        self.client.log_batch(run.info.run_id, metrics=metrics, params=params, tags=tags)
        with tempfile.TemporaryDirectory() as folder:
            record.write_files(Path(folder))
            self.client.log_artifacts(run.info.run_id, folder)
        self.client.set_terminated(run.info.run_id, "FINISHED")

    def _supersede_earlier(self, record: CycleRecord, run: "Run") -> None:
        """Tag the market's earlier runs as superseded; only earlier ones, or two writers would tag each other."""
        start = (run.info.start_time, run.info.run_id)
        for other in self._current(record):
            if (other.info.start_time, other.info.run_id) < start:
                self.client.set_tag(other.info.run_id, SUPERSEDED_TAG, run.info.run_id)

    def _settle_parent(self, record: CycleRecord, run: "Run") -> str:
        """Move the run below the oldest parent, if an older one has become visible since it was chosen."""
        oldest = self._parent(record).info.run_id
        if run.data.tags.get(PARENT_TAG) != oldest:
            self.client.set_tag(run.info.run_id, PARENT_TAG, oldest)
        return oldest
