"""An asset started alone, without tables that it requires: it stores nothing and names itself, the month and the table.

In an empty store, and in one that lacks a single table.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.definitions import build_definitions
from forecast_assets.operations.cycle.launch import QUIET
from forecast_assets.sample import write_sample_company
from forecast_assets.storage import PartitionKey
from forecast_assets.tags import SOURCES
from forecast_assets_tests.defs.assets.company import DECEMBER, IN_MEMORY, MARKETS, Company
from forecast_assets_tests.defs.no_event_log import forgetful_instance

FR_JUNE, JUNE = dg.MultiPartitionKey({"month": "2024-06-01", "country": "FR"}), "2024-06-01"
FOR_FR = "stores nothing for partition FR: 2024-06: it requires"
FOR_ALL = "stores nothing for partition 2024-06: it requires"
NO_FR = r"which has no partition FR: 2024-06\."
NO_MARKET = r"which has no partitions FR: 2024-06; NA: 2024-06; NO: 2024-06\."
NO_EARLIER = r"which has no partitions 2022-01 to 2024-05 \(29 months\)\."
NEXT = r"Materialize \w+ first, or run the whole month: forecast-assets cycle --month 2024-06"
# The error of each asset that is not made from deliveries.
MISSES = {
    "history_marks": rf"{FOR_FR} (sell_in|sell_out|promotions|covid_policy), {NO_FR} {NEXT} --country FR",
    "features": rf"{FOR_FR} (sell_in|sell_out|products|promotions|covid_policy|history_marks), {NO_FR}",
    "baseline_forecasts": rf"{FOR_FR} (sell_in|products), {NO_FR}",
    "model": rf"{FOR_FR} (sell_in|history_marks), {NO_FR}",
    "forecasts": rf"{FOR_FR} (model|features|baseline_forecasts|sell_in|history_marks|products), {NO_FR}",
    "backtest": rf"{FOR_FR} sell_in, {NO_FR}",
    "champion": rf"{FOR_FR} backtest, {NO_FR}",
    "published_forecasts": r"FR 2024-06: forecasts, champion, .*, products of the month are not in the store",
    "performance": rf"{FOR_FR} sell_in, {NO_FR}",
    "forecast_value_added": rf"{FOR_FR} (performance|sell_in), {NO_FR}",
    "forecast_levels": rf"{FOR_FR} published_forecasts, {NO_FR}",
    "forecast_reasons": rf"{FOR_FR} published_forecasts, {NO_FR}",
    "forecast_exceptions": rf"{FOR_FR} published_forecasts, {NO_FR}",
    "market_report": rf"{FOR_FR} (published_forecasts|sell_in|products|backtest|history_marks), {NO_FR}",
    "mlflow_run": rf"{FOR_FR} (model|backtest|published_forecasts|champion), {NO_FR}",
    "tuned_recipe": r"FR 2024-06: nothing to tune on .* Build features of earlier origins",
    "refused_recipe": r"champion has no partition of FR",
    "demand_totals": rf"{FOR_ALL} (sell_in|sell_out|products), {NO_MARKET} {NEXT}",
    "demand_totals_known": rf"{FOR_ALL} demand_totals, {NO_EARLIER}",
    "forecast_totals": rf"{FOR_ALL} forecast_levels, {NO_MARKET}",
    "company_report": rf"{FOR_ALL} published_forecasts, {NO_MARKET}",
    "pooled_rows": rf"{FOR_ALL} (features|sell_in), {NO_MARKET}",
    "pooled_model": rf"{FOR_ALL} pooled_rows, {NO_EARLIER}",
}


# Made from deliveries; the gate stores nothing.
FROM_DELIVERIES = [*SOURCES, "delivery"]
# Tables of the month that each asset requires.
REQUIRED = {
    "history_marks": "sell_in sell_out promotions covid_policy",
    "features": "sell_in sell_out products promotions covid_policy history_marks",
    "baseline_forecasts": "sell_in products",
    "model": "sell_in history_marks",
    "forecasts": "model features baseline_forecasts sell_in history_marks products",
    "backtest": "sell_in",
    "champion": "backtest",
    "published_forecasts": "forecasts champion baseline_forecasts overrides features sell_in products",
    "performance": "sell_in",
    "forecast_value_added": "performance sell_in",
    "forecast_levels": "published_forecasts",
    "forecast_reasons": "published_forecasts",
    "forecast_exceptions": "published_forecasts",
    "market_report": "published_forecasts sell_in products backtest history_marks",
    "mlflow_run": "model backtest published_forecasts champion",
}
OF_EARLIER_MONTHS = [
    ("model", "features"),
    ("model", "history_marks"),
    ("backtest", "features"),
    ("backtest", "history_marks"),
]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory) -> Company:
    """Two years of FR in the landing folder, and an empty store."""
    base = tmp_path_factory.mktemp("delivered")
    write_sample_company(base / "landing", markets=1, skus=5, months=24, last_month=JUNE)
    (base / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    return Company(base)


@pytest.fixture(scope="module")
def job(delivered) -> dg.JobDefinition:
    definitions = build_definitions(delivered.settings(), mlflow_tracking=IN_MEMORY)
    return definitions.resolve_implicit_global_asset_job_def()


@pytest.fixture(scope="module")
def complete(company, tmp_path_factory) -> Company:
    """The company whose cycles of December have run."""
    return company.copied_whole_to(tmp_path_factory.mktemp("complete") / "copy")


def alone(job: dg.JobDefinition, asset: str) -> dg.ExecuteInProcessResult:
    """Run one asset in June: of FR, where it has markets."""
    by_market = isinstance(job.asset_layer.get(dg.AssetKey(asset)).partitions_def, dg.MultiPartitionsDefinition)
    config = {"refused_recipe": {"config": {"reason": "x"}}} if asset == "refused_recipe" else {}
    return job.execute_in_process(
        run_config=QUIET | {"ops": config}, asset_selection=[dg.AssetKey(asset)],
        partition_key=FR_JUNE if by_market else JUNE, instance=forgetful_instance(), raise_on_error=False,
    )  # fmt: skip


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """Return the error of a run that has stored nothing."""
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert result.get_asset_materialization_events() == []
    return str(failure.step_failure_data.error)


def stored(company: Company) -> list[Path]:
    return [path for path in (company.base / "store").rglob("*.parquet") if path.is_file()]


@contextmanager
def set_aside(file: Path) -> Iterator[None]:
    """Take a file or folder out of the store for a while."""
    kept = file.with_name("_aside")
    file.rename(kept)
    try:
        yield
    finally:
        kept.rename(file)


def test_every_asset_is_tried(job):
    built = {key.path[-1] for key in job.asset_layer.executable_asset_keys}
    assert built == MISSES.keys() | {*FROM_DELIVERIES}


@pytest.mark.parametrize("asset", MISSES)
def test_an_asset_alone_in_an_empty_store_fails_by_name_and_stores_nothing(delivered, job, asset):
    with_sources = stored(delivered)
    assert re.search(MISSES[asset], failure_of(alone(job, asset)))
    assert stored(delivered) == with_sources == []


@pytest.mark.parametrize("source", FROM_DELIVERIES)
def test_a_source_needs_no_table(delivered, tmp_path, source):
    definitions = build_definitions(delivered.settings(FORECAST_STORE=str(tmp_path)), mlflow_tracking=IN_MEMORY)
    assert alone(definitions.resolve_implicit_global_asset_job_def(), source).success


@pytest.mark.parametrize(("asset", "table"), [(asset, each) for asset in REQUIRED for each in REQUIRED[asset].split()])
def test_an_asset_fails_without_any_one_of_the_tables_that_it_requires(complete, asset, table):
    file = Path(complete.store.path(table, PartitionKey(pd.Timestamp(DECEMBER), "FR")))
    with set_aside(file):
        text = failure_of(complete.run("monthly_cycle", "FR", DECEMBER, assets=[asset]))
    assert re.search(rf"{table},? (of the month is not in the store|which has no partition FR: 2024-12\.)", text)


@pytest.mark.parametrize(("asset", "table"), OF_EARLIER_MONTHS)
def test_a_market_with_a_year_of_data_is_not_trained_without_earlier_origins(complete, asset, table):
    with set_aside(complete.base / "store" / table / "country=FR" / "month=2024-11-01"):
        if table == "features":
            with set_aside(complete.base / "store" / table / "country=FR"):
                text = failure_of(complete.run("monthly_cycle", "FR", DECEMBER, assets=[asset]))
        else:
            text = failure_of(complete.run("monthly_cycle", "FR", DECEMBER, assets=[asset]))
    months = "partitions FR: 2022-12 to 2024-11" if table == "features" else "partition FR: 2024-11"
    assert f"{asset} stores nothing for partition FR: 2024-12: it requires {table}, which has no {months}" in text
