"""Prediction of a month's cycle: when each market is ready, what it costs, and how that compares with what happened.

The prediction of a month uses the runs that ended before its first run was requested, so it can be repeated later and
is then the same. The arithmetic of the queue is in ``domain/monitoring/run_queue.py``.
"""

import dataclasses
import statistics
from collections.abc import Mapping

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.cycle_calendar import deadline_at, due_at
from forecast_assets.domain.monitoring.run_queue import QueuedRun, core_hours, critical_path, queue_times
from forecast_assets.operations.cycle.past_cycles import CycleRun, PastCycles, past_cycles, runs_of_month
from forecast_assets.tags import JOBS_OVER_ALL_MARKETS

SUMS = JOBS_OVER_ALL_MARKETS["forecast_totals"]


@dataclasses.dataclass(frozen=True)
class MarketPrediction:
    """Prediction of one market and what has become of it.

    Attributes:
        country: Market code.
        seconds: Expected seconds of its cycle.
        has_past: True if they are its own; False if they are the median of the other markets.
        delay_seconds: Seconds after the date at which its delivery usually comes.
        start: Predicted start, as of before the cycle.
        ready: Predicted end, as of before the cycle.
        outlook: End as it looks now: the end itself if the market is ready.
        is_ready: True if a run has published the market.
        took_seconds: Seconds of its runs that have ended, until it was ready; 0 without any.
    """

    country: str
    seconds: float
    has_past: bool
    delay_seconds: float
    start: pd.Timestamp
    ready: pd.Timestamp
    outlook: pd.Timestamp
    is_ready: bool
    took_seconds: float


@dataclasses.dataclass(frozen=True)
class CyclePrediction:
    """Prediction of the cycle of a month.

    Attributes:
        month: Origin month.
        start: Start of the cycle: its first request, else its date, else now.
        has_begun: True if a run of the cycle exists.
        deadline: Moment by which each market is to be ready.
        at_a_time: Runs at a time.
        markets: In the order of the queue.
        path: Markets that the last end depends on, in order.
        over_all_markets: Seconds of the runs over all markets by job.
        latest: Id of the last past run by market.
    """

    month: pd.Timestamp
    start: pd.Timestamp
    has_begun: bool
    deadline: pd.Timestamp
    at_a_time: int
    markets: tuple[MarketPrediction, ...]
    path: tuple[str, ...]
    over_all_markets: Mapping[str, float]
    latest: Mapping[str, str]

    @property
    def late(self) -> list[MarketPrediction]:
        """The markets that are not ready and will miss the deadline, as it looks now."""
        return [each for each in self.markets if not each.is_ready and each.outlook > self.deadline]

    @property
    def ready(self) -> pd.Timestamp:
        """Predicted end of the sums over all markets, which come after the last market."""
        last = max(each.ready for each in self.markets)
        return last + pd.Timedelta(seconds=self.over_all_markets.get(SUMS, 0.0))

    def core_hours(self, cores: int) -> float:
        """Return the core hours of all predicted runs."""
        seconds = sum(each.seconds for each in self.markets) + sum(self.over_all_markets.values())
        return core_hours(seconds, cores)


class NoPastRun(LookupError):
    """No market has a successful cycle to predict from."""


def runs_at_a_time(instance: dg.DagsterInstance) -> int | None:
    """Return the limit of the instance's queue; None without a queue or a limit."""
    queue = instance.get_concurrency_config().run_queue_config
    return queue.max_concurrent_runs if queue and queue.max_concurrent_runs > 0 else None


def ready_by(settings: Settings, month: pd.Timestamp) -> pd.Timestamp:
    """Return the moment by which the markets of a month are to be ready."""
    automation = settings.automation
    if automation.ready_hours == 0:
        return deadline_at(month, automation.time_zone, automation.arrival_deadline_days)
    return due_at(month, automation.time_zone) + pd.Timedelta(hours=automation.ready_hours)


def predict(
    settings: Settings,
    instance: dg.DagsterInstance,
    month: pd.Timestamp,
    priorities: Mapping[str, int],
    now: pd.Timestamp,
    at_a_time: int,
) -> CyclePrediction:
    """Predict the cycle of a month.

    Args:
        settings: Of the company.
        instance: Instance with the records of runs.
        month: Origin month.
        priorities: Priority in the queue by market, in the order in which the schedule requests them.
        now: The present moment, with zone.
        at_a_time: Runs at a time.

    Raises:
        NoPastRun: If no market has a past run.
    """
    zone = settings.automation.time_zone
    runs = runs_of_month(instance, month, priorities)
    begun = pd.Timestamp(min(run.requested for run in runs), unit="s", tz="UTC") if runs else None
    past = past_cycles(instance, priorities, zone, begun or now)
    if not past.seconds:
        raise NoPastRun("no market has a successful cycle yet: there is nothing to predict from")
    start = begun or max(due_at(month, zone), now)
    seconds = {code: past.seconds.get(code, statistics.median(past.seconds.values())) for code in priorities}
    released = {code: max(start.timestamp(), _usual_time(past, code, month, zone)) for code in priorities}
    planned = [QueuedRun(code, seconds[code], level, released[code]) for code, level in priorities.items()]
    times = queue_times(planned, at_a_time)
    outlook = _outlook(planned, runs, now.timestamp(), at_a_time)
    ready = {run.country for run in runs if run.succeeded}

    def at(second: float) -> pd.Timestamp:
        return pd.Timestamp(second, unit="s", tz="UTC").tz_convert(zone)

    markets = [
        MarketPrediction(
            code, seconds[code], code in past.seconds, past.delay_seconds.get(code, 0.0), at(times[code].start),
            at(times[code].end), at(outlook[code]), code in ready,
            sum(run.seconds for run in runs if run.country == code),
        )
        for code in priorities
    ]  # fmt: skip
    return CyclePrediction(
        month, start.tz_convert(zone), begun is not None, ready_by(settings, month), at_a_time, tuple(markets),
        tuple(critical_path(times)), past.over_all_markets, past.latest,
    )  # fmt: skip


def _usual_time(past: PastCycles, code: str, month: pd.Timestamp, time_zone: str) -> float:
    """Return the second at which a delivery that is usually late comes; 0 for a market that usually is in time."""
    delay = past.delay_seconds.get(code, 0.0)
    return due_at(month, time_zone).timestamp() + delay if delay else 0.0


def _outlook(planned: list[QueuedRun], runs: list[CycleRun], now: float, at_a_time: int) -> dict[str, float]:
    """Return the end of each market as it looks now: of ended runs as it was, of others from now on."""
    ended = {run.country: run.ended for run in runs if run.succeeded and run.ended is not None}
    # The last run of a market counts: it follows one that failed.
    going = {run.country: run for run in runs if run.is_active and run.launched is not None}
    left = []
    for each in planned:
        if each.name in ended:
            continue
        started = going[each.name].launched if each.name in going else None
        if started is None:
            left.append(dataclasses.replace(each, released=max(each.released, now)))
        else:
            # A run that takes longer than expected ends now at the earliest.
            left.append(dataclasses.replace(each, started=started, seconds=max(each.seconds, now - started)))
    return {name: each.end for name, each in queue_times(left, at_a_time).items()} | ended
