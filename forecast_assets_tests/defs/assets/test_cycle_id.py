"""One cycle id over all markets, runs, processes and retries of a month; in MLflow it is the parent run."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from forecast_assets.schemas import MONTH_ONLY
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.version_files import all_versions
from forecast_assets.tracking.mlflow_runs import MlflowRuns
from forecast_assets.tracking.mlflow_tracking import MlflowTracking, prepare_mlflow_store
from forecast_assets_tests.defs.assets.company import CODES, DECEMBER, Company, succeeded
from forecast_assets_tests.processes import started

pytestmark = pytest.mark.heavy

CYCLE = "dev-2024-12"


def record_in_mlflow(base: str, code: str, uri: str) -> None:
    """Publish a market's December again and record it, in a process of its own."""
    tracking = MlflowTracking(tracking_uri=uri, experiment_name="forecasts")
    company = Company(Path(base))
    assets = ["published_forecasts", "mlflow_run"]
    succeeded(company.run("monthly_cycle", code, DECEMBER, assets=assets, mlflow=tracking))


def test_every_version_of_every_market_and_run_carries_the_cycle_of_its_month(company):
    versions = all_versions(company.store)
    assert {each.version.provenance.cycle_id for each in versions} == {
        f"dev-{month:%Y-%m}" for month in pd.date_range("2022-01-01", "2024-12-01", freq="MS")
    }
    wrong = [each for each in versions if each.version.provenance.cycle_id != f"dev-{each.partition.month:%Y-%m}"]
    assert wrong == []
    december = [each for each in versions if each.partition.month == pd.Timestamp(DECEMBER)]
    assert {each.partition.country for each in december} == {*CODES, None}
    assert {each.table for each in december} >= {"sell_in", "published_forecasts", "market_report"}
    assert {each.table for each in december if each.partition.country is None} <= MONTH_ONLY
    # Three markets, and the totals over them: four runs of one cycle.
    assert len({each.version.provenance.run_id for each in december}) >= 4


def test_markets_in_processes_of_their_own_and_a_retry_share_the_parent_run_named_like_the_cycle(company, tmp_path):
    copy = company.copied_whole_to(tmp_path / "copy")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    prepare_mlflow_store(uri)
    processes = [started(record_in_mlflow, str(copy.base), code, uri) for code in ("FR", "NO")]
    for process in processes:
        process.join(600)
    assert [process.exitcode for process in processes] == [0, 0]
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("forecasts").experiment_id
    (parent,) = client.search_runs([experiment], "tags.`forecast.role` = 'cycle'")
    assert (parent.data.tags["forecast.cycle_id"], parent.info.run_name) == (CYCLE, CYCLE)
    first = kept_in_store(copy)
    record_in_mlflow(str(copy.base), "FR", uri)
    markets = client.search_runs([experiment], "tags.`forecast.role` = 'market'")
    assert sorted(run.data.tags["forecast.market"] for run in markets) == ["FR", "NO"]
    assert {run.data.tags["mlflow.parentRunId"] for run in markets} == {parent.info.run_id}
    again = kept_in_store(copy)
    by_market = {run.data.tags["forecast.market"]: run.info.run_id for run in markets}
    assert {code: record["mlflow_run_id"] for code, record in again.items()} == by_market
    assert {record["mlflow_parent_run_id"] for record in again.values()} == {parent.info.run_id}
    # The retry is another run of Dagster and the same run of MLflow.
    assert first["FR"]["mlflow_run_id"] == again["FR"]["mlflow_run_id"]
    assert first["FR"]["dagster_run_id"] != again["FR"]["dagster_run_id"]


def kept_in_store(company: Company) -> dict[str, dict[str, str]]:
    """Return the MLflow run stored with each market's publication."""
    places = {code: PartitionKey(pd.Timestamp(DECEMBER), code) for code in ("FR", "NO")}
    published = {code: company.store.provenance("published_forecasts", place) for code, place in places.items()}
    assert {provenance.cycle_id for provenance in published.values()} == {CYCLE}
    runs = MlflowRuns(company.store)
    assert runs.of(places["FR"], dataclasses.replace(published["FR"], content_hash="another")) is None
    return {code: runs.of(place, published[code]) for code, place in places.items()}
