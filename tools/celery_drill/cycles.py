"""Cycles of the drill: months that are asked for, kills meanwhile, and what is left afterwards."""

import random
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pandas as pd

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import load_settings
from forecast_assets.defs.sensors.run_failures import is_retry_pending
from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.opened import open_store
from tools.celery_drill.company import Company
from tools.celery_drill.outcome import Kill, Run
from tools.celery_drill.worker_log import tasks_in

OPEN = ["QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"]
TASK_TAG = "dagster-celery/task_id"
SECONDS_OF_A_MONTH, SECONDS_TO_TELL = 1_800, 180
# Parts of the mean time between two kills, and seconds until the killed worker is started again.
BETWEEN_KILLS, UNTIL_BACK = (0.4, 1.6), (1.0, 10.0)


class Cycles:
    """Runs of a company: asked for, waited for, looked at.

    Attributes:
        told: Failed runs whose market had an open incident when a person started it again.
        asked: Market and month of every forecast that was asked for.
    """

    def __init__(self, company: Company) -> None:
        self.company = company
        self.told: set[str] = set()
        self.asked: set[tuple[str, str]] = set()
        self._instance = company.instance()

    def month(self, month: pd.Timestamp, markets: Sequence[str]) -> float:
        """Run the cycle of markets; a person starts again what failed for good. Return the seconds."""
        begun = time.monotonic()
        missing = list(markets)
        self.asked |= {(market, f"{month:%Y-%m}") for market in missing}
        while missing:
            for market in missing:
                self.company.launch("monthly_cycle", _cycle_tags(market, month))
            self._wait()
            missing = [market for market in missing if not self._has_succeeded(market, month)]
            self._wait_until_told(missing, month)
        return time.monotonic() - begun

    def published(self) -> dict[tuple[str, str], int]:
        """Return the number of forecasts by market and month: whole ones count once, others not at all."""
        store, counted = self._store(), {}
        for partition in store.list_partitions("published_forecasts"):
            rows = store.read("published_forecasts", [partition])
            is_whole = len(rows) > 0 and not rows.duplicated(["sku", "target_month"]).any()
            is_whole &= bool((rows.groupby("sku").size() == 18).all())
            counted[str(partition.country), f"{partition.month:%Y-%m}"] = int(is_whole)
        return counted

    def publications(self) -> dict[tuple[str, str], int]:
        """Return how often the forecast of each market and month was published."""
        store, counted = self._store(), {}
        for market, month in sorted(self.asked):
            key = PartitionKey(pd.Timestamp(month), market)
            counted[market, month] = sum(each.was_published for each in store.versions("published_forecasts", key))
        return counted

    def leases(self) -> dict[str, str]:
        """Return the owner of each lease that is still in force."""
        owners = {market: lease_of(self._store(), market, 15).owner() for market in self.company.markets}
        return {market: owner for market, owner in owners.items() if owner}

    def slots(self) -> dict[str, int]:
        """Return the claimed slots of each pool."""
        log = self._instance.event_log_storage
        return {pool: len(log.get_concurrency_info(pool).claimed_slots) for pool in log.get_concurrency_keys()}

    def open_incidents(self) -> list[str]:
        """Return the open incidents of failed runs."""
        incidents = Outbox.of(load_settings()).open_incidents()
        return [each.key for each in incidents if each.kind == "run_failed"]

    def runs(self) -> dict[str, Run]:
        """Return all runs by id, each with the worker that took it last."""
        workers = {
            task.task_id: worker.user.name
            for worker in self.company.known_workers.values()
            for log in worker.logs
            for task in tasks_in(_lines(log))
        }
        return {record.dagster_run.run_id: self._run(record, workers) for record in self._instance.get_run_records()}

    def _run(self, record: dg.RunRecord, workers: dict[str, str]) -> Run:
        run = record.dagster_run
        market, _, month = run.tags.get("dagster/partition", "|").partition("|")
        return Run(
            run.run_id, run.job_name, market or run.tags.get("forecast/market", ""), month[:7], run.status.value,
            workers.get(run.tags.get(TASK_TAG, ""), ""), record.start_time, record.end_time, run.parent_run_id,
            self._message(run.run_id) if run.status is dg.DagsterRunStatus.FAILURE else "",
        )  # fmt: skip

    def _message(self, run_id: str) -> str:
        entries = self._instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        return str(entries[0].dagster_event.message)[:300] if entries and entries[0].dagster_event else ""

    def _has_succeeded(self, market: str, month: pd.Timestamp) -> bool:
        tags = {"dagster/partition": _key(market, month)}
        wanted = dg.RunsFilter(job_name="monthly_cycle", tags=tags, statuses=[dg.DagsterRunStatus.SUCCESS])
        return bool(self._instance.get_runs(wanted, limit=1))

    def _wait(self) -> None:
        """Wait until no run is open and none will be started again."""
        give_up_at = time.monotonic() + SECONDS_OF_A_MONTH
        statuses = [dg.DagsterRunStatus(status) for status in OPEN]
        failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])
        while self._instance.get_runs(dg.RunsFilter(statuses=statuses), limit=1) or any(
            is_retry_pending(self._instance, record, datetime.now(UTC))
            for record in self._instance.get_run_records(failed, limit=50)
        ):
            if time.monotonic() > give_up_at:
                raise RuntimeError(f"runs are open after {SECONDS_OF_A_MONTH} s: {self.company.tail('daemon')}")
            time.sleep(1)

    def _wait_until_told(self, markets: Sequence[str], month: pd.Timestamp) -> None:
        """Wait until every market has an incident of its failed run; what has none stays out of ``told``."""
        give_up_at = time.monotonic() + SECONDS_TO_TELL
        wanted = {f"run_failed|{market}|monthly_cycle" for market in markets}
        while not wanted <= set(self.open_incidents()) and time.monotonic() < give_up_at:
            time.sleep(2)
        for market in markets:
            if f"run_failed|{market}|monthly_cycle" in self.open_incidents():
                tags = {"dagster/partition": _key(market, month)}
                failed = dg.RunsFilter(tags=tags, statuses=[dg.DagsterRunStatus.FAILURE])
                self.told |= {run.run_id for run in self._instance.get_runs(failed)}

    @staticmethod
    def _store() -> TableStore:
        return open_store(load_settings())


