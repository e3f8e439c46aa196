"""Sensor that starts cycles the schedule could not: late deliveries, and cycles missed while the daemon was down.

Each poll reads published months from the store, runs from the instance and files from the landing folder. The cursor
keeps only the fingerprints of the last poll, so that half-written files are left alone.
"""

import dataclasses
import json
import time
from collections.abc import Iterator

import dagster as dg
import pandas as pd
from dagster import DagsterRunStatus as Status

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.markets import Market
from forecast_assets.config.settings import Settings
from forecast_assets.defs import jobs
from forecast_assets.defs.schedules import PRIORITY, cycle_request, default_status, is_forecast, is_requested
from forecast_assets.defs.sensors.due_markets import Action, DueMarket, Runs, action_for
from forecast_assets.domain.cycle_calendar import cycle_id_of, deadline_at, due_month
from forecast_assets.market_state.fallback_runs import is_fallback_run
from forecast_assets.operations.cycle.cycle_gate import CycleGate
from forecast_assets.partitions import partition_key, range_name
from forecast_assets.sources.landing.arrivals import MonthDelivery
from forecast_assets.tags import (
    MARKET_TAG,
    MONTHS_TAG,
    PARTITION_TAG,
    PRIORITY_TAG,
    RANGE_END_TAG,
    RANGE_START_TAG,
    STARTED_BY_TAG,
    WAITS_TAG,
)

ARRIVALS, DELIVERY = "arrivals", "delivery"
ACTIVE = [Status.QUEUED, Status.NOT_STARTED, Status.STARTING, Status.STARTED, Status.CANCELING, Status.MANAGED]
# Dagster ends a tick after 60 s; the markets that are left come first in the next poll.
MOST_SECONDS_OF_A_POLL = 30
# After a longer pause the daemon was down: the waiting time counted before is void.
POLLS_MISSED_BY_A_STOPPED_DAEMON = 3


@dataclasses.dataclass
class Cursor:
    """State that one poll hands to the next.

    Attributes:
        month: Month that is due.
        at: Time of the poll.
        fingerprints: Fingerprint of the delivery by market.
        first_seen: Time of the first poll that saw the market due, by market.
        first: Market where the next poll starts.
        changed: Time of the first poll with another fingerprint, by market: tables have no time of change.
    """

    month: str = ""
    at: float = 0.0
    fingerprints: dict[str, str] = dataclasses.field(default_factory=dict)
    first_seen: dict[str, float] = dataclasses.field(default_factory=dict)
    first: str = ""
    changed: dict[str, float] = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, text: str | None, month: pd.Timestamp, now: float, most_seconds_between: float) -> "Cursor":
        """Return the cursor of the last poll: without ``first_seen`` after a pause, empty for another month."""
        cursor = cls(**json.loads(text)) if text else cls()
        if cursor.month != f"{month:%Y-%m}":
            return cls(month=f"{month:%Y-%m}", at=now)
        first_seen = cursor.first_seen if now - cursor.at <= most_seconds_between else {}
        return dataclasses.replace(cursor, at=now, first_seen=first_seen)

    def see(self, market: str, delivery: MonthDelivery) -> MonthDelivery:
        """Remember a market's delivery, and return it with the time of its change if only polls reveal that."""
        before = self.fingerprints.get(market)
        if before is not None and before != delivery.fingerprint:
            self.changed[market] = self.at
        self.fingerprints[market] = delivery.fingerprint
        if delivery.changed_at is None and market in self.changed:
            return dataclasses.replace(delivery, changed_at=pd.Timestamp(self.changed[market], unit="s", tz="UTC"))
        return delivery

    def write(self) -> str:
        """Return the text that the sensor stores."""
        return json.dumps(dataclasses.asdict(self))


