"""Run as the command line starts it: recorded in the instance, with readable failures."""

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.definitions import build_definitions
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.launch import launch
from forecast_assets_tests.repository_settings import loaded

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
SELL_IN = "country,sku,month,units\nFR,A,2024-05,10\nFR,A,2024-06,12\nDE,A,2024-05,n/a\n"


@pytest.fixture(scope="module")
def company_and_loader(tmp_path_factory):
    """A company that delivers two months of one SKU, and a home for Dagster, which takes seconds to make."""
    base = tmp_path_factory.mktemp("company")
    (base / "landing" / "sell_in").mkdir(parents=True)
    (base / "landing" / "sell_in" / "all.csv").write_text(SELL_IN, encoding="utf-8")
    (base / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    settings = loaded(FORECAST_STORE=str(base / "store"), FORECAST_LANDING=str(base / "landing"))
    definitions = build_definitions(settings)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DAGSTER_HOME", str(base))
        yield base, lambda: definitions


def test_a_range_is_one_run_recorded_with_its_months(company_and_loader):
    company, load = company_and_loader
    result = launch(load, "ingest", "FR", MonthRange(MAY, JUNE), {"forecast/cycle_id": "dev-2024-06.r2"}, ["sell_in"])
    assert (result.succeeded, result.failures) == (True, ())
    with dg.DagsterInstance.get() as instance:
        run = instance.get_run_by_id(result.run_id)
        latest = instance.get_latest_materialization_event(dg.AssetKey("sell_in"))
    assert run.tags["dagster/asset_partition_range_start"] == "FR|2024-05-01"
    assert run.tags["forecast/cycle_id"] == "dev-2024-06.r2"
    assert run.tags["forecast/months"] == "FR 2024-05 to 2024-06"
    assert latest.asset_materialization.metadata["cycle_id"].value == "dev-2024-06.r2"
    stored = sorted(str(file.parent.name) for file in (company / "store" / "sell_in").rglob("*.parquet"))
    assert stored == ["month=2024-05-01", "month=2024-06-01"]
    assert not (company / "store" / "products").exists()  # An asset of the job that was not asked for.


def test_a_failed_run_names_its_failed_steps_and_reasons(company_and_loader):
    _, load = company_and_loader
    result = launch(load, "ingest", "DE", MonthRange(MAY, MAY), assets=["sell_in", "products"])
    assert not result.succeeded
    assert sorted(failure.split(": ")[0] for failure in result.failures) == ["products", "sell_in"]
    assert all('sell_in/all.csv, column units, row 3: found "n/a"' in failure for failure in result.failures)
