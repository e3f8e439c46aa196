"""Each asset alone in an empty store: it stores nothing, and names the table and the partition that it misses."""

import re

import dagster as dg
import pytest

from forecast_assets.definitions import build_definitions
from forecast_assets.operations.cycle.launch import QUIET
from forecast_assets.tags import SOURCES
from forecast_assets_tests.defs.assets.company import IN_MEMORY, MARKETS, Company
from forecast_assets_tests.defs.no_event_log import forgetful_instance

FR_JUNE, JUNE = dg.MultiPartitionKey({"month": "2024-06-01", "country": "FR"}), "2024-06-01"
ALL_JUNE, BEFORE = r"FR: 2024-06; NA: 2024-06; NO: 2024-06", r"2022-01 to 2024-05 \(29 months\)"
# One of the tables that each asset misses, with its partition.
MISSES = {
    "history_marks": r"(sell_in|sell_out|promotions|covid_policy) has no partition FR: 2024-06",
    "features": r"(sell_in|sell_out|products|promotions|covid_policy|history_marks) has no partition FR: 2024-06",
    "baseline_forecasts": r"(sell_in|products) has no partition FR: 2024-06",
    "model": r"(sell_in|history_marks) has no partition FR: 2024-06",
    "forecasts": r"(model|features|baseline_forecasts|sell_in|history_marks|products) has no partition FR: 2024-06",
    "backtest": r"sell_in has no partition FR: 2024-06",
    "champion": r"backtest has no partition FR: 2024-06",
    "published_forecasts": r"FR 2024-06: forecasts, champion, overrides of the month are not in the store",
    "performance": r"sell_in has no partition FR: 2024-06",
    "market_report": r"published_forecasts has no partition FR: 2024-06",
    "mlflow_run": r"(model|published_forecasts) has no partition FR: 2024-06",
    "tuned_recipe": r"FR 2024-06: nothing to tune on .* Build features of earlier origins",
    "refused_recipe": r"champion has no partition of FR",
    "demand_totals": rf"(sell_in|sell_out|products) has no partitions {ALL_JUNE}",
    "demand_totals_known": rf"demand_totals has no partitions {BEFORE}",
    "pooled_rows": rf"(features|sell_in) has no partitions {ALL_JUNE}",
    "pooled_model": rf"pooled_rows has no partitions {BEFORE}",
}
# Made from deliveries, not from tables; the gate stores nothing.
FROM_DELIVERIES = {*SOURCES, "delivery"}


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Company:
    base = tmp_path_factory.mktemp("empty")
    (base / "landing").mkdir()
    (base / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    return Company(base)


@pytest.fixture(scope="module")
def job(empty) -> dg.JobDefinition:
    return build_definitions(empty.settings(), mlflow_tracking=IN_MEMORY).resolve_implicit_global_asset_job_def()


def alone(job: dg.JobDefinition, asset: str) -> dg.ExecuteInProcessResult:
    """Run one asset in June: of FR, where it has markets."""
    by_market = isinstance(job.asset_layer.get(dg.AssetKey(asset)).partitions_def, dg.MultiPartitionsDefinition)
    config = {"refused_recipe": {"config": {"reason": "x"}}} if asset == "refused_recipe" else {}
    return job.execute_in_process(
        run_config=QUIET | {"ops": config}, asset_selection=[dg.AssetKey(asset)],
        partition_key=FR_JUNE if by_market else JUNE, instance=forgetful_instance(), raise_on_error=False,
    )  # fmt: skip


def test_every_asset_is_tried(job):
    built = {key.path[-1] for key in job.asset_layer.executable_asset_keys}
    assert built == MISSES.keys() | FROM_DELIVERIES


@pytest.mark.parametrize("asset", MISSES)
def test_an_asset_alone_names_what_it_misses_and_stores_nothing(empty, job, asset):
    result = alone(job, asset)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert re.search(MISSES[asset], str(failure.step_failure_data.error))
    assert result.get_asset_materialization_events() == []
    assert [path for path in (empty.base / "store").rglob("*.parquet") if path.is_file()] == []