def build_arrivals_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    @dg.sensor(
        name=ARRIVALS,
        jobs=[jobs.monthly_cycle, jobs.ingest, jobs.market_features],
        minimum_interval_seconds=settings.automation.sensor_seconds,
        default_status=dg.DefaultSensorStatus[default_status(settings)],
        description="Starts the cycle of markets whose files have arrived since the 10th, and cycles that were missed.",
    )
    def arrivals(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return poll_at(settings, context.instance, context.cursor, pd.Timestamp.now("UTC"))

    return arrivals


def poll_at(
    settings: Settings, instance: dg.DagsterInstance, cursor_text: str | None, now: pd.Timestamp
) -> dg.SensorResult:
    """Poll the markets of the month that is due at a moment, after the poll that left the cursor."""
    month = due_month(now, settings.automation.time_zone)
    most_seconds_between = POLLS_MISSED_BY_A_STOPPED_DAEMON * settings.automation.sensor_seconds
    cursor = Cursor.read(cursor_text, month, now.timestamp(), most_seconds_between)
    poll = Poll(settings, instance, month, now, cursor)
    requests = [request for market in poll.markets() if (request := poll.request_for(market))]
    poll.report()
    return dg.SensorResult(
        run_requests=requests, cursor=cursor.write(), skip_reason=None if requests else poll.in_words()
    )


class Poll:
    """One poll of all markets of the month that is due."""

    def __init__(
        self, settings: Settings, instance: dg.DagsterInstance, month: pd.Timestamp, now: pd.Timestamp, cursor: Cursor
    ) -> None:
        self._settings, self._instance, self._month, self._now, self._cursor = settings, instance, month, now, cursor
        self._gate = CycleGate(settings)
        self._overdue = now > deadline_at(
            month, settings.automation.time_zone, settings.automation.arrival_deadline_days
        )
        self.reasons: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self.arrived: list[str] = []

    def markets(self) -> Iterator[Market]:
        """Yield the markets that are forecast, from where the last poll stopped, until the time is over."""
        markets = [market for market in self._settings.market_table.values() if is_forecast(market, self._month)]
        start = next((index for index, market in enumerate(markets) if market.code == self._cursor.first), 0)
        stop_at = time.monotonic() + MOST_SECONDS_OF_A_POLL
        self._cursor.first = ""
        for market in [*markets[start:], *markets[:start]]:
            if time.monotonic() > stop_at:
                self._cursor.first = market.code
                return
            yield market

    def request_for(self, market: Market) -> dg.RunRequest | None:
        """Return the run that the market needs now; None if there is none to start."""
        runs, requested_at = self._runs(market.code)
        if self._is_done(market.code, runs):
            self.arrived.append(market.code)
            return None
        seconds_seen = self._now.timestamp() - self._cursor.first_seen.setdefault(market.code, self._now.timestamp())
        if runs is Runs.ACTIVE:
            return None
        seen_before = self._cursor.fingerprints.get(market.code)
        delivered = self._gate.delivery(market.code, self._month, self._now, seen_before)
        delivery = self._cursor.see(market.code, delivered)
        action, why = action_for(DueMarket(runs, requested_at, seconds_seen, delivery, self._overdue))
        self.reasons[market.code] = why
        if action is Action.ALARM:
            self.missing[market.code] = why
        elif delivery.is_complete:
            self.arrived.append(market.code)
        return self._request(market, runs, delivery.fingerprint) if action is Action.START else None

    def _is_done(self, code: str, runs: Runs) -> bool:
        """Return True if a cycle has published the month; a new delivery still replaces a fallback."""
        if not self._gate.has("published_forecasts", code, self._month):
            return False
        if runs not in (Runs.FAILED, Runs.WAITED):
            return True
        return not is_fallback_run(self._instance, self._gate.published_by(code, self._month))

    def _request(self, market: Market, runs: Runs, fingerprint: str) -> dg.RunRequest | None:
        step = self._gate.next_step(market.code, self._month)
        job, months = step.job, step.months
        if job == jobs.monthly_cycle.name:
            again = runs is not Runs.NONE
            request = cycle_request(self._settings, market, self._month, ARRIVALS, fingerprint, again)
        else:
            first, last = (str(partition_key(month, market.code)) for month in (months.first, months.last))
            cycle_id = cycle_id_of(self._settings.env, self._month)
            request = dg.RunRequest(
                run_key=f"{job}:{cycle_id}:{market.code}:{months.first:%Y-%m}:{months.last:%Y-%m}:{fingerprint}",
                job_name=job,
                tags={
                    **self._settings.automation.tags_of_runs(market.machine),
                    MONTHS_TAG: range_name(market.code, months),
                    RANGE_START_TAG: first,
                    RANGE_END_TAG: last,
                    MARKET_TAG: market.code,
                    STARTED_BY_TAG: ARRIVALS,
                    PRIORITY_TAG: PRIORITY[market.stage],
                },
            )
        if is_requested(self._instance, request.run_key):
            self.reasons[market.code] = f"{job} has been tried with these files: see the run"
            return None
        return request

    def _runs(self, code: str) -> tuple[Runs, pd.Timestamp | None]:
        """Return the state of the runs of a market's cycle, and the time of the latest request."""
        if self._instance.get_runs(dg.RunsFilter(tags={MARKET_TAG: code}, statuses=ACTIVE), limit=1):
            return Runs.ACTIVE, None
        key = str(partition_key(self._month, code))
        runs = dg.RunsFilter(job_name=jobs.monthly_cycle.name, tags={PARTITION_TAG: key})
        for latest in self._instance.get_run_records(runs, limit=1):
            return _standing(latest.dagster_run), pd.Timestamp(latest.create_timestamp)
        return Runs.NONE, None

    def report(self) -> None:
        """Report overdue deliveries to the outbox, each once, and close those that have arrived."""
        outbox, cycle_id = Outbox.of(self._settings), cycle_id_of(self._settings.env, self._month)
        overdue = [self._incident(code, lacks) for code, lacks in self.missing.items()]
        if overdue:
            outbox.report(overdue, cycle_id)
        if self.arrived:
            outbox.close([f"source_missing|{code}|{DELIVERY}" for code in self.arrived], cycle_id)

    def _incident(self, code: str, lacks: str) -> Incident:
        deadline = deadline_at(
            self._month, self._settings.automation.time_zone, self._settings.automation.arrival_deadline_days
        )
        return Incident(
            kind="source_missing",
            country=code,
            subject=DELIVERY,
            month=self._month,
            severity="critical",
            headline=f"{code}: {lacks} ({self._month:%Y-%m}), due by {deadline:%d %B %H:%M}. What is published stays.",
            facts=(("deadline", f"{deadline:%Y-%m-%d %H:%M %Z}"), ("deliveries", self._settings.sources.address)),
            asset=DELIVERY,
        )

    def in_words(self) -> str:
        """Return the reason why no cycle is started."""
        if not self.reasons:
            return f"Every market of {self._month:%Y-%m} is published or under way."
        shown = [f"{code}: {why}" for code, why in list(self.reasons.items())[:10]]
        more = f" and {len(self.reasons) - len(shown)} more" if len(self.reasons) > len(shown) else ""
        return f"{self._month:%Y-%m}: {'. '.join(shown)}{more}"


def _standing(run: dg.DagsterRun) -> Runs:
    if run.status in ACTIVE:
        return Runs.ACTIVE
    if WAITS_TAG in run.tags:
        return Runs.WAITED
    return Runs.ENDED if run.status is Status.SUCCESS else Runs.FAILED
