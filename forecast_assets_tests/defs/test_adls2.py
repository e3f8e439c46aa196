"""dagster-azure's resource says the same of an account as the settings do, and shows no secret."""

import inspect

import dagster as dg
import pytest
from azure.identity import DefaultAzureCredential
from dagster_azure.adls2 import ADLS2Resource

from forecast_assets.config.azure_account import AzureAccount
from forecast_assets.defs.adls2 import WAYS, adls2_resources


@pytest.mark.parametrize(("kind", "secret"), [("key", "AZURE_STORAGE_ACCOUNT_KEY"), ("sas", "AZURE_STORAGE_SAS_TOKEN")])
def test_a_secret_is_named_in_the_configuration_and_given_to_the_client(kind, secret, monkeypatch):
    monkeypatch.setenv(secret, "Y2FuYXJ5")
    resource = adls2_resources(AzureAccount("forecasts", kind))["adls2"]
    assert "Y2FuYXJ5" not in repr(resource)
    assert secret in str(resource._resolved_config_dict)
    seen = []

    @dg.op
    def use(adls2: ADLS2Resource):
        seen.append((adls2.blob_client.account_name, adls2._raw_credential))

    dg.GraphDefinition("one", node_defs=[use]).execute_in_process(resources={"adls2": resource})
    assert seen == [("forecasts", "Y2FuYXJ5")]


def test_an_identity_is_looked_for_only_where_the_settings_say():
    resource = adls2_resources(AzureAccount("forecasts", "managed_identity", client_id="c"))["adls2"]
    kwargs = dict(resource.credential.kwargs)
    assert kwargs.pop("managed_identity_client_id") == "c"
    assert [name for name, excluded in kwargs.items() if not excluded] == ["exclude_managed_identity_credential"]
    assert adls2_resources(AzureAccount("forecasts"))["adls2"].credential.kwargs == {}


def test_every_way_of_the_library_is_known_so_that_none_is_left_open():
    source = inspect.getsource(DefaultAzureCredential.__init__)
    assert {way for way in WAYS if f"exclude_{way}_credential" in source} == set(WAYS)


def test_the_address_of_another_cloud_becomes_the_suffix_and_other_addresses_have_no_resource():
    china = AzureAccount("forecasts", url="https://forecasts.blob.core.chinacloudapi.cn")
    assert adls2_resources(china)["adls2"].endpoint_suffix == "core.chinacloudapi.cn"
    assert adls2_resources(AzureAccount("forecasts", url="http://127.0.0.1:10000/forecasts")) == {}
    assert adls2_resources(None) == {}
