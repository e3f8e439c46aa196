"""Two runs of one market never mix, however they are started; runs of two markets run side by side."""

import logging
import threading
from multiprocessing.queues import Queue
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.domain.months import MonthRange
from forecast_assets.market_state.market_lease import MarketBusy, MarketLease, lease_of
from forecast_assets.operations.cycle.launch import QUIET, failures_of, launch
from forecast_assets.partitions import market_of_run
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.lease import Hold, Lease
from forecast_assets.tags import RANGE_END_TAG, RANGE_START_TAG
from forecast_assets_tests.processes import CONTEXT, started
from forecast_assets_tests.repository_settings import MARKETS

pytestmark = pytest.mark.heavy

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
SELL_IN = "country,sku,month,units\nFR,A,2024-05,10\nFR,A,2024-06,12\n"


def run(code: str | None, run_id: str) -> dg.DagsterRun:
    tags = {"dagster/partition": f"{code}|2024-06-01"} if code else {"dagster/partition": "2024-06-01"}
    return dg.DagsterRun("monthly_cycle", run_id=run_id, tags=tags)


@pytest.fixture
def lease(tmp_path):
    return MarketLease(TableStore(str(tmp_path)), seconds=60, wait_seconds=0)


def test_a_second_run_of_the_market_fails_and_names_the_first(lease):
    with lease.held_by(run("FR", "first")):
        with pytest.raises(MarketBusy, match="FR: run first is writing; this run waited 0 s and has changed nothing"):
            lease.held_by(run("FR", "second")).__enter__()
        with lease.held_by(run("DE", "third")), lease.held_by(run(None, "fourth")):
            assert lease_of(lease.store, "FR", 60).owner() == "first"
    with lease.held_by(run("FR", "second")):
        pass


def test_a_run_over_several_markets_takes_no_lease(lease):
    tags = {RANGE_START_TAG: "FR|2024-06-01", RANGE_END_TAG: "NO|2024-06-01"}
    with pytest.raises(dg.DagsterInvalidInvocationError, match="those from FR to NO and has computed nothing"):
        lease.held_by(dg.DagsterRun("features", run_id="first", tags=tags)).__enter__()
    assert lease_of(lease.store, "FR", 60).owner() is None


def test_a_run_waits_for_the_other_one_to_end(tmp_path):
    waiting = MarketLease(TableStore(str(tmp_path)), seconds=60, wait_seconds=30)
    first = waiting.held_by(run("FR", "first"))
    first.__enter__()
    timer = threading.Timer(0.2, first.__exit__, (None, None, None))
    timer.start()
    with waiting.held_by(run("FR", "second")):
        assert lease_of(waiting.store, "FR", 60).owner() == "second"
    timer.join()


def test_a_run_tries_twice_a_second_until_its_time_has_passed(tmp_path, monkeypatch):
    waits, now, take = MarketLease(TableStore(str(tmp_path)), seconds=60, wait_seconds=2.0), [100.0], Lease.take
    tried_at = []

    def taken(lease, owner):
        tried_at.append(now[0])
        assert len(tried_at) < 10
        return take(lease, owner)

    def sleep(seconds):
        now[0] += seconds

    with waits.held_by(run("FR", "first")):
        clock = SimpleNamespace(monotonic=lambda: now[0], sleep=sleep)
        monkeypatch.setattr("forecast_assets.market_state.market_lease.time", clock)
        monkeypatch.setattr(Lease, "take", taken)
        with pytest.raises(MarketBusy, match="waited 2 s"):
            waits.held_by(run("FR", "second")).__enter__()
    assert tried_at == [100.0, 100.5, 101.0, 101.5, 102.0]


def test_a_renewal_that_fails_is_logged_and_tried_again(tmp_path, monkeypatch, caplog):
    renewed, outcomes = threading.Event(), [OSError("no route to the store")]

    def renew(hold):
        if outcomes:
            raise outcomes.pop()
        renewed.set()

    monkeypatch.setattr(Hold, "renew", renew)
    short = MarketLease(TableStore(str(tmp_path)), seconds=0.01, wait_seconds=0)
    with caplog.at_level(logging.WARNING), short.held_by(run("FR", "first")):
        assert renewed.wait(30)
    assert "The lease of FR was not renewed: no route to the store" in caplog.text


