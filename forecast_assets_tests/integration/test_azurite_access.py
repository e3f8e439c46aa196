"""A wrong container, key or token: one line that says what to check, on the terminal and in Dagster, and no secret."""

import pandas as pd
import pytest
from azure.core.credentials import AzureNamedKeyCredential
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.config.azure_account import StorageRefused
from forecast_assets.config.settings import load_settings
from forecast_assets.definitions import build_definitions
from forecast_assets.operations.cycle.launch import QUIET, failures_of
from forecast_assets.sources.landing import LandingFolder
from forecast_assets.sources.opened import open_landing
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.azure_file_system import AzureFileSystem
from forecast_assets.storage.opened import open_store

pytestmark = pytest.mark.integration

# 64 bytes that are no key of the account.
WRONG_KEY = "Y2FuYXJ5" * 10 + "Y2FuYXI="
MARKETS = """markets:
  - {code: "FR", name: "France", iso2: "FR", iso3: "FRA", region: "Europe", since: 2022-01-01}
"""
SEEN = PartitionKey(pd.Timestamp("2024-01-01"), "FR")


def wrong_container(azurite, container):
    return azurite.environment("forecast-prdo"), ["no container 'forecast-prdo'", "FORECAST_STORE"]


def wrong_key(azurite, container):
    return azurite.environment(container) | {"AZURE_STORAGE_ACCOUNT_KEY": WRONG_KEY}, [
        "AZURE_STORAGE_ACCOUNT_KEY is not a key of this account",
        container,
    ]


def key_that_is_none(azurite, container):
    return azurite.environment(container) | {"AZURE_STORAGE_ACCOUNT_KEY": "canary, not base64"}, [
        "AZURE_STORAGE_ACCOUNT_KEY is not an account key (base64 text)"
    ]


def ended_sas(azurite, container):
    token = azurite.sas(hours=-3)
    changed = {"FORECAST_AZURE_CREDENTIAL": "sas", "AZURE_STORAGE_SAS_TOKEN": token}
    return azurite.environment(container) | changed, ["the SAS token in AZURE_STORAGE_SAS_TOKEN ended at 20"]


def sas_of_another_key(azurite, container):
    token = azurite.sas(hours=3)[:-8] + "AAAAAA%3D"
    changed = {"FORECAST_AZURE_CREDENTIAL": "sas", "AZURE_STORAGE_SAS_TOKEN": token}
    return azurite.environment(container) | changed, ["the SAS token in AZURE_STORAGE_SAS_TOKEN is not valid for it"]


def no_secret(azurite, container):
    return azurite.environment(container) | {"AZURE_STORAGE_ACCOUNT_KEY": ""}, ["AZURE_STORAGE_ACCOUNT_KEY is not set"]


CASES = [wrong_container, wrong_key, key_that_is_none, ended_sas, sas_of_another_key, no_secret]


@pytest.fixture(params=CASES, ids=[case.__name__ for case in CASES])
def refused(request, azurite, container, tmp_path, monkeypatch):
    """Variables with one error, set in this process too, and the expected advice."""
    variables, told = request.param(azurite, container)
    markets = tmp_path / "markets.yaml"
    markets.write_text(MARKETS, encoding="utf-8")
    variables |= {"FORECAST_MARKETS": str(markets), "MLFLOW_TRACKING_URI": "", "FORECAST_LEASE_WAIT_SECONDS": "0"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables, told


def secrets_in(text: str, variables: dict[str, str]) -> list[str]:
    """Return the names of the secrets, or of a signature in one, that a text contains."""
    parts = {name: [variables[name]] for name in ("AZURE_STORAGE_ACCOUNT_KEY",) if variables[name]}
    token = variables.get("AZURE_STORAGE_SAS_TOKEN", "")
    if "sig=" in token:
        parts["signature"] = [token, token.partition("sig=")[2].partition("&")[0]]
    return [name for name, values in parts.items() if any(value in text for value in values)]


def assert_told(text: str, refused) -> None:
    variables, told = refused
    assert [part for part in told if part not in text] == []
    assert secrets_in(text, variables) == []
    assert "Traceback" not in text


def test_every_request_to_store_and_landing_names_what_to_check(refused):
    settings = load_settings()
    store, landing = open_store(settings), open_landing(settings)
    for act in (
        lambda: store.read("sell_in", [SEEN], missing="skip"),
        lambda: store.exists("sell_in", SEEN),
        lambda: store.list_partitions("sell_in"),
        lambda: store.files.create(f"{store.base}/x", b"x"),
        lambda: store.files.replace(f"{store.base}/x", b"x", None),
        lambda: landing.files("sell_in"),
        lambda: landing.has_source("sell_in"),
        lambda: landing.plain_files("oxcgrt").texts(),
    ):
        with pytest.raises(StorageRefused) as caught:
            act()
        assert "\n" not in str(caught.value)
        assert_told(str(caught.value), refused)


def test_a_command_ends_with_that_line_alone(refused):
    ended = CliRunner().invoke(app, ["champion", "--country", "FR"])
    assert ended.exit_code == 2
    assert len(ended.output.strip().splitlines()) == 1
    assert_told(ended.output, refused)


def test_a_run_fails_with_the_same_text_in_dagster(refused):
    definitions = build_definitions(load_settings())
    result = definitions.resolve_job_def("ingest").execute_in_process(
        run_config=QUIET, partition_key="FR|2024-01-01", raise_on_error=False
    )
    assert not result.success
    told = "\n".join(failures_of(result))
    assert_told(told, refused)
    everything = "\n".join(str(event) for event in result.all_events)
    assert secrets_in(everything, refused[0]) == []


def test_a_key_rotated_between_two_reads_is_named_by_duckdbs_error(azurite, container, monkeypatch):
    rows = b"country,sku,month,units\nFR,A,2024-01,3\n"
    azurite.client().get_blob_client(container, "landing/sell_in/FR.csv").upload_blob(rows)
    environment = azurite.environment(container)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", environment["AZURE_STORAGE_ACCOUNT_KEY"])
    folder = LandingFolder(environment["FORECAST_LANDING"], azurite.account)
    assert folder.delivered_months("sell_in", "FR") == [pd.Timestamp("2024-01-01")]
    # The files are known by now, and the rows of FR; with another key those of DE cannot be read.
    seen = folder._listing("sell_in")
    monkeypatch.setattr(folder, "_listing", lambda source: seen)
    folder._fs = AzureFileSystem(azurite.account, AzureNamedKeyCredential(azurite.account.name, WRONG_KEY))
    with pytest.raises(StorageRefused, match="AZURE_STORAGE_ACCOUNT_KEY is not a key of this account"):
        folder.delivered_months("sell_in", "DE")
