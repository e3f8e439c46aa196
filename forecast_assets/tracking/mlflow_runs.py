"""Where each month of a market was recorded in MLflow: kept in the store, so that a forecast leads to its run there.

MLflow stays a record that nothing in the cycle reads; this is the way to it.
"""

import json
from dataclasses import dataclass

import pandas as pd

from forecast_assets.storage import PartitionKey, StoredProvenance, TableStore

FOLDER = "_mlflow"


@dataclass(frozen=True)
class MlflowRuns:
    """Small files in the store, one per cycle of a market's month; the latest record of a cycle counts."""

    store: TableStore

    def keep(self, place: PartitionKey, cycle_id: str, dagster_run_id: str, run_id: str, parent_run_id: str) -> None:
        """Note the MLflow run of what is published of a month now."""
        published = self.store.published_provenance("published_forecasts", place)
        said = {
            "cycle_id": cycle_id,
            "mlflow_run_id": run_id,
            "mlflow_parent_run_id": parent_run_id,
            "dagster_run_id": dagster_run_id,
            "published_content_hash": published.content_hash if published else None,
            "recorded_at": pd.Timestamp.now("UTC").isoformat(timespec="seconds"),
        }
        path = self._path(place, cycle_id)
        self.store.files.replace(path, json.dumps(said, indent=1).encode(), self.store.files.state(path))

    def of(self, place: PartitionKey, published: StoredProvenance) -> dict[str, str] | None:
        """The record of the cycle that published a forecast; None where there is none, or it is of other content."""
        content = self.store.files.read_many([self._path(place, published.cycle_id)])[0]
        said = None if content is None else json.loads(content)
        return said if said and said["published_content_hash"] == published.content_hash else None

    def _path(self, place: PartitionKey, cycle_id: str) -> str:
        return f"{self.store.base}/{FOLDER}/{place.folder}/{cycle_id}.json"
