"""Withdrawal of a market's publication, and its undoing: the store is then as if the month had not been published.

What readers, look-ups and sensors read of the month goes: the publication, its sums, the champion decided with
it, and the report. Sums over markets are those of ``withdrawn_sums.py``. The versions stay, so the withdrawal can be
undone. Runs that follow are named, not started.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dagster as dg
import pandas as pd

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.cycle_calendar import cycle_id_of
from forecast_assets.domain.months import MonthRange, consecutive_months
from forecast_assets.market_state.market_lease import MarketBusy, lease_of
from forecast_assets.market_state.publication_status import (
    StatusChange,
    changes_after_restoration,
    changes_after_withdrawal,
    write_status,
)
from forecast_assets.market_state.published_months import TABLE, PublishedMonths
from forecast_assets.operations.cycle.launch import Step
from forecast_assets.operations.health.unrecorded import record
from forecast_assets.storage import PartitionKey, TableStore, WrittenVersion
from forecast_assets.storage.lease import Hold, LeaseTaken
from forecast_assets.storage.withdrawals import Withdrawal, withdrawn_files
from forecast_assets.tags import MEASURE, REPUBLISH

# The publication itself goes and comes last: a command that was killed in between finds it as it was, and is repeated.
WITHDRAWN_TABLES = ("market_report", "forecast_levels", "champion", TABLE)
REPORT = "market_report"
# Versions whose status was changed are named by this word and the time.
WRITTEN_BY = "withdrawal-"


class NotPossible(ValueError):
    """The publication cannot be withdrawn or restored; nothing was changed."""


@dataclasses.dataclass(frozen=True)
class Order:
    """Order to withdraw or restore a publication, with author and reason.

    Attributes:
        country: The market.
        month: The published month.
        author: Name of the person.
        reason: Why.
        now: Time with zone.
    """

    country: str
    month: pd.Timestamp
    author: str
    reason: str
    now: pd.Timestamp

    @property
    def partition(self) -> PartitionKey:
        """The partition of the month."""
        return PartitionKey(self.month, self.country)

    @property
    def run_id(self) -> str:
        """Name of the versions that the order writes."""
        return f"{WRITTEN_BY}{self.now.tz_convert('UTC'):%Y%m%dT%H%M%S%f}"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Changes that an order has made.

    Attributes:
        withdrawals: The withdrawals of the month by table, in force or just undone.
        changes: Months whose status has changed.
        written: Their new versions.
    """

    withdrawals: dict[str, Withdrawal]
    changes: tuple[StatusChange, ...]
    written: tuple[WrittenVersion, ...]


def withdraw(store: TableStore, order: Order, lease_seconds: float) -> Outcome:
    """Take a publication back; a command that was interrupted is completed.

    Raises:
        NotPossible: If the month is not published and was not withdrawn.
        MarketBusy: If a run is writing the market.
        LeaseLost: If a run took the market because this process was paused for longer than its lease.
    """
    with held(store, order, order.country, lease_seconds) as hold:
        if (
            not store.exists(TABLE, order.partition)
            and withdrawn_files(store, TABLE, order.partition).in_force() is None
        ):
            published = PublishedMonths(store).latest(order.country)
            latest = f"the latest published month is {published:%Y-%m}" if published else "no month is published"
            raise NotPossible(f"{order.partition} is not published: {latest}. Nothing was changed")
        withdrawals = {table: withdraw_table(store, order, table, order.partition, hold) for table in WITHDRAWN_TABLES}
        changes = changes_after_withdrawal(store, order.country, order.month)
        return _with_statuses(store, order, withdrawals, changes, hold)


def restore(store: TableStore, order: Order, lease_seconds: float) -> Outcome:
    """Undo the latest withdrawal of a month: what was published then is published again.

    A command that was interrupted is completed.

    Raises:
        NotPossible: If the month was not withdrawn, or has been published since.
        MarketBusy: If a run is writing the market.
    """
    with held(store, order, order.country, lease_seconds) as hold:
        published = store.published_provenance(TABLE, order.partition)
        last = next(iter(reversed(withdrawn_files(store, TABLE, order.partition).withdrawals())), None)
        is_restored = published is not None and last is not None and published.version == last.version
        if last is None or not (last.is_in_force or is_restored):
            raise NotPossible(f"{order.partition} has no withdrawal to undo. Nothing was changed")
        if published is not None and not is_restored:
            raise NotPossible(
                f"{order.partition} was published again by run {published.run_id}. Withdraw that publication first. "
                "Nothing was changed"
            )
        withdrawals = {table: _restore_table(store, order, table, hold) for table in WITHDRAWN_TABLES}
        changes = changes_after_restoration(store, order.country, order.month)
        return _with_statuses(store, order, withdrawals, changes, hold)


def steps_after(store: TableStore, order: Order, outcome: Outcome) -> list[Step]:
    """Return the runs that bring stored performance and reports in line: those that read a month that has changed.

    A command that is repeated after one of these runs failed returns them again.
    """
    changed = [order.month, *(change.month for change in outcome.changes), *_restated_before(store, order)]

    def affected(table: str, last_offset: int, also: Sequence[pd.Timestamp] = ()) -> list[pd.Timestamp]:
        stored = {each.month for each in store.list_market(table, order.country)}
        reading = {add_months(month, offset) for month in changed for offset in range(1, last_offset + 1)} | set(also)
        return sorted(stored & reading)

    measures = consecutive_months(affected("performance", HORIZON_MONTHS))
    reports = affected_reports(store, order.country, affected(TABLE, HORIZON_MONTHS, changed))
    return [
        *(Step(MEASURE, months) for months in measures),
        *(Step(REPUBLISH, MonthRange(month, month), assets=(REPORT,)) for month in reports),
    ]


