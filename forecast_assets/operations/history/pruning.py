"""Pruning of versions by the retention rule, market by market, under the market's lease so that no run writes."""

import dataclasses
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

import pandas as pd

from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.lease import Hold, Lease, LeaseLost, LeaseTaken
from forecast_assets.storage.version_files import (
    VersionFiles,
    pruned_partitions,
    published_version,
    remove_left_over,
    remove_versions,
)

RENEWALS_A_LEASE = 4


@dataclasses.dataclass(frozen=True)
class Pruned:
    """Removed versions, and the markets (with run id) whose versions stay because a run was writing."""

    removed: tuple[VersionFiles, ...]
    busy: dict[str, str]


def prune(store: TableStore, lease_seconds: int, removable: Sequence[VersionFiles], now: pd.Timestamp) -> Pruned:
    """Remove versions; a version that was published meanwhile stays.

    A pruning that was killed can be started again; see ``remove_versions``.
    """
    removed: list[VersionFiles] = []
    busy: dict[str, str] = {}
    by_partition: dict[tuple[str, PartitionKey], list[VersionFiles]] = {key: [] for key in pruned_partitions(store)}
    for each in removable:
        by_partition.setdefault((each.table, each.partition), []).append(each)
    ordered = sorted(by_partition, key=lambda key: (key[1].country or "", key[0], key[1].month))
    for country, keys in groupby(ordered, key=lambda key: key[1].country):
        lease = lease_of(store, country, lease_seconds)
        try:
            with _held(lease) as held:
                for table, partition in keys:
                    hold = held()
                    remove_left_over(store, table, partition)
                    removed += _remove(store, by_partition[table, partition], now, hold)
        except LeaseTaken as taken:
            busy[lease.name] = taken.held.holder
        except LeaseLost:
            busy[lease.name] = "that took the lease while this command was paused"
    return Pruned(tuple(removed), busy)


def _remove(store: TableStore, versions: Sequence[VersionFiles], now: pd.Timestamp, hold: Hold) -> list[VersionFiles]:
    if not versions:
        return []
    name, partition = versions[0].table, versions[0].partition
    published = published_version(store, name, partition, store.find(store.versions_folder(name, partition)))
    left = [each for each in versions if each.version.name != published]
    if left:
        remove_versions(store, left, now.to_pydatetime(), hold)
    return left


@contextmanager
def _held(lease: Lease) -> Iterator[Callable[[], Hold]]:
    """Hold a lease; the body calls the yielded function between two steps: it renews the lease in time, returns it."""
    holder = f"prune-{os.getpid()}"
    hold = lease.take(holder)
    renewed = time.monotonic()

    def renewed_in_time() -> Hold:
        nonlocal renewed
        if time.monotonic() - renewed > lease.seconds / RENEWALS_A_LEASE:
            hold.renew()
            renewed = time.monotonic()
        return hold

    try:
        yield renewed_in_time
    finally:
        hold.release()
