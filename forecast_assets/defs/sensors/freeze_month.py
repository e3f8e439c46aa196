"""Sensor of the runs over all markets: they freeze a month's totals and pooled rows, and prepare the next month.

Sums of forecasts are no basis of later forecasts. They are made again if a market's publication of the month changes.
"""

import hashlib

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings, pools_markets
from forecast_assets.defs import jobs
from forecast_assets.defs.schedules import PRIORITY_OF_TOTALS, default_status
from forecast_assets.defs.sensors.arrivals import ACTIVE
from forecast_assets.defs.sensors.totals_schedule import FALLBACK_BEFORE_DUE, Months, to_freeze, to_make_known
from forecast_assets.domain.cycle_calendar import closed_month, cycle_id_of, deadline_at, due_at, due_month
from forecast_assets.domain.models.pooled_model import POOLED_MONTHS
from forecast_assets.domain.months import MonthRange
from forecast_assets.market_state.forecast_sums import TOTALS, are_outdated, published_levels
from forecast_assets.operations.stages import FORECAST_SUMS, MARKET_MONTHS_OF_A_RUN, stages
from forecast_assets.partitions import ALL_MARKETS, range_name
from forecast_assets.storage import ListedOnce, TableReader
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import MARKET_TAG, MONTHS_TAG, PRIORITY_TAG, RANGE_END_TAG, RANGE_START_TAG, STARTED_BY_TAG

FREEZE_MONTH = "freeze_month"
# Digits of a digest, for the key of a run.
STATE_LENGTH = 16


def build_freeze_month_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    @dg.sensor(
        name=FREEZE_MONTH,
        jobs=[jobs.totals, jobs.totals_known, jobs.pool_rows, jobs.pool_model, jobs.sum_forecasts],
        minimum_interval_seconds=settings.automation.sensor_seconds,
        default_status=dg.DefaultSensorStatus[default_status(settings)],
        description="Freezes a month over all markets when they are in or at the deadline, and prepares the next one.",
    )
    def freeze_month(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        requests = requests_over_all_markets(settings, context.instance, pd.Timestamp.now("UTC"))
        return requests or dg.SkipReason("Every month over all markets is built, or waits for markets.")

    return freeze_month


def requests_over_all_markets(
    settings: Settings, instance: dg.DagsterInstance, now: pd.Timestamp
) -> list[dg.RunRequest]:
    """Return the runs over all markets to start now; none while one of the same job is under way."""
    zone, store = settings.automation.time_zone, ListedOnce(open_store(settings))
    due, closed = due_month(now, zone), closed_month(now, zone)
    months = Months(
        due, closed,
        is_overdue=now > deadline_at(due, zone, settings.automation.arrival_deadline_days),
        is_late=now > due_at(closed, zone) - FALLBACK_BEFORE_DUE,
    )  # fmt: skip
    wanted: list[tuple[str, MonthRange]] = []
    for stage in stages(pools=pools_markets(settings)):
        if stage.over_all_markets:
            freeze, *read_later = stage.jobs
            wanted += _wanted(store, settings, months, stage.reads, freeze.tables[0], freeze.job)
            for known in read_later:
                wanted += _known(store, months, freeze.tables[0], known.tables[0], known.job)
    busy = {run.job_name for run in instance.get_runs(dg.RunsFilter(tags={MARKET_TAG: ALL_MARKETS}, statuses=ACTIVE))}
    cycle_id = cycle_id_of(settings.env, due)
    requests = [_request(job, span, cycle_id) for job, span in wanted if job not in busy]
    return requests + [_request(job, span, cycle_id, state) for job, span, state in _changed(store, due, busy)]


def _wanted(
    store: TableReader, settings: Settings, months: Months, source: str, table: str, job: str
) -> list[tuple[str, MonthRange]]:
    """Return the months of a table over all markets that can be frozen, with their job."""
    delivered: dict[pd.Timestamp, set[str]] = {}
    for partition in store.list_partitions(source):
        delivered.setdefault(partition.month, set()).add(partition.country or "")
    expected = {market.code: market.since for market in settings.market_table.values() if market.stage != "retired"}
    if table == "pooled_rows":
        oldest = months.closed - pd.DateOffset(months=POOLED_MONTHS)
        delivered = {month: markets for month, markets in delivered.items() if month >= oldest}
    spans = to_freeze(months, delivered, expected, _stored(store, table))
    if table == "pooled_rows":
        spans = [part for span in spans for part in span.parts(MARKET_MONTHS_OF_A_RUN // len(expected))]
    return [(job, span) for span in spans]


def _known(store: TableReader, months: Months, source: str, table: str, job: str) -> list[tuple[str, MonthRange]]:
    is_wanted = to_make_known(months, _stored(store, source), _stored(store, table))
    return [(job, MonthRange(months.closed, months.closed))] if is_wanted else []


def _changed(store: TableReader, month: pd.Timestamp, busy: set[str]) -> list[tuple[str, MonthRange, str]]:
    """Return the sums of a frozen month if they hold other publications than those in force, with their state.

    A publication that is repeated has another state, also with the same numbers.
    """
    (sums,) = FORECAST_SUMS.jobs
    if sums.job in busy or month not in _stored(store, TOTALS):
        return []
    levels = published_levels(store, month)
    if not are_outdated(store, month, levels):
        return []
    runs = " ".join(f"{each} {provenance.run_id}" for each, provenance in sorted(levels.items()))
    return [(sums.job, MonthRange(month, month), hashlib.sha256(runs.encode()).hexdigest()[:STATE_LENGTH])]


def _stored(store: TableReader, table: str) -> set[pd.Timestamp]:
    return {partition.month for partition in store.list_partitions(table)}


def _request(job: str, span: MonthRange, cycle_id: str, state: str = "") -> dg.RunRequest:
    first, last = (f"{month:%Y-%m-%d}" for month in (span.first, span.last))
    is_single = span.first == span.last
    tags = {MARKET_TAG: ALL_MARKETS, STARTED_BY_TAG: FREEZE_MONTH, PRIORITY_TAG: PRIORITY_OF_TOTALS}
    return dg.RunRequest(
        run_key=":".join(filter(None, (job, cycle_id, first, last, state))),
        job_name=job,
        partition_key=first if is_single else None,
        tags=tags
        if is_single
        else {**tags, MONTHS_TAG: range_name(None, span), RANGE_START_TAG: first, RANGE_END_TAG: last},
    )
