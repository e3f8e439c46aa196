"""A recorded cycle that MLflow has lost is named, and recorded again as it was."""

import dataclasses
import shutil
from types import SimpleNamespace

import pandas as pd
import pytest
from mlflow import MlflowClient

from forecast_assets.operations.history.mlflow_gap import missing_runs, record_again
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.tracking.mlflow_runs import MlflowRuns
from forecast_assets.tracking.mlflow_tracking import MlflowTracking, prepare_mlflow_store
from forecast_assets_tests.defs.assets.company import DECEMBER, succeeded
from forecast_assets_tests.market_state.publications import publish

pytestmark = pytest.mark.heavy

FR_DECEMBER = PartitionKey(pd.Timestamp(DECEMBER), "FR")
# Of a run: when and under which parent it was written, and where its files are.
OF_THE_RUN = ("mlflow.parentRunId", "mlflow.user", "mlflow.source.name", "mlflow.source.type")


@pytest.fixture(scope="module")
def lost(company, tmp_path_factory):
    """Return a company with a recorded month, its run before the loss, and the MLflow that does not have it."""
    folder = tmp_path_factory.mktemp("lost")
    copy = company.copied_to(folder / "copy")
    for table in ("model", "backtest", "published_forecasts", "champion"):
        place = f"{table}/country=FR/month={DECEMBER}"
        shutil.copytree(company.base / "store" / place, copy.base / "store" / place)
    last_night = f"sqlite:///{folder / 'mlflow.db'}"
    prepare_mlflow_store(last_night)
    dump = shutil.copy(folder / "mlflow.db", folder / "dump.db")
    tracking = MlflowTracking(tracking_uri=last_night, experiment_name="forecasts")
    succeeded(copy.run("monthly_cycle", "FR", DECEMBER, assets=["mlflow_run"], mlflow=tracking))
    (kept,) = MlflowRuns(copy.store).kept()
    before = MlflowClient(last_night).get_run(kept.mlflow_run_id)
    assert missing_runs(copy.store, tracking) == []
    shutil.copy(dump, folder / "mlflow.db")
    return copy, before, tracking


def described(run):
    tags = {name: value for name, value in run.data.tags.items() if name not in OF_THE_RUN}
    return tags, run.data.params, run.data.metrics


def test_a_lost_run_is_named_and_recorded_again_as_it_was(lost, monkeypatch):
    company, before, tracking = lost
    (missing,) = missing_runs(company.store, tracking)
    assert (missing.partition, missing.cycle_id) == (FR_DECEMBER, "dev-2024-12")
    assert missing.mlflow_run_id == before.info.run_id
    # The run of another code that records it: the record is of the code that published.
    monkeypatch.setenv("FORECAST_GIT_SHA", "f" * 40)
    assert list(record_again(company.store, tracking, [missing])) == [(missing, None)]
    assert missing_runs(company.store, tracking) == []
    (kept,) = MlflowRuns(company.store).kept()
    after = MlflowClient(tracking.tracking_uri).get_run(kept.mlflow_run_id)
    tags, params, metrics = described(after)
    published = company.store.provenance("published_forecasts", FR_DECEMBER)
    assert tags.pop("forecast.git_sha") == published.git_sha
    expected, *values = described(before)
    del expected["forecast.git_sha"]
    assert (tags, [params, metrics]) == (expected, values)
    assert kept == dataclasses.replace(missing, mlflow_run_id=after.info.run_id)
    (champion,) = MlflowClient(tracking.tracking_uri).search_model_versions("name = 'forecasts_FR'")
    assert champion.run_id == after.info.run_id


def test_the_run_of_a_replaced_publication_is_not_missing(lost):
    company, _, tracking = lost
    runs = MlflowRuns(company.store)
    of_before = runs.kept()
    runs.keep(FR_DECEMBER, "dev-2024-12.r2", "dagster-run", "gone", "parent")
    path = company.base / "store/_mlflow/country=FR/month=2024-12-01/dev-2024-12.r2.json"
    content = path.read_text()
    assert len(runs.kept()) == len(of_before) + 1
    assert "gone" in {run.mlflow_run_id for run in missing_runs(company.store, tracking)}
    published = company.store.provenance("published_forecasts", FR_DECEMBER).content_hash
    path.write_text(content.replace(published, "0" * 64))
    assert "gone" not in {run.mlflow_run_id for run in missing_runs(company.store, tracking)}
    path.unlink()


def test_a_record_whose_tables_are_gone_is_named_with_the_reason(lost):
    company, _, tracking = lost
    runs = MlflowRuns(company.store)
    runs.keep(FR_DECEMBER, "dev-2024-12.r3", "dagster-run", "gone", "parent")
    missing = [run for run in missing_runs(company.store, tracking) if run.mlflow_run_id == "gone"]
    model = company.base / "store" / "model" / FR_DECEMBER.folder
    model.rename(model.with_name("away"))
    try:
        ((_, problem),) = record_again(company.store, tracking, missing)
    finally:
        model.with_name("away").rename(model)
    assert "model" in problem
    assert "FR" in problem


def test_a_file_that_cannot_be_read_hides_no_other(lost):
    company, _, _ = lost
    runs = MlflowRuns(company.store)
    folder = company.base / "store/_mlflow/country=FR/month=2024-12-01"
    before = runs.kept()
    (folder / "broken.json").write_bytes(b"\xff{")
    assert runs.kept() == before
    (folder / "broken.json").unlink()


def test_lost_runs_are_named_by_month_and_market(tmp_path):
    store, nothing = TableStore(str(tmp_path)), SimpleNamespace(market_run_ids=set)
    for number, (code, month) in enumerate([("FR", "2024-06-01"), ("DE", "2024-06-01"), ("NO", "2024-05-01")]):
        publish(store, pd.Timestamp(month), country=code)
        MlflowRuns(store).keep(PartitionKey(pd.Timestamp(month), code), f"cycle-{number}", "run", "gone", "parent")
    order = [(f"{run.partition.month:%m}", run.partition.country) for run in missing_runs(store, nothing)]
    assert order == [("05", "NO"), ("06", "DE"), ("06", "FR")]