def test_a_lease_is_renewed_until_the_run_ends(tmp_path):
    short = MarketLease(TableStore(str(tmp_path)), seconds=0.4, wait_seconds=1.0)
    with short.held_by(run("FR", "first")), pytest.raises(MarketBusy):
        short.held_by(run("FR", "second")).__enter__()


def test_a_failed_run_releases_its_market(lease):
    with pytest.raises(RuntimeError, match="broken"), lease.held_by(run("FR", "first")):
        raise RuntimeError("broken")
    assert lease_of(lease.store, "FR", 60).owner() is None


@pytest.mark.parametrize(
    ("tags", "market"),
    [
        ({"dagster/partition": "FR|2024-06-01"}, "FR"),
        ({RANGE_START_TAG: "NO|2020-01-01"}, "NO"),
        ({"dagster/partition": "2024-06-01", "forecast/market": "all_markets"}, None),
        ({RANGE_START_TAG: "2020-01-01"}, None),
        ({}, None),
    ],
)
def test_the_partition_names_the_market_of_a_run(tags, market):
    assert market_of_run(tags) == market


@pytest.fixture
def company(tmp_path, monkeypatch):
    """A company in the environment, as the command line and its processes find it."""
    (tmp_path / "landing" / "sell_in").mkdir(parents=True)
    (tmp_path / "landing" / "sell_in" / "all.csv").write_text(SELL_IN, encoding="utf-8")
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    for name, value in {
        "FORECAST_STORE": str(tmp_path / "store"), "FORECAST_LANDING": str(tmp_path / "landing"),
        "FORECAST_MARKETS": MARKETS, "FORECAST_LEASE_WAIT_SECONDS": "60", "DAGSTER_HOME": str(tmp_path),
        "MLFLOW_TRACKING_URI": "",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.get() as instance:
        instance.get_runs_count()
    return tmp_path


def ingest(country: str, first: pd.Timestamp, results: Queue) -> None:
    months = MonthRange(first, JUNE)
    results.put(launch(load_code_location, "ingest", country, months, assets=["sell_in"]).failures)


def test_backfill_and_cycle_of_one_market_run_one_after_the_other(company):
    """Both write June of FR. Their versions name each other: neither read or replaced a half of the other."""
    results = CONTEXT.Queue()
    processes = [started(ingest, "FR", first, results) for first in (MAY, JUNE)]
    failures = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(60)
    assert failures == [(), ()]
    with dg.DagsterInstance.get() as instance:
        steps = [instance.get_run_step_stats(record.dagster_run.run_id) for record in instance.get_run_records()]
    spans = [(min(step.start_time for step in run), max(step.end_time for step in run)) for run in steps]
    first, second = sorted(spans)
    assert first[1] <= second[0]
    versions = TableStore(str(company / "store")).versions("sell_in", PartitionKey(JUNE, "FR"))
    assert [version.was_published for version in versions] == [True, True]
    assert versions[1].provenance.previous_version == versions[0].name


def test_a_run_of_a_busy_market_fails_before_its_first_step(company, monkeypatch):
    monkeypatch.setenv("FORECAST_LEASE_WAIT_SECONDS", "0")
    lease_of(TableStore(str(company / "store")), "FR", 60).take("other")
    results = CONTEXT.Queue()
    process = started(ingest, "FR", MAY, results)
    (failure,) = results.get(timeout=120)
    process.join(60)
    assert "FR: run other is writing" in failure
    assert not (company / "store" / "sell_in").exists()


def test_a_run_over_several_markets_fails_before_its_first_step(company):
    tags = {RANGE_START_TAG: "FR|2024-06-01", RANGE_END_TAG: "DE|2024-06-01"}
    job = load_code_location().resolve_job_def("ingest")
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(
            instance=instance,
            run_config=QUIET,
            tags=tags,
            asset_selection=[dg.AssetKey("sell_in")],
            raise_on_error=False,
        )
    (failure,) = failures_of(result)
    assert failure.startswith(
        "the run failed before its first step: A run computes one market, this one has those from"
    )
    assert not (company / "store" / "sell_in").exists()