class Killer(threading.Thread):
    """Kills a worker now and then until its time is over, and starts it again.

    Attributes:
        company: Company of the workers.
        kills: Time, name of the worker, and the log of the start that ended.
        died: Workers that had ended by themselves.
    """

    def __init__(self, company: Company, seed: int, seconds: float, every: float) -> None:
        super().__init__(daemon=True)
        self._seconds, self._every = seconds, every
        self.company = company
        self.kills: list[tuple[float, str, Path]] = []
        self.died: list[str] = []
        self._draw, self._over = random.Random(seed), threading.Event()

    def run(self) -> None:
        """Kill and start again."""
        give_up_at = time.monotonic() + self._seconds
        while not self._over.wait(self._every * self._draw.uniform(*BETWEEN_KILLS)) and time.monotonic() < give_up_at:
            worker = self._draw.choice(self.company.workers)
            if not worker.is_alive():
                self.died.append(worker.logs[-1].name)
            log = worker.kill()
            self.kills.append((time.time(), worker.user.name, log))
            time.sleep(self._draw.uniform(*UNTIL_BACK))
            worker.start()

    def end(self) -> None:
        """Stop killing; every worker runs afterwards."""
        self._over.set()
        self.join()


def with_runs(kills: Sequence[tuple[float, str, Path]], instance: dg.DagsterInstance) -> list[Kill]:
    """Return the kills with the run that each worker had in hand: the task that it took and did not end."""
    by_task = {run.tags[TASK_TAG]: run.run_id for run in instance.get_runs() if TASK_TAG in run.tags}
    named = []
    for at, worker, log in kills:
        in_hand = [task.task_id for task in tasks_in(_lines(log)) if task.ended_at is None]
        named.append(Kill(at, worker, by_task.get(in_hand[-1]) if in_hand else None))
    return named


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8", errors="replace").splitlines()


def _key(market: str, month: pd.Timestamp) -> str:
    return f"{market}|{month:%Y-%m-%d}"


def _cycle_tags(market: str, month: pd.Timestamp) -> dict[str, str]:
    """Return the tags of a market's cycle as the schedule gives them."""
    return {
        "dagster/partition": _key(market, month),
        "dagster/partition/country": market,
        "dagster/partition/month": f"{month:%Y-%m-%d}",
        "forecast/cycle_id": f"dev-{month:%Y-%m}",
        "forecast/market": market,
    }
