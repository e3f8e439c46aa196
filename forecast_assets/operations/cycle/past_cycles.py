"""Runs of the monthly cycle as Dagster has recorded them: what they took, and how late they were requested."""

import dataclasses
import statistics
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import dagster as dg
import pandas as pd

from forecast_assets.domain.cycle_calendar import due_at
from forecast_assets.storage import PartitionKey
from forecast_assets.tags import (
    FALLBACK_JOBS,
    JOBS_OVER_ALL_MARKETS,
    MONTHLY_CYCLE,
    PARTITION_TAG,
    RANGE_START_TAG,
    WAITS_TAG,
)

# A market grows slowly, and its first cycles differ from the later ones.
RUNS_PER_MARKET = 3
# Runs read for each market: some ended without a delivery, some repeated a month.
READ_PER_MARKET = 8
# A cycle that was requested later than this after its date was started by hand for a past month.
MOST_DELAY = pd.Timedelta(days=28)
MONTH_TAG = "dagster/partition/month"


@dataclasses.dataclass(frozen=True)
class CycleRun:
    """A run of one market and month; times are seconds since 1970.

    Attributes:
        job: Name of the job: the cycle, or one that follows a failed cycle.
        country: Market code.
        month: Origin month.
        run_id: Id of the Dagster run.
        status: Status in Dagster.
        requested: Time of the request.
        launched: Time at which its process was started; None while it waits in the queue.
        ended: Time at which it ended; None before.
    """

    job: str
    country: str
    month: pd.Timestamp
    run_id: str
    status: dg.DagsterRunStatus
    requested: float
    launched: float | None
    ended: float | None

    @property
    def is_active(self) -> bool:
        """True if the run has not ended."""
        return self.status not in (
            dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED,
        )  # fmt: skip

    @property
    def succeeded(self) -> bool:
        """True if the run ended well."""
        return self.status is dg.DagsterRunStatus.SUCCESS

    @property
    def seconds(self) -> float:
        """Seconds from the start of its process to its end; 0 if one of them is not known."""
        return max(0.0, self.ended - self.launched) if self.ended and self.launched else 0.0


@dataclasses.dataclass(frozen=True)
class PastCycles:
    """Medians of the last successful runs.

    Attributes:
        seconds: Seconds of a cycle by market.
        delay_seconds: Seconds between the date of the cycle and the request of the run that succeeded, by market.
        over_all_markets: Seconds of a run of one month by job over all markets.
        latest: Id of the last of these runs by market.
    """

    seconds: Mapping[str, float]
    delay_seconds: Mapping[str, float]
    over_all_markets: Mapping[str, float]
    latest: Mapping[str, str]


def past_cycles(
    instance: dg.DagsterInstance, countries: Collection[str], time_zone: str, before: pd.Timestamp
) -> PastCycles:
    """Read the runs that ended before a moment, whatever their month."""
    filters = dg.RunsFilter(job_name=MONTHLY_CYCLE, statuses=[dg.DagsterRunStatus.SUCCESS], created_before=_utc(before))
    records = instance.get_run_records(filters, limit=READ_PER_MARKET * len(countries) + READ_PER_MARKET)
    seconds: dict[str, list[float]] = {}
    delays: dict[str, list[float]] = {}
    latest: dict[str, str] = {}
    wanted = dict.fromkeys(countries, RUNS_PER_MARKET)
    for record in records:
        key = _market_and_month(record.dagster_run.tags)
        if key is None or not wanted.get(str(key.country)):
            continue
        run = _cycle_run(instance, record, key)
        if run.ended is None or run.ended > before.timestamp():
            continue
        wanted[run.country] -= 1
        seconds.setdefault(run.country, []).append(run.seconds)
        delay = run.requested - due_at(run.month, time_zone).timestamp()
        delays.setdefault(run.country, []).append(delay if 0 < delay < MOST_DELAY.total_seconds() else 0.0)
        latest.setdefault(run.country, run.run_id)
    return PastCycles(_medians(seconds), _medians(delays), _over_all_markets(instance, before), latest)


def runs_of_month(instance: dg.DagsterInstance, month: pd.Timestamp, countries: Collection[str]) -> list[CycleRun]:
    """Return the cycles of a month and the runs that followed failed ones, oldest first, until a market is ready.

    Runs that ended because their delivery was missing are left out, and so are those that repeat a month.
    """
    filters = dg.RunsFilter(tags={MONTH_TAG: f"{month:%Y-%m-%d}"})
    runs: list[CycleRun] = []
    ready = set[str]()
    for record in instance.get_run_records(filters, ascending=True):
        key = _market_and_month(record.dagster_run.tags)
        is_cycle = record.dagster_run.job_name in (MONTHLY_CYCLE, *FALLBACK_JOBS)
        if not is_cycle or key is None or key.country not in countries or key.country in ready:
            continue
        runs.append(_cycle_run(instance, record, key))
        if runs[-1].succeeded:
            ready.add(runs[-1].country)
    return runs


def longest_steps(instance: dg.DagsterInstance, run_id: str, count: int) -> list[tuple[str, float]]:
    """Return the steps of a run that took longest with their seconds, longest first."""
    stats = instance.get_run_step_stats(run_id)
    steps = [(each.step_key, each.end_time - each.start_time) for each in stats if each.start_time and each.end_time]
    return sorted(steps, key=lambda step: -step[1])[:count]


def _over_all_markets(instance: dg.DagsterInstance, before: pd.Timestamp) -> dict[str, float]:
    seconds: dict[str, list[float]] = {}
    for job in dict.fromkeys(JOBS_OVER_ALL_MARKETS.values()):
        filters = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS], created_before=_utc(before))
        for record in instance.get_run_records(filters, limit=READ_PER_MARKET):
            if RANGE_START_TAG not in record.dagster_run.tags and record.start_time and record.end_time:
                seconds.setdefault(job, []).append(record.end_time - record.start_time)
    return _medians(seconds)


def _cycle_run(instance: dg.DagsterInstance, record: dg.RunRecord, key: PartitionKey) -> CycleRun:
    run = record.dagster_run
    launched = record.start_time and (instance.get_run_stats(run.run_id).launch_time or record.start_time)
    return CycleRun(
        run.job_name, str(key.country), key.month, run.run_id, run.status, record.create_timestamp.timestamp(),
        launched, record.end_time,
    )  # fmt: skip


def _market_and_month(tags: Mapping[str, str]) -> PartitionKey | None:
    """Return the partition of a run of one market and month that had its delivery; None for any other run."""
    if PARTITION_TAG not in tags or RANGE_START_TAG in tags or WAITS_TAG in tags:
        return None
    key = PartitionKey.from_dagster(tags[PARTITION_TAG])
    return key if key.country else None


def _medians(values: Mapping[str, Iterable[float]]) -> dict[str, float]:
    return {name: statistics.median(each) for name, each in values.items()}


def _utc(moment: pd.Timestamp) -> datetime:
    return moment.tz_convert("UTC").floor("us").to_pydatetime()
