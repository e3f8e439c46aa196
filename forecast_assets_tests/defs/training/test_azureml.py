"""The job of Azure ML as it is specified: image, compute, identity and addresses, and no secret."""

import pytest
from azure.storage.blob import BlobServiceClient

from forecast_assets.config.azure_account import AzureAccount
from forecast_assets.config.settings import SettingsError, load_settings
from forecast_assets.defs.training.azureml import azureml_start, blob_service, job_command, workspace
from forecast_assets.market_state.training_request import TrainingRequest

KEY = "c2VjcmV0LWtleQ=="
REQUEST = TrainingRequest("backtest", "FR", "2024-11-01", {}, ["{}"], "0")
MARKETS = """markets:
  - {code: "FR", name: F, iso2: "FR", iso3: FRA, region: Europe, since: 2019-01-01, compute: azureml}
"""
ON_AZURE = {
    "FORECAST_ENV": "prod",
    "FORECAST_STORE": "abfs://forecast/store",
    "FORECAST_LANDING": "abfs://forecast/landing",
    "FORECAST_AZURE_ACCOUNT": "company",
    "FORECAST_AZURE_CREDENTIAL": "key",
    "AZURE_STORAGE_ACCOUNT_KEY": KEY,
    "FORECAST_AZUREML_WORKSPACE": "0000-11/forecast-rg/forecast-ml",
    "FORECAST_AZUREML_COMPUTE": "large-nodes",
    "FORECAST_AZUREML_ENVIRONMENT": "forecast-assets:7",
    "FORECAST_AZUREML_CLIENT_ID": "2222",
}


@pytest.fixture
def environment(tmp_path, monkeypatch):
    (tmp_path / "markets.yaml").write_text(MARKETS)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    return ON_AZURE | {"FORECAST_MARKETS": str(tmp_path / "markets.yaml")}


def test_the_job_gets_addresses_and_an_identity_and_no_secret(environment):
    job = job_command(load_settings(environment), REQUEST)
    sent = job._to_job()._to_rest_object().as_dict()
    assert KEY not in str(sent)
    # The form of the REST interface: learn.microsoft.com, Azure Machine Learning, Jobs, Create or Update, CommandJob.
    properties = sent["properties"]
    assert properties["command"] == "python -m forecast_assets.defs.training.train_job"
    assert properties["computeId"].endswith("large-nodes")
    assert properties["environmentId"].endswith("forecast-assets:7")
    assert properties["identity"]["clientId"] == "2222"
    assert properties["limits"]["timeout"] == "PT1H56M40S"
    assert properties["environmentVariables"] == {
        "FORECAST_ENV": "prod",
        "FORECAST_STORE": "abfs://forecast/store",
        "FORECAST_LANDING": "abfs://forecast/landing",
        "FORECAST_AZURE_ACCOUNT": "company",
        "FORECAST_AZURE_ACCOUNT_URL": "",
        "FORECAST_AZURE_CREDENTIAL": "managed_identity",
        "AZURE_CLIENT_ID": "2222",
        "MLFLOW_TRACKING_URI": "",
    }
    assert properties["tags"] == {"country": "FR", "month": "2024-11", "work": "backtest"}


def test_the_variables_of_the_job_are_settings_that_open_the_store(environment):
    variables = job_command(load_settings(environment), REQUEST).environment_variables
    settings = load_settings(variables, with_markets=False)
    assert settings.store.address == "abfs://forecast/store"
    assert settings.azure.storage == AzureAccount("company", "managed_identity", "", "", "2222")


@pytest.mark.parametrize("absent", ["WORKSPACE", "COMPUTE", "ENVIRONMENT", "CLIENT_ID"])
def test_a_market_on_azure_ml_asks_for_what_a_job_needs(environment, absent):
    del environment[f"FORECAST_AZUREML_{absent}"]
    with pytest.raises(SettingsError, match=f"compute: azureml of FR in markets.yaml: FORECAST_AZUREML_{absent} not"):
        load_settings(environment)


def test_a_market_on_azure_ml_asks_for_a_store_on_azure(environment, tmp_path):
    local = {name: value for name, value in environment.items() if "AZURE_" not in name}
    here = {"FORECAST_STORE": str(tmp_path / "store"), "FORECAST_LANDING": str(tmp_path / "landing")}
    with pytest.raises(SettingsError, match="FORECAST_AZURE_ACCOUNT not set"):
        load_settings(local | here)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("WORKSPACE", "forecast-ml", "subscription/resource-group/workspace"),
        ("WORKSPACE", "a/b/c/d", "subscription/resource-group/workspace"),
        ("CONTAINER", "Pipes", "name of a container"),
        ("CONTAINER", "a--b", "name of a container"),
        ("CONTAINER", "ab", "name of a container"),
    ],
)
def test_a_setting_that_azure_would_refuse_is_refused_here(environment, variable, value, expected):
    with pytest.raises(SettingsError, match=f"FORECAST_AZUREML_{variable}.*{expected}"):
        load_settings(environment | {f"FORECAST_AZUREML_{variable}": value})


def test_the_workspace_is_the_one_of_the_settings(environment):
    client = workspace(load_settings(environment))
    assert (client.subscription_id, client.resource_group_name, client.workspace_name) == (
        "0000-11", "forecast-rg", "forecast-ml",
    )  # fmt: skip


def test_messages_go_through_the_account_of_the_store(environment):
    client = blob_service(load_settings(environment).azure.storage)
    assert isinstance(client, BlobServiceClient)
    assert client.url == "https://company.blob.core.windows.net/"


def test_without_an_account_no_job_is_started(tmp_path):
    settings = load_settings({"FORECAST_STORE": str(tmp_path / "store")}, with_markets=False)
    with pytest.raises(ValueError, match="FORECAST_AZURE_ACCOUNT is not set"):
        azureml_start(settings)(None, REQUEST, None)
