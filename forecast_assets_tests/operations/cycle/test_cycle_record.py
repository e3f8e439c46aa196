"""Record of what a cycle was made from: any change of it makes the next cycle run, and nothing else does."""

import dataclasses
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.operations.cycle import cycle_record
from forecast_assets.operations.cycle.cycle_record import CycleRecords
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets_tests.repository_settings import loaded

REQUEST = CycleRequest(pd.Timestamp("2024-06-01"), history=60)
FILES = {
    "landing/sell_in/FR.csv": "1",
    "landing/oxcgrt/index.csv": "1",
    "store/sell_in/country=FR/month=2024-06-01/sell_in.parquet": "1",
    "store/sell_in/country=DE/month=2024-06-01/sell_in.parquet": "1",
    "store/demand_totals/month=2024-06-01/demand_totals.parquet": "1",
    "store/_findings/country=FR/2024-06.json": "1",
}


@pytest.fixture
def company(tmp_path) -> Path:
    for path, content in FILES.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True)
        file.write_text(content, encoding="utf-8")
    return tmp_path


def records(base: Path, request: CycleRequest = REQUEST, **variables: str) -> CycleRecords:
    folders = {"FORECAST_STORE": str(base / "store"), "FORECAST_LANDING": str(base / "landing")}
    return CycleRecords(loaded(**(folders | variables)), request)


def unchanged(base: Path, **variables: str) -> list[str]:
    return sorted(records(base, **variables).unchanged(["FR", "DE"]))


def test_without_a_record_everything_is_to_do(company):
    assert unchanged(company) == []


def test_a_market_is_unchanged_until_something_is_written(company):
    records(company).keep(["FR", "DE"])
    assert unchanged(company) == ["DE", "FR"]
    assert unchanged(company) == ["DE", "FR"]


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("landing/sell_in/FR.csv", []),
        ("landing/oxcgrt/index.csv", []),
        ("landing/sell_in/new.csv", []),
        ("store/sell_in/country=FR/month=2024-06-01/sell_in.parquet", ["DE"]),
        ("store/features/country=FR/month=2020-01-01/features.parquet", ["DE"]),
        ("store/demand_totals/month=2024-06-01/demand_totals.parquet", []),
        ("store/forecast_totals/month=2024-06-01/forecast_totals.parquet", ["DE", "FR"]),
        ("store/_findings/country=FR/2024-06.json", ["DE"]),
        ("store/_alerts/FR/1.json", ["DE", "FR"]),
        ("store/_versions/sell_in/country=FR/month=2024-06-01/run.parquet", ["DE", "FR"]),
        ("store/sell_in/country=FR/month=2024-06-01/.sell_in.lock", ["DE", "FR"]),
    ],
)
def test_a_written_file_is_to_do_for_the_markets_that_read_it(company, path, left):
    records(company).keep(["FR", "DE"])
    file = company / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("22", encoding="utf-8")
    assert unchanged(company) == left


def test_a_file_of_the_same_size_and_time_is_another_one(company):
    records(company).keep(["FR"])
    file = company / "landing/sell_in/FR.csv"
    times = file.stat()
    file.write_text("2", encoding="utf-8")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert unchanged(company) == []


def test_a_removed_file_is_to_do(company):
    records(company).keep(["FR", "DE"])
    shutil.rmtree(company / "store/sell_in/country=FR")
    assert unchanged(company) == ["DE"]


def test_other_settings_code_and_requests_are_to_do(company, monkeypatch):
    records(company).keep(["FR"])
    assert unchanged(company, FORECAST_POOLED_SKUS="7") == []
    assert records(company, dataclasses.replace(REQUEST, history=48)).unchanged(["FR"]) == {}
    assert records(company, dataclasses.replace(REQUEST, month=pd.Timestamp("2024-05-01"))).unchanged(["FR"]) == {}
    monkeypatch.setattr(cycle_record, "code_digest", lambda: "other")
    assert unchanged(company) == []


def test_what_is_delivered_while_the_cycle_runs_is_to_do(company):
    running = records(company)
    (company / "landing/sell_in/late.csv").write_text("1", encoding="utf-8")
    running.keep(["FR"])
    assert unchanged(company) == []


def test_what_the_cycle_itself_stores_is_not(company):
    running = records(company)
    (company / "store/sell_in/country=FR/month=2024-06-01/sell_in.parquet").write_text("22", encoding="utf-8")
    running.keep(["FR"])
    assert unchanged(company) == ["FR"]


def test_a_record_that_cannot_be_read_counts_as_none_and_is_replaced(company):
    records(company).keep(["FR"])
    (file,) = (company / "store/_cycles").rglob("record.json")
    for content in ("{", "{}", "[1]", ""):
        file.write_text(content, encoding="utf-8")
        assert unchanged(company) == []
    records(company).keep(["FR"])
    assert unchanged(company) == ["FR"]


DREMIO = {"FORECAST_SOURCE": "dremio", "DREMIO_HOST": "dremio.example", "DREMIO_SCHEMA": "lake"}


def test_dremio_shows_no_states_so_its_markets_are_always_run(company):
    records(company, **DREMIO).keep(["FR"])
    assert unchanged(company, **DREMIO) == []
    assert not (company / "store/_cycles").exists()
