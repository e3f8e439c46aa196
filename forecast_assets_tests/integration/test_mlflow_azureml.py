"""MLflow on servers: a real one on PostgreSQL, the same behind what Azure ML lacks, and Azure ML's own client."""

import json
import os
import subprocess
from multiprocessing import get_context
from pathlib import Path

import pytest

from forecast_assets.tracking.mlflow_registry import ALIAS_TAG
from forecast_assets.tracking.mlflow_tracking import MlflowTracking, TrackingUnavailable
from forecast_assets_tests.integration.azureml_client import JULY, JUNE
from forecast_assets_tests.integration.mlflow_server import WORKSPACE, AzureMl, start_mlflow
from forecast_assets_tests.integration.postgres_server import start_postgres
from forecast_assets_tests.integration.vault_server import IDENTITY_HEADER, FakeVault
from forecast_assets_tests.tracking.conftest import PATIENCE_SECONDS, cycle_record, record_at_once

pytestmark = pytest.mark.integration
REPOSITORY = Path(__file__).parents[2]
AZUREML_PYTHON = REPOSITORY / ".venv-azureml" / "bin" / "python"
NAME = "forecast_FR"


@pytest.fixture(scope="module")
def database():
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def server(database, tmp_path_factory):
    """A server that keeps its clients' files."""
    with start_mlflow(database.make_database("served"), tmp_path_factory.mktemp("served"), "served") as port:
        yield port


@pytest.fixture
def client_of(monkeypatch):
    from mlflow import MlflowClient

    return lambda port: MlflowClient(f"http://127.0.0.1:{port}", registry_uri=f"http://127.0.0.1:{port}")


def test_a_server_on_postgresql_keeps_the_record_its_files_and_the_alias(server, client_of, tmp_path):
    tracking = MlflowTracking(tracking_uri=f"http://127.0.0.1:{server}", experiment_name="forecast")
    recorded = tracking.record_cycle(cycle_record())
    tracking.mirror_champion(recorded.run_id, JUNE)
    client = client_of(server)
    run = client.get_run(recorded.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["mlflow.parentRunId"] == recorded.parent_run_id
    assert run.data.metrics["model_wape"] == pytest.approx(0.15)
    steps = [(point.step, point.value) for point in client.get_metric_history(recorded.run_id, "model_wape_by_horizon")]
    assert sorted(steps) == [(1, 0.1), (2, 0.2)]
    file = Path(client.download_artifacts(recorded.run_id, "features.txt", str(tmp_path)))
    assert file.read_text() == "sell_in_lag_12\nsell_out_mean_3\n"
    assert client.get_model_version_by_alias(NAME, "champion").run_id == recorded.run_id
    assert recorded.url.endswith(f"/runs/{recorded.run_id}")


def test_markets_that_record_at_once_share_one_parent(server, client_of):
    context = get_context("spawn")
    barrier, answers = context.Barrier(3), context.Queue()
    address = f"http://127.0.0.1:{server}"
    started = [
        context.Process(target=record_at_once, args=(address, market, barrier, answers))
        for market in ("FR", "DE", "ES")
    ]
    for process in started:
        process.start()
    parents = {answers.get(timeout=PATIENCE_SECONDS)[0] for _ in started}
    for process in started:
        process.join(PATIENCE_SECONDS)
    assert len(parents) == 1


def test_where_azure_ml_answers_404_the_record_is_whole_and_a_tag_stands_for_the_alias(server, client_of, tmp_path):
    with AzureMl(server).listening(tmp_path, tls=False) as azure_ml:
        tracking = MlflowTracking(tracking_uri=f"http://127.0.0.1:{azure_ml.port}", experiment_name="without")
        recorded = tracking.record_cycle(cycle_record())
        for record in (JUNE, JULY):
            tracking.mirror_champion(recorded.run_id, record)
    assert {path.rpartition("/")[2] for path in azure_ml.missing} == {"alias"}
    assert not any("logged-models" in path for path in azure_ml.asked)
    client = client_of(server)
    assert client.get_run(recorded.run_id).info.status == "FINISHED"
    files = {file.path for file in client.list_artifacts(recorded.run_id)}
    assert files == {"features.txt", "model"}
    tagged = [each for each in client.search_model_versions("name = 'without_FR'") if ALIAS_TAG in each.tags]
    assert [each.tags["forecast.recipe_id"] for each in tagged] == ["def"]


@pytest.fixture(scope="module")
def workspace(database, tmp_path_factory):
    """A workspace of Azure ML that lets in who has a token of the identity endpoint, and the variables of that."""
    if not AZUREML_PYTHON.exists():
        pytest.fail("the environment of Azure ML's client is missing: make integration makes it")
    folder = tmp_path_factory.mktemp("azureml")
    backend = database.make_database("azureml")
    with (
        start_mlflow(backend, folder, str(folder / "files")) as port,
        FakeVault().listening(folder) as identity,
        AzureMl(port, identity.tokens).listening(folder, tls=True) as azure_ml,
    ):
        variables = {
            "IDENTITY_ENDPOINT": identity.identity, "IDENTITY_HEADER": IDENTITY_HEADER, "NO_PROXY": "127.0.0.1",
            "REQUESTS_CA_BUNDLE": str(folder / "ca.pem"), "PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"],
            "MLFLOW_DISABLE_TELEMETRY": "true", "HOME": str(folder),
        }  # fmt: skip
        yield azure_ml, variables, f"azureml://127.0.0.1:{azure_ml.port}/mlflow/v2.0{WORKSPACE}", port


def record_with_azureml(address: str, variables: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [AZUREML_PYTHON, "-m", "forecast_assets_tests.integration.azureml_client", address], env=variables,
        cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip


def test_azure_mls_own_client_records_with_the_identity_of_the_process(workspace, client_of):
    azure_ml, variables, address, port = workspace
    done = record_with_azureml(address, variables)
    assert done.returncode == 0, done.stderr
    first, again, other, parent, parent_of_other, url = json.loads(done.stdout.splitlines()[-1])
    assert (first, parent) == (again, parent_of_other)
    assert url is None
    assert azure_ml.refused == 0
    assert not any("logged-models" in path for path in azure_ml.asked)
    client = client_of(port)
    assert {client.get_run(run).info.status for run in (first, other, parent)} == {"FINISHED"}
    assert {file.path for file in client.list_artifacts(first)} == {"features.txt", "model"}
    tagged = [each for each in client.search_model_versions("name = 'azureml_FR'") if ALIAS_TAG in each.tags]
    assert [each.tags["forecast.recipe_id"] for each in tagged] == ["def"]


def test_without_an_identity_nobody_is_asked_to_open_a_browser(workspace):
    azure_ml, variables, address, _ = workspace
    azure_ml.asked.clear()
    done = record_with_azureml(address, variables | {"IDENTITY_HEADER": "somebody else"})
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "TrackingUnavailable: MLflow at azureml://" in last
    assert "this process has no identity. Give it a managed identity, or set AZURE_" in last
    assert azure_ml.asked == []


def test_without_the_plugin_the_lock_file_that_has_it_is_named():
    tracking = MlflowTracking(
        tracking_uri=f"azureml://region.api.azureml.ms/mlflow/v1.0{WORKSPACE}", experiment_name="x"
    )
    with pytest.raises(TrackingUnavailable, match=r"azureml-mlflow is not installed.*locks/azureml\.txt"):
        tracking.record_cycle(cycle_record())
