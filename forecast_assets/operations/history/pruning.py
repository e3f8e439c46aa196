"""Removing versions that the retention rule lets go, market by market, each under its lease: no run writes then."""

import dataclasses
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

import pandas as pd

from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.lease import Lease, LeaseTaken
from forecast_assets.storage.version_files import VersionFiles, pruned_partitions, remove_left_over, remove_versions

RENEWALS_A_LEASE = 4


@dataclasses.dataclass(frozen=True)
class Pruned:
    """What was removed, and the markets that a run was writing (with the run's id): theirs stay until the next time."""

    removed: tuple[VersionFiles, ...]
    busy: dict[str, str]


def prune(store: TableStore, lease_seconds: int, goes: Sequence[VersionFiles], now: pd.Timestamp) -> Pruned:
    """Remove versions; one that has been published meanwhile stays.

    Killed at any moment it can be started again; see ``remove_versions``.
    """
    removed: list[VersionFiles] = []
    busy: dict[str, str] = {}
    by_place: dict[tuple[str, PartitionKey], list[VersionFiles]] = {place: [] for place in pruned_partitions(store)}
    for each in goes:
        by_place.setdefault((each.table, each.partition), []).append(each)
    ordered = sorted(by_place, key=lambda place: (place[1].country or "", place[0], place[1].month))
    for country, places in groupby(ordered, key=lambda place: place[1].country):
        lease = lease_of(store, country, lease_seconds)
        try:
            with _held(lease) as renew:
                for table, partition in places:
                    renew()
                    remove_left_over(store, table, partition)
                    removed += _remove(store, by_place[table, partition], now)
        except LeaseTaken as taken:
            busy[lease.name] = taken.held.holder
    return Pruned(tuple(removed), busy)


def _remove(store: TableStore, versions: Sequence[VersionFiles], now: pd.Timestamp) -> list[VersionFiles]:
    if not versions:
        return []
    published = store.published_provenance(versions[0].table, versions[0].partition)
    left = [each for each in versions if published is None or each.version.name != published.version]
    if left:
        remove_versions(store, left, now.to_pydatetime())
    return left


@contextmanager
def _held(lease: Lease) -> Iterator[object]:
    """Hold a lease; the body calls what it is given between two steps, and the lease is renewed in time."""
    holder = f"prune-{os.getpid()}"
    lease.take(holder)
    renewed = time.monotonic()

    def renew() -> None:
        nonlocal renewed
        if time.monotonic() - renewed > lease.seconds / RENEWALS_A_LEASE:
            lease.take(holder)
            renewed = time.monotonic()

    try:
        yield renew
    finally:
        lease.release(holder)
