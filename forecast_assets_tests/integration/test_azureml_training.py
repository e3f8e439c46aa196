"""Training by a job of Azure ML: the step, dagster-azure's client and the job's program, with Azurite between them.

Azure ML itself is stood in for: it starts the command of the job as a process, and says how the process is doing. The
job opens Azurite by its key, because Azurite knows no identities.
"""

import os
import shlex
import subprocess
import sys
import types

import dagster as dg
import pytest

from forecast_assets.config.settings import load_settings
from forecast_assets.definitions import build_definitions
from forecast_assets.defs.training import azureml
from forecast_assets.market_state import training_request
from forecast_assets.sample import write_sample_company
from forecast_assets.storage import PartitionKey, TableStore

pytestmark = pytest.mark.integration
MONTH = "2024-12-01"
KEPT = ("PATH", "HOME", "OMP_NUM_THREADS", "PYTHONPATH")
JOB = {
    "FORECAST_AZUREML_WORKSPACE": "0000/forecast-rg/forecast-ml",
    "FORECAST_AZUREML_COMPUTE": "large-nodes",
    "FORECAST_AZUREML_ENVIRONMENT": "forecast-assets:7",
    "FORECAST_AZUREML_CLIENT_ID": "2222",
}
SMALL = {
    "FORECAST_TRAINING_ROWS": "1000", "FORECAST_BACKTEST_TRAINING_ROWS": "1000", "FORECAST_BOOSTING_ROUNDS": "20",
    "FORECAST_MAX_THREADS": "1", "FORECAST_POOLED_SKUS": "0", "MLFLOW_TRACKING_URI": "", "OMP_NUM_THREADS": "1",
}  # fmt: skip


class Workspace:
    """Stands for Azure ML: each job is a process; the first so many are preempted as soon as they have a result."""

    def __init__(self, preempted=0):
        self.jobs, self.processes, self._preempted = self, {}, preempted

    def create_or_update(self, command):
        name = f"job-{len(self.processes) + 1}"
        program, *arguments = shlex.split(command.command)
        assert program == "python"
        kept = {name: os.environ[name] for name in (*KEPT, "AZURE_STORAGE_ACCOUNT_KEY") if name in os.environ}
        environment = kept | command.environment_variables | {"FORECAST_AZURE_CREDENTIAL": "key"}
        self.processes[name] = subprocess.Popen([sys.executable, *arguments], env=environment)
        if len(self.processes) <= self._preempted:
            self.processes[name].kill()
        return types.SimpleNamespace(name=name)

    def get(self, name):
        code = self.processes[name].poll()
        lost = "Canceled" if int(name.removeprefix("job-")) <= self._preempted else "Failed"
        return types.SimpleNamespace(status="Running" if code is None else lost if code else "Completed")


@pytest.fixture(scope="module")
def company(azurite, tmp_path_factory):
    """The variables of a small company with a store on Azurite, its features and baselines built."""
    tmp_path, container = tmp_path_factory.mktemp("company"), "company-of-jobs"
    markets = tmp_path / "markets.yaml"
    write_sample_company(tmp_path / "landing", markets=1, skus=6, months=30, last_month=MONTH, markets_file=markets)
    for name in (container, f"{container}-pipes"):
        azurite.make_container(name)
    places = azurite.environment(container) | {"FORECAST_LANDING": str(tmp_path / "landing")}
    variables = SMALL | places | {"FORECAST_MARKETS": str(markets), "DAGSTER_HOME": str(tmp_path / "home")}
    (tmp_path / "home").mkdir()
    code = "from forecast_assets.cli import app; app(['cycle', '--month', '2024-12', '--history', '12'])"
    command, everything = [sys.executable, "-c", code], os.environ | variables
    done = subprocess.run(command, env=everything, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    entry = markets.read_text(encoding="utf-8")
    markets.write_text(entry.replace("since:", "compute: azureml, since:"), encoding="utf-8")
    return variables | JOB | {"FORECAST_AZUREML_CONTAINER": f"{container}-pipes"}


@pytest.fixture
def environment(company, monkeypatch):
    """The company without results of earlier jobs."""
    for name, value in company.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    store = TableStore(settings.store.address, settings.azure.storage)
    for path in store.find(f"{store.base}/_anchors/"):
        store.files.remove(path)
    return dict(os.environ)


def trained(environment, workspace, monkeypatch, assets):
    """Build assets of the month by jobs; returns the result and the store."""
    settings = load_settings(environment)
    (country,) = settings.market_table
    monkeypatch.setattr(azureml, "workspace", lambda _: workspace)
    monkeypatch.setattr(azureml, "POLL_SECONDS", 0.2)
    store = TableStore(settings.store.address, settings.azure.storage)
    before = {name: store.provenance(name, PartitionKey.from_dagster(f"{country}|{MONTH}")) for name in assets}
    result = (
        build_definitions(settings)
        .resolve_job_def("monthly_cycle")
        .execute_in_process(
            asset_selection=[dg.AssetKey(name) for name in assets],
            partition_key=dg.MultiPartitionKey({"month": MONTH, "country": country}),
            raise_on_error=False,
        )
    )
    after = {name: store.provenance(name, PartitionKey.from_dagster(f"{country}|{MONTH}")) for name in assets}
    return result, before, after


def test_a_job_trains_model_and_backtest_as_the_step_itself_does(environment, monkeypatch):
    workspace = Workspace()
    result, before, after = trained(environment, workspace, monkeypatch, ["model", "backtest"])
    assert result.success
    assert len(workspace.processes) == 2
    for name, stored in after.items():
        assert stored.run_id != before[name].run_id
        assert stored.content_hash == before[name].content_hash


def test_a_preempted_job_is_started_again_and_told(environment, monkeypatch):
    workspace = Workspace(preempted=1)
    result, before, after = trained(environment, workspace, monkeypatch, ["model"])
    assert result.success
    assert len(workspace.processes) == 2
    assert after["model"].content_hash == before["model"].content_hash
    (again,) = [event for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]
    assert "the job for model on azureml did not end well" in str(again.event_specific_data.error)


def test_the_log_of_the_run_shows_what_a_job_says_and_why_it_cannot_succeed(environment, monkeypatch, capfd):
    monkeypatch.setattr(training_request, "code_version", lambda asset: f"another {asset}")
    result, *_ = trained(environment, Workspace(), monkeypatch, ["model"])
    assert not result.success
    (failed,) = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    reason = str(failed.event_specific_data.error)
    assert "OtherCode: this job's code computes model" in reason
    assert "another model was asked for. Register the image of the running release" in reason
    assert not [event for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]
    assert "model, recipes: 1, abfs://company-of-jobs/store" in capfd.readouterr().err
