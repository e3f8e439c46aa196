"""One damaged file stops the planning of its market alone; tables over all markets are rebuilt from the others."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.backfill.recorded_provenance import RecordedProvenance
from forecast_assets.operations.cycle.cycle import _planned
from forecast_assets.operations.cycle.cycle_gate import UNREADABLE, CycleGate
from forecast_assets.operations.cycle.launch import RunResult, Step
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.operations.cycle.requested_month import closed_months
from forecast_assets.operations.cycle.steps import Present
from forecast_assets.storage import TableSpec, TableStore
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets_tests.repository_settings import loaded
from forecast_assets_tests.storage.examples import SELL_IN, key, run, sell_in

JUNE, JULY = pd.Timestamp("2024-06-01"), pd.Timestamp("2024-07-01")
TOTALS = TableSpec(
    "demand_totals",
    ("level", "entity"),
    pa.schema([("level", pa.string()), ("entity", pa.string())]),
    partitioned_by_country=False,
)
POOLED = TableSpec("pooled_rows", ("sku",), pa.schema([("sku", pa.string())]), partitioned_by_country=False)


@pytest.fixture
def store(tmp_path):
    """Sell-in, totals and pooled rows of FR and DE in June and July."""
    store = TableStore(str(tmp_path / "store"))
    for month in ("2024-06-01", "2024-07-01"):
        for code in ("FR", "DE"):
            store.write(SELL_IN, key(f"{code}|{month}"), sell_in(1.0), run())
        totals = pd.DataFrame({"level": "market", "entity": ["DE", "FR"]})
        store.write(TOTALS, key(month), totals, run())
        read = {f"FR|{month}": "0" * 64}
        store.write(POOLED, key(month), pd.DataFrame({"sku": ["1"]}), run(features=read, sell_in=read))
    return store


def damage(store, table, partition):
    path = Path(store.path(table, key(partition)))
    path.write_bytes(b"")
    return path


def test_a_damaged_month_over_all_markets_is_rebuilt(store):
    assert Present(store).totals_over_all_markets() == {JUNE, JULY}
    assert Present(store).pooled_over_all_markets() == {JUNE, JULY}
    damage(store, "demand_totals", "2024-06-01")
    damage(store, "pooled_rows", "2024-07-01")
    assert Present(store).totals_over_all_markets() == {JULY}
    assert Present(store).pooled_over_all_markets() == {JUNE}


def test_a_market_whose_file_is_damaged_is_left_out_of_tables_over_all_markets(store):
    path = damage(store, "sell_in", "FR|2024-06-01")
    partitions = [key("DE|2024-06-01"), key("FR|2024-06-01")]
    table, provenances = store.read_with_provenance(SELL_IN, partitions, missing="skip_damaged")
    assert table["country"].tolist() == ["DE"]
    assert list(provenances) == partitions[:1]
    assert store.read(SELL_IN, partitions[1:], missing="skip_damaged").empty
    for missing in ("error", "skip"):
        with pytest.raises(DamagedFile, match=str(path)):
            store.read(SELL_IN, partitions, missing=missing)


def test_the_planning_of_one_market_fails_and_names_the_path(store):
    path = damage(store, "sell_in", "FR|2024-06-01")

    def steps(code):
        yield Step("ingest", MonthRange(JUNE, JUNE))
        store.read(SELL_IN, [key(f"{code}|2024-06-01")])
        yield Step("monthly_cycle", MonthRange(JUNE, JUNE))

    reported, results, planned = [], {"FR": [], "DE": []}, {}
    for code, of_code in results.items():
        guarded = _planned(steps(code), code, JUNE, of_code, lambda *line: reported.append(line))
        planned[code] = [step.job for step in guarded]
    assert planned == {"FR": ["ingest"], "DE": ["ingest", "monthly_cycle"]}
    (failure,) = results["FR"]
    assert (failure.country, failure.succeeded) == ("FR", False)
    assert str(path) in failure.failures[0]
    assert results["DE"] == []
    assert reported == [("FR", "planning", MonthRange(JUNE, JUNE), failure)]


def test_a_planned_step_gets_the_result_of_the_one_before():
    def steps():
        result = yield Step("a", MonthRange(JUNE, JUNE))
        yield Step(result.job, MonthRange(JUNE, JUNE))

    planned = _planned(steps(), "FR", JUNE, [], lambda *line: None)
    next(planned)
    assert planned.send(RunResult("b", "FR", "")).job == "b"


def test_a_damaged_publication_starts_no_cycle_by_itself_but_a_fallback_replaces_it(store, tmp_path):
    settings = loaded(FORECAST_STORE=store.base, FORECAST_LANDING=str(tmp_path / "landing"))
    spec = TableSpec("published_forecasts", ("sku",), SELL_IN.arrow_schema)
    store.write(spec, key("FR|2024-06-01"), sell_in(1.0), run("run-a"))
    assert CycleGate(settings).published_by("FR", JUNE) == "run-a"
    damage(store, "published_forecasts", "FR|2024-06-01")
    assert CycleGate(settings).published_by("FR", JUNE) == UNREADABLE
    assert CycleGate(settings).published_by("FR", JUNE, since=JULY.to_pydatetime()) == ""


def test_a_closed_month_whose_file_is_damaged_is_closed_and_stops_no_other_market(store):
    spec = TableSpec("published_forecasts", ("sku",), SELL_IN.arrow_schema)
    for code in ("FR", "DE"):
        for month in ("2024-06-01", "2024-07-01"):
            store.write(spec, key(f"{code}|{month}"), sell_in(1.0), run("run-a"))
    path = damage(store, "published_forecasts", "FR|2024-06-01")
    closed = closed_months(store, CycleRequest(JUNE, 60), ["FR", "DE"])
    assert f"FR 2024-06 is closed: 2024-07 is published, too. {path} is damaged" in closed["FR"].in_words()
    assert "What run run-a published on" in closed["DE"].in_words()


def test_a_backfill_counts_a_damaged_partition_as_missing(store):
    damage(store, "sell_in", "FR|2024-06-01")
    recorded = RecordedProvenance(store)
    assert list(recorded.of("sell_in", "FR")) == [JULY]
    assert list(recorded.of("sell_in", "DE")) == [JUNE, JULY]
    store.write(SELL_IN, key("FR|2024-06-01"), sell_in(1.0), run("run-b"))
    recorded.reread("sell_in", key("FR|2024-06-01"))
    assert set(recorded.of("sell_in", "FR")) == {JUNE, JULY}
