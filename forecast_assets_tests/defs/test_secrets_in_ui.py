"""Dagster's UI shows the values of resources: none of them holds a password."""

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap

from forecast_assets.definitions import build_definitions
from forecast_assets.tracking.mlflow_tracking import MlflowTracking
from forecast_assets_tests.repository_settings import loaded

ADDRESSES = [
    "postgresql+psycopg2://mlflow:c4nary-p%40ss@db.example.com/mlflow",
    "mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BODBC%7D%3BUID%3Du%3BPWD%3Dc4nary-p%2540ss%3B",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_password_in_the_address_of_mlflow_is_nowhere_in_what_the_ui_reads(address, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    places = {"FORECAST_STORE": str(tmp_path / "store"), "FORECAST_LANDING": str(tmp_path / "landing")}
    settings = loaded(MLFLOW_TRACKING_URI=address, **places)
    repository = build_definitions(settings).get_repository_def()
    shown = dg.serialize_value(RepositorySnap.from_def(repository))
    assert "mlflow_tracking" in shown
    assert "c4nary" not in shown
    assert "MLFLOW_TRACKING_URI" in shown


def test_a_run_gets_the_address_itself(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", ADDRESSES[0])
    seen = []

    @dg.op
    def look(mlflow_tracking: MlflowTracking) -> None:
        seen.append(mlflow_tracking.tracking_uri)

    @dg.job
    def looking() -> None:
        look()

    places = {"FORECAST_STORE": str(tmp_path / "store"), "FORECAST_LANDING": str(tmp_path / "landing")}
    resource = build_definitions(loaded(MLFLOW_TRACKING_URI=ADDRESSES[0], **places)).resources["mlflow_tracking"]
    looking.execute_in_process(resources={"mlflow_tracking": resource})
    assert seen == [ADDRESSES[0]]
