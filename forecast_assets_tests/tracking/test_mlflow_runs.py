"""The id by which MLflow tells stores apart, and the run that a store has recorded."""

import os
import shutil

import pandas as pd
import pytest

from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.lease import LeaseLost
from forecast_assets.tracking.mlflow_runs import MlflowRuns

JUNE = PartitionKey(pd.Timestamp("2024-06-01"), "FR")


def test_a_store_keeps_its_id_and_a_copy_at_another_address_gets_its_own(tmp_path):
    first = MlflowRuns(TableStore(str(tmp_path / "first"))).store_id()
    assert MlflowRuns(TableStore(str(tmp_path / "first"))).store_id() == first
    shutil.copytree(tmp_path / "first", tmp_path / "copy")
    copy = MlflowRuns(TableStore(str(tmp_path / "copy"))).store_id()
    assert copy != first
    assert MlflowRuns(TableStore(str(tmp_path / "copy"))).store_id() == copy
    assert MlflowRuns(TableStore(str(tmp_path / "first"))).store_id() == first


def test_of_two_first_records_at_once_one_id_counts(tmp_path, monkeypatch):
    runs = MlflowRuns(TableStore(str(tmp_path)))
    create = type(runs.store.files).create

    def create_after_another(files, path, content):
        create(files, path, content)
        create(files, path, content)

    monkeypatch.setattr(type(runs.store.files), "create", create_after_another)
    first = runs.store_id()
    assert runs.store_id() == first


def test_the_recorded_run_of_a_cycle_is_found_again(tmp_path):
    runs = MlflowRuns(TableStore(str(tmp_path)))
    assert runs.recorded_run(JUNE, "dev-2024-06") == ""
    runs.keep(JUNE, "dev-2024-06", "dagster-run", "mlflow-run", "parent")
    assert runs.recorded_run(JUNE, "dev-2024-06") == "mlflow-run"
    assert runs.recorded_run(JUNE, "dev-2024-06.r2") == ""


def test_a_run_that_lost_its_lease_keeps_no_record(tmp_path):
    store = TableStore(str(tmp_path))
    lease = lease_of(store, "FR", 60)
    paused = MlflowRuns(store, {"paused": lease.take("paused")})
    paused.require_owner("paused")
    os.utime(lease.path, (0, 0))
    MlflowRuns(store, {"successor": lease.take("successor")}).keep(JUNE, "dev-2024-06", "successor", "new", "parent")
    with pytest.raises(LeaseLost):
        paused.require_owner("paused")
    with pytest.raises(LeaseLost):
        paused.keep(JUNE, "dev-2024-06", "paused", "old", "parent")
    assert MlflowRuns(store).recorded_run(JUNE, "dev-2024-06") == "new"
