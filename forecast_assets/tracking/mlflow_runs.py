"""Ids of the MLflow runs of each month and market, kept in the store: they lead from a forecast to its run.

The cycle itself reads nothing from MLflow.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from forecast_assets.storage import PartitionKey, StoredProvenance, TableStore
from forecast_assets.storage.atomic_file import AtomicFile
from forecast_assets.storage.fenced_publish import replace_as_owner
from forecast_assets.storage.lease import Hold

FOLDER, STORE_FILE = "_mlflow", "store.json"


@dataclass(frozen=True)
class KeptRun:
    """The MLflow run that a store has recorded for a cycle of a market's month."""

    partition: PartitionKey
    cycle_id: str
    mlflow_run_id: str
    dagster_run_id: str
    published_content_hash: str | None


@dataclass(frozen=True)
class MlflowRuns:
    """Files in the store, one per cycle of a market's month; the latest record of a cycle counts.

    Attributes:
        store: The store of the company.
        holds: Leases of the runs under way, by run id.
    """

    store: TableStore
    holds: Mapping[str, Hold] = field(default_factory=dict)

    def require_owner(self, dagster_run_id: str) -> None:
        """Raise LeaseLost if a run has lost the lease of its market: MLflow then has its successor's record."""
        if dagster_run_id in self.holds:
            self.holds[dagster_run_id].require()

    def keep(
        self, partition: PartitionKey, cycle_id: str, dagster_run_id: str, run_id: str, parent_run_id: str
    ) -> None:
        """Store the ids of the MLflow run that recorded the published forecast of a month."""
        published = self.store.published_provenance("published_forecasts", partition)
        record = {
            "cycle_id": cycle_id,
            "mlflow_run_id": run_id,
            "mlflow_parent_run_id": parent_run_id,
            "dagster_run_id": dagster_run_id,
            "published_content_hash": published.content_hash if published else None,
            "recorded_at": pd.Timestamp.now("UTC").isoformat(timespec="seconds"),
        }
        path = self._path(partition, cycle_id)
        replace_as_owner(self.store.files, path, json.dumps(record, indent=1).encode(), self.holds.get(dagster_run_id))

    def of(self, partition: PartitionKey, published: StoredProvenance) -> dict[str, str] | None:
        """Return the record of the cycle that published a forecast; None if there is none, or its content differs."""
        content = self.store.files.read_many([self._path(partition, published.cycle_id)])[0]
        record: dict[str, str] | None = None if content is None else json.loads(content)
        return record if record and record["published_content_hash"] == published.content_hash else None

    def kept(self) -> list[KeptRun]:
        """Return the recorded run of every cycle and partition; a file that cannot be read is left out."""
        folder = f"{self.store.base}/{FOLDER}"
        start = folder.strip("/") + "/"
        paths = {path.strip("/").removeprefix(start): path for path in self.store.find(folder)}
        partitions = {path: PartitionKey.of_folder(name.rpartition("/")[0]) for name, path in paths.items()}
        wanted = [path for path, partition in partitions.items() if partition and path.endswith(".json")]
        contents = zip(wanted, self.store.files.read_many(wanted), strict=True)
        return [run for path, content in contents if (run := _kept_run(partitions[path], content))]

    def store_id(self) -> str:
        """Return the id of the store, made at the first record; a copy at another address gets an id of its own."""
        file = AtomicFile(self.store.files, f"{self.store.base}/{FOLDER}/{STORE_FILE}")

        def with_id(content: bytes | None) -> bytes | None:
            if self._id_in(content):
                return None
            return json.dumps({"address": self.store.base, "id": uuid.uuid4().hex}).encode()

        # Runs of several markets may be the first at once: the id of the one that wrote counts for all.
        while not (known := self._id_in(file.read())):
            file.update(with_id)
        return known

    def _id_in(self, content: bytes | None) -> str:
        """Return the id that the file gives this store; empty without one, and in the copy of another store."""
        kept = json.loads(content) if content else {}
        return str(kept["id"]) if kept.get("address") == self.store.base else ""

    def recorded_run(self, partition: PartitionKey, cycle_id: str) -> str:
        """Return the id of the MLflow run that this store has recorded for a cycle; empty without one."""
        content = self.store.files.read_many([self._path(partition, cycle_id)])[0]
        return "" if content is None else str(json.loads(content)["mlflow_run_id"])

    def _path(self, partition: PartitionKey, cycle_id: str) -> str:
        return f"{self.store.base}/{FOLDER}/{partition.folder}/{cycle_id}.json"


def _kept_run(partition: PartitionKey | None, content: bytes | None) -> KeptRun | None:
    try:
        record = json.loads(content or b"")
        cycle_id, run_id, dagster_run_id = (
            str(record[name]) for name in ("cycle_id", "mlflow_run_id", "dagster_run_id")
        )
        published = record["published_content_hash"]
    except (ValueError, TypeError, KeyError):
        return None
    return KeptRun(partition, cycle_id, run_id, dagster_run_id, published) if partition else None
