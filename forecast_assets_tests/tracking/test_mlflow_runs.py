"""The id by which MLflow tells stores apart, and the run that a store has recorded."""

import os
import shutil
import threading

import pandas as pd
import pytest

from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.storage import PartitionKey, TableStore, publish
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


@pytest.mark.parametrize("is_copy", [False, True])
def test_of_two_first_records_at_once_one_id_counts(tmp_path, monkeypatch, is_copy):
    """The second comes between the first one's look at the file and its write."""
    if is_copy:
        MlflowRuns(TableStore(str(tmp_path / "original"))).store_id()
        shutil.copytree(tmp_path / "original", tmp_path / "store")
    runs, usual, ids = MlflowRuns(TableStore(str(tmp_path / "store"))), publish._temporary_file, []
    rival = threading.Thread(target=lambda: ids.append(runs.store_id()))

    def written_after_a_rival(path, content):
        if rival.ident is None:
            rival.start()
            rival.join(0.3)
        return usual(path, content)

    monkeypatch.setattr(publish, "_temporary_file", written_after_a_rival)
    ids.append(runs.store_id())
    rival.join(30)
    assert len(ids) == 2
    assert {*ids, runs.store_id()} == {ids[0]}


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
