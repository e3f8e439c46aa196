"""Recording of a cycle in MLflow: what the partition says if it worked, was not wanted, or failed."""

import logging
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.assets.cycle_records import recorded_or_reported, training_seconds
from forecast_assets.storage import PartitionKey
from forecast_assets.tracking.mlflow_tracking import RecordedRun, TrackingUnavailable

JUNE = pd.Timestamp("2024-06-01")
RECORD, CHAMPION = SimpleNamespace(market="FR", origin_month=JUNE), object()


class Tracking:
    """An MLflow that remembers what it is asked for."""

    def __init__(self, url=None, fails_at=None):
        self.tracking_uri, self.url, self.fails_at, self.calls = "memory", url, fails_at, []

    def record_cycle(self, record):
        self._call("record", record)
        return RecordedRun("run", "parent", self.url)

    def mirror_champion(self, run_id, champion):
        self._call("mirror", run_id, champion)

    def _call(self, name, *given):
        self.calls.append((name, *given))
        if name == self.fails_at:
            raise TrackingUnavailable("MLflow does not respond")


def recorded(tracking, champion=CHAMPION):
    kept = []
    log = logging.getLogger("test")
    return list(recorded_or_reported(tracking, RECORD, champion, log, kept.append)), kept


def test_a_cycle_is_recorded_named_and_kept():
    tracking = Tracking(url="https://mlflow.example.com/run")
    (check, output), kept = recorded(tracking)
    assert tracking.calls == [("record", RECORD), ("mirror", "run", CHAMPION)]
    assert (check.check_name, check.passed) == ("mlflow_recorded", True)
    assert output.metadata == {
        "mlflow_run_id": dg.MetadataValue.text("run"), "mlflow_parent_run_id": dg.MetadataValue.text("parent"),
        "mlflow_page": dg.MetadataValue.url("https://mlflow.example.com/run"),
    }  # fmt: skip
    assert kept == [RecordedRun("run", "parent", "https://mlflow.example.com/run")]


def test_a_store_of_files_has_no_page_and_a_market_without_a_champion_names_none():
    tracking = Tracking()
    (_, output), _ = recorded(tracking, champion=None)
    assert tracking.calls == [("record", RECORD)]
    assert set(output.metadata) == {"mlflow_run_id", "mlflow_parent_run_id"}


@pytest.mark.parametrize("fails_at", ["record", "mirror"])
def test_an_mlflow_that_is_down_is_a_warning_and_leaves_no_partition(fails_at):
    (check,), kept = recorded(Tracking(fails_at=fails_at))
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.description == "MLflow does not respond. Materialize this partition again to fill it in."
    assert kept == []


def test_without_an_address_nothing_is_recorded():
    tracking = Tracking()
    tracking.tracking_uri = ""
    (check,), kept = recorded(tracking)
    assert (check.passed, check.description) == (
        True, "not recorded: MLFLOW_TRACKING_URI is empty, so runs are not tracked",
    )  # fmt: skip
    assert tracking.calls == kept == []


PARTITION = PartitionKey(JUNE, "FR")


def store(*, has_model: bool = True):
    return SimpleNamespace(
        exists=lambda table, partition: has_model and (table, partition) == ("model", PARTITION),
        provenance=lambda table, partition: SimpleNamespace(run_id=f"run of {table}"),
    )


def instance(*steps: tuple):
    of_model = [SimpleNamespace(start_time=begin, end_time=end) for begin, end in steps]
    return SimpleNamespace(get_run_step_stats=lambda run_id, names: of_model if run_id == "run of model" else [])


def test_training_took_the_time_of_the_step_in_the_run_that_trained():
    assert training_seconds(instance((100.0, 112.5)), store(), PARTITION) == 12.5


def test_the_time_of_training_is_unknown_without_a_model_or_a_record_of_the_run():
    assert training_seconds(instance((100.0, 112.5)), store(has_model=False), PARTITION) is None
    assert training_seconds(instance(), store(), PARTITION) is None
    assert training_seconds(instance((100.0, None)), store(), PARTITION) is None
    assert training_seconds(instance((None, 112.5)), store(), PARTITION) is None
