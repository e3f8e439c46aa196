"""Injuries of whole cycles: they end with the tables of an undisturbed one, or say what to do and are repeated."""

import errno
import os
from pathlib import Path

import dagster as dg
import pytest

from forecast_assets.config.settings import load_settings
from forecast_assets.definitions import build_definitions
from forecast_assets.operations.cycle.launch import QUIET, failures_of
from forecast_assets.operations.health.integrity import verify_store
from forecast_assets.sample import write_sample_company
from forecast_assets.storage import TableStore
from forecast_assets.tags import SOURCES
from forecast_assets_tests.defs.no_event_log import forgetful_instance
from forecast_assets_tests.operate.cycle_drill import MONTH, drill, oddly_named
from forecast_assets_tests.operate.model_market import entry
from forecast_assets_tests.operate.store_drill import assert_harmless

FILES_BEFORE_IT_IS_FULL = 7


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """Thirteen months of a small market in the landing folder."""
    base = tmp_path_factory.mktemp("short")
    write_sample_company(base / "landing", markets=1, skus=5, months=13, last_month=f"{MONTH:%Y-%m}")
    (base / "markets.yaml").write_text("markets:\n" + entry("FR", MONTH), encoding="utf-8")
    return base


def ingested(base: Path, store: Path) -> tuple[list[str], dict[str, str]]:
    """Store every source of the month; return the failures and the content hashes of what is stored."""
    settings = load_settings(
        {
            "FORECAST_STORE": str(store), "FORECAST_LANDING": str(base / "landing"),
            "FORECAST_MARKETS": str(base / "markets.yaml"),
            # A run without space cannot give its lease back: the next one waits until it has expired.
            "FORECAST_LEASE_SECONDS": "5",
        }
    )  # fmt: skip
    result = build_definitions(settings).resolve_job_def("ingest").execute_in_process(
        run_config=QUIET, partition_key=dg.MultiPartitionKey({"month": f"{MONTH:%Y-%m-%d}", "country": "FR"}),
        instance=forgetful_instance(), raise_on_error=False,
    )  # fmt: skip
    stored = TableStore(str(store))
    partitions = {table: stored.list_partitions(table) for table in SOURCES}
    return list(failures_of(result)), {
        table: stored.provenance(table, found[0]).content_hash for table, found in partitions.items() if found
    }


@pytest.fixture(scope="module")
def undisturbed(base, tmp_path_factory) -> dict[str, str]:
    failures, hashes = ingested(base, tmp_path_factory.mktemp("store"))
    assert failures == []
    assert sorted(hashes) == sorted(SOURCES)
    return hashes


def test_a_run_on_a_full_disk_says_so_and_its_repetition_stores_the_same(base, undisturbed, tmp_path, monkeypatch):
    fsync, calls = os.fsync, iter(range(1_000_000))

    def full(handle: int) -> None:
        if next(calls) >= FILES_BEFORE_IT_IS_FULL:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        # The step is retried four times: at once here.
        patch.setattr(dg.RetryPolicy, "calculate_delay", lambda *_: 0.0)
        failures, _ = ingested(base, tmp_path)
    assert failures
    assert all("o space left on" in failure for failure in failures)
    assert verify_store(TableStore(str(tmp_path))).damaged == []
    assert ingested(base, tmp_path) == ([], undisturbed)


def test_files_of_odd_names_store_the_same(base, undisturbed, tmp_path):
    oddly_named(base / "landing", tmp_path / "landing")
    (tmp_path / "markets.yaml").write_bytes((base / "markets.yaml").read_bytes())
    assert ingested(tmp_path, tmp_path / "store") == ([], undisturbed)


@pytest.mark.daemon
def test_a_drill_of_cycles(tmp_path, tell):
    lines = drill(tmp_path, seed=1, kills=5)
    tell("cycles, seed 1")
    for line in lines:
        tell(str(line))
    assert_harmless(lines)
