"""Durations of past runs, as recorded by Dagster, and the estimated duration of a backfill."""

import dataclasses
import statistics
from collections.abc import Mapping

import dagster as dg
import pandas as pd

from forecast_assets.domain.calendar import months_between
from forecast_assets.operations.backfill.asset_nodes import AssetNode
from forecast_assets.storage import PartitionKey
from forecast_assets.tags import RANGE_END_TAG, RANGE_START_TAG

RUNS_READ = 100


@dataclasses.dataclass(frozen=True)
class PastDurations:
    """Durations of past successful runs.

    Attributes:
        seconds: Median seconds per partition, by asset and kind of run: True for a range of months, False for one.
        run_seconds: Median seconds of a run outside its steps; None without a run.
        runs: Number of runs that were read.
    """

    seconds: Mapping[tuple[str, bool], float]
    run_seconds: float | None
    runs: int

    def of(self, asset: str, in_range: bool) -> float | None:
        """Return the seconds per partition in a run of that kind, else of the other kind; None without any run."""
        return self.seconds.get((asset, in_range), self.seconds.get((asset, not in_range)))


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Minutes of a backfill; ``unknown`` names the assets without a past run, which are not counted."""

    minutes: float | None
    processes: int
    runs: int
    unknown: tuple[str, ...]


def past_durations(instance: dg.DagsterInstance) -> PastDurations:
    """Read the statistics of the latest successful runs of the instance."""
    filters = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])
    records = instance.get_run_records(filters=filters, limit=RUNS_READ)
    seconds: dict[tuple[str, bool], list[float]] = {}
    outside = []
    for record in records:
        tags = record.dagster_run.tags
        months = _months(tags)
        spent = 0.0
        for step in instance.get_run_step_stats(record.dagster_run.run_id):
            if step.start_time is None or step.end_time is None:
                continue
            took = step.end_time - step.start_time
            spent += took
            seconds.setdefault((step.step_key, RANGE_START_TAG in tags), []).append(took / months)
        if record.start_time and record.end_time:
            outside.append(max(0.0, record.end_time - record.start_time - spent))
    medians = {key: statistics.median(values) for key, values in seconds.items()}
    return PastDurations(medians, statistics.median(outside) if outside else None, len(records))


def job_seconds(instance: dg.DagsterInstance) -> dict[tuple[str, bool], float]:
    """Return the median seconds per month of the latest successful runs by job; True for runs over a range."""
    filters = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])
    seconds: dict[tuple[str, bool], list[float]] = {}
    for record in instance.get_run_records(filters=filters, limit=RUNS_READ):
        if record.start_time and record.end_time:
            run, tags = record.dagster_run, record.dagster_run.tags
            took = (record.end_time - record.start_time) / _months(tags)
            seconds.setdefault((run.job_name, RANGE_START_TAG in tags), []).append(took)
    return {key: statistics.median(values) for key, values in seconds.items()}


def estimated(
    rebuilt: Mapping[str, Mapping[str | None, Mapping[pd.Timestamp, str]]],
    nodes: Mapping[str, AssetNode],
    past: PastDurations,
    processes: int,
) -> Estimate:
    """Estimate the minutes of a plan whose markets run side by side in a number of processes.

    Markets are assumed to be spread evenly over the processes, but never to end before the longest one. Partitions over
    all markets are added.
    """
    unknown, by_market = set(), dict[str | None, float]()
    for asset, countries in rebuilt.items():
        for country, months in countries.items():
            if not months:
                continue
            in_range = nodes[asset].months_in_one_run and len(months) > 1
            each = past.of(asset, in_range)
            if each is None:
                unknown.add(asset)
                continue
            by_market[country] = by_market.get(country, 0.0) + each * len(months)
    for country, count in _runs(rebuilt, nodes).items():
        by_market[country] = by_market.get(country, 0.0) + count * (past.run_seconds or 0.0)
    shared = by_market.pop(None, 0.0)
    total = max(sum(by_market.values()) / processes, max(by_market.values(), default=0.0)) + shared
    return Estimate(total / 60 if past.runs else None, processes, past.runs, tuple(sorted(unknown)))


def _runs(
    rebuilt: Mapping[str, Mapping[str | None, Mapping[pd.Timestamp, str]]], nodes: Mapping[str, AssetNode]
) -> dict[str | None, int]:
    """Count the runs by market: one per asset of ranges, one per month of the others."""
    ranges, months = dict[str | None, int](), dict[str | None, set[pd.Timestamp]]()
    for asset, countries in rebuilt.items():
        for country, stale in countries.items():
            if stale and nodes[asset].months_in_one_run:
                ranges[country] = ranges.get(country, 0) + 1
            elif stale:
                months.setdefault(country, set()).update(stale)
    return {country: ranges.get(country, 0) + len(months.get(country, ())) for country in {*ranges, *months}}


def _months(tags: Mapping[str, str]) -> int:
    """Count the months of a run: those of its range, else one."""
    if RANGE_START_TAG not in tags or RANGE_END_TAG not in tags:
        return 1
    first, last = (PartitionKey.from_dagster(tags[tag]).month for tag in (RANGE_START_TAG, RANGE_END_TAG))
    return months_between(first, last) + 1
