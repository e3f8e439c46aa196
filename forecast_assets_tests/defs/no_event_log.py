"""A Dagster instance that keeps no events, for runs of which a test looks at the result and the store alone.

A quarter of the time of a run in process goes into its events: they are written to a database in memory and looked up
there by each check and input. Tests of what Dagster remembers take ``dg.instance_for_test`` instead.
"""

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster._core.instance import InstanceType
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher
from dagster._core.run_coordinator import DefaultRunCoordinator
from dagster._core.storage.event_log import InMemoryEventLogStorage
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.root import TemporaryLocalArtifactStorage
from dagster._core.storage.runs import InMemoryRunStorage


class NoEventLog(InMemoryEventLogStorage):
    """Stores nothing, and says so without a query to what the steps of a run ask."""

    def store_event(self, event: dg.EventLogEntry) -> None:
        pass

    def get_asset_records(self, asset_keys: Sequence[dg.AssetKey] | None = None) -> list[Any]:
        return []

    def fetch_materializations(self, *_: Any, **__: Any) -> dg.EventRecordsResult:
        return dg.EventRecordsResult(records=[], cursor="", has_more=False)

    def fetch_observations(self, *_: Any, **__: Any) -> dg.EventRecordsResult:
        return dg.EventRecordsResult(records=[], cursor="", has_more=False)


@contextmanager
def ephemeral() -> Iterator[dg.DagsterInstance]:
    """Stand for ``DagsterInstance.ephemeral``, which runs in process take that are given no instance."""
    yield forgetful_instance()


@functools.cache
def forgetful_instance() -> dg.DagsterInstance:
    """Return the instance of this process."""
    return dg.DagsterInstance(
        instance_type=InstanceType.EPHEMERAL,
        local_artifact_storage=TemporaryLocalArtifactStorage(),
        run_storage=InMemoryRunStorage(),
        event_storage=NoEventLog(),
        compute_log_manager=NoOpComputeLogManager(),
        run_coordinator=DefaultRunCoordinator(),
        run_launcher=SyncInMemoryRunLauncher(),
    )