def _restated_before(store: TableStore, order: Order) -> list[pd.Timestamp]:
    """Return the earlier months whose present version was written by a withdrawal or its undoing."""
    earlier = [each for each in store.list_market(TABLE, order.country) if each.month < order.month]
    return [each.month for each in earlier if store.provenance(TABLE, each).run_id.startswith(WRITTEN_BY)]


def affected_reports(store: TableStore, country: str, months: Sequence[pd.Timestamp]) -> list[pd.Timestamp]:
    """Return the months among the given ones that have a report."""
    return [month for month in months if store.published_provenance(REPORT, PartitionKey(month, country))]


def tell_dagster(
    instance: dg.DagsterInstance, store: TableStore, order: Order, outcome: Outcome, *, undo: bool
) -> None:
    """Record the order in Dagster's event log, and let the sensors judge the market's latest month anew."""
    facts = {"author": order.author, "reason": order.reason, "versions": _versions(outcome)}
    instance.report_runless_asset_event(
        dg.AssetObservation(
            dg.AssetKey(TABLE), partition=order.partition.to_dagster(), metadata=facts,
            description="publication restored" if undo else "publication withdrawn",
        )
    )  # fmt: skip
    for written in outcome.written:
        record(instance, TABLE, written, "status changed by forecast-assets withdraw")
    latest = PublishedMonths(store).latest(order.country)
    if latest is not None and latest not in {written.partition.month for written in outcome.written}:
        partition = PartitionKey(latest, order.country)
        current = WrittenVersion(partition, store.path(TABLE, partition), store.provenance(TABLE, partition))
        record(instance, TABLE, current, "the market's latest publication after forecast-assets withdraw")


def close_incidents(outbox: Outbox, settings: Settings, order: Order) -> None:
    """Close the incidents that the withdrawn publication opened; a sensor opens those that still hold."""
    opened = [
        incident.key
        for incident in outbox.open_incidents()
        if (incident.country, incident.month, incident.asset) == (order.country, order.month, TABLE)
    ]
    outbox.close(opened, cycle_id_of(settings.env, order.month))


def withdraw_table(
    store: TableStore, order: Order, table: str, partition: PartitionKey, hold: Hold
) -> Withdrawal | None:
    """Withdraw one table or set of documents; None if nothing of it was published."""
    files = withdrawn_files(store, table, partition, hold)
    published = store.published_provenance(table, partition)
    if published is None:
        return files.in_force()
    withdrawal = Withdrawal(
        published.version, published.run_id, published.content_hash, order.now.isoformat(), order.author, order.reason
    )
    files.withdraw(withdrawal, _names(store, files.published))
    return withdrawal


def _restore_table(store: TableStore, order: Order, table: str, hold: Hold) -> Withdrawal | None:
    """Publish the withdrawn version of one table or set of documents again; None if none was withdrawn."""
    files = withdrawn_files(store, table, order.partition, hold)
    withdrawal = files.in_force()
    if withdrawal is None:
        return None
    undone = dataclasses.replace(
        withdrawal, restored_at=order.now.isoformat(), restored_by=order.author, restored_because=order.reason
    )
    path = f"{files.versions}/{withdrawal.version}"
    if table == REPORT:
        contents = {name: store.files.read(f"{path}/{name}") for name in _names(store, path)}
    else:
        contents = {f"{table}.parquet": store.files.read(path)}
    files.restore(undone, contents)
    return undone


def _with_statuses(
    store: TableStore,
    order: Order,
    withdrawals: Mapping[str, Withdrawal | None],
    changes: Sequence[StatusChange],
    hold: Hold,
) -> Outcome:
    written = [write_status(store, order.country, change, order.run_id, hold) for change in changes]
    carried_out = {table: withdrawal for table, withdrawal in withdrawals.items() if withdrawal is not None}
    return Outcome(carried_out, tuple(changes), tuple(written))


def _names(store: TableStore, folder: str) -> list[str]:
    """Return the names of the files in a folder, without temporary ones."""
    names = [path.removeprefix(f"{folder}/") for path in store.find(folder)]
    return [name for name in names if not name.startswith(".")]


def _versions(outcome: Outcome) -> str:
    return ", ".join(f"{table} {withdrawal.version}" for table, withdrawal in outcome.withdrawals.items())


@contextmanager
def held(store: TableStore, order: Order, country: str | None, seconds: float) -> Iterator[Hold]:
    """Hold the lease of a market, None: of the tables over all: no run writes them meanwhile. Raises MarketBusy."""
    lease = lease_of(store, country, seconds)
    try:
        hold = lease.take(order.run_id)
    except LeaseTaken as taken:
        raise MarketBusy(
            f"{lease.name}: run {taken.held.holder} is writing; nothing was changed there. Repeat the command when "
            "that run has ended"
        ) from None
    try:
        yield hold
    finally:
        hold.release()
