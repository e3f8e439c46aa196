"""Settings that the environment may set, and messages for unknown, wrong and contradicting values."""

import subprocess
import sys

import pandas as pd
import pytest
from pydantic import ValidationError

from forecast_assets.config.azure_account import AzureAccount
from forecast_assets.config.group import SettingsGroup
from forecast_assets.config.markets import MarketsError
from forecast_assets.config.process_groups import TrainingSettings
from forecast_assets.config.settings import ENVIRONMENTS, SettingsError, load_settings
from forecast_assets_tests.repository_settings import loaded


def problems(**variables: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        loaded(**variables)
    return str(caught.value).splitlines()


def test_without_variables_a_laptop_works_in_folders_below_var():
    settings = loaded()
    assert (settings.env, settings.store.address, settings.sources.landing) == ("dev", "var/store", "var/landing")
    assert settings.first_partition == pd.Timestamp("2019-01-01")


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_each_environment_has_a_store_and_a_landing_of_its_own(env):
    settings = loaded(FORECAST_ENV=env, FORECAST_AZURE_ACCOUNT="forecasts")
    others = [row for name, row in ENVIRONMENTS.items() if name != env]
    assert settings.store.address not in {row["FORECAST_STORE"] for row in others}
    assert settings.sources.landing not in {row["FORECAST_LANDING"] for row in others}


@pytest.mark.parametrize("env", ["test", "prod"])
def test_an_environment_names_its_own_places_only(env):
    others = set(ENVIRONMENTS) - {env}
    for name, value in ENVIRONMENTS[env].items():
        assert f"forecast-{env}/" in value, name
        assert not any(other in value for other in others), name


def test_a_variable_overrides_one_value_of_the_environment():
    settings = loaded(
        FORECAST_ENV="prod",
        FORECAST_STORE="/data/store",
        FORECAST_AZURE_ACCOUNT="forecasts",
        MLFLOW_TRACKING_URI="http://mlflow:5000",
    )
    assert (settings.store.address, settings.sources.landing) == (
        "/data/store",
        ENVIRONMENTS["prod"]["FORECAST_LANDING"],
    )
    assert settings.mlflow.tracking_uri == "http://mlflow:5000"


def test_all_problems_are_told_at_once_each_with_variable_value_and_what_is_allowed():
    lines = problems(
        FORECAST_STOER="x", FORECAST_ENV="production", FORECAST_MAX_THREADS="-1", FORECAST_TRAINING_ROWS="many"
    )
    assert lines[0] == "The settings cannot be used:"
    assert lines[1].startswith("  - FORECAST_STOER: unknown. Did you mean FORECAST_STORE? Known: FORECAST_ALARM")
    assert lines[2:] == [
        "  - FORECAST_ENV = 'production': expected one of dev, test, prod",
        "  - FORECAST_TRAINING_ROWS = 'many': Input should be a valid integer, unable to parse string as an integer",
        "  - FORECAST_MAX_THREADS = '-1': Input should be greater than or equal to 0",
    ]


def test_a_variable_without_a_near_name_is_told_the_known_ones():
    assert problems(FORECAST_COLOUR="red")[1].startswith("  - FORECAST_COLOUR: unknown. Known: FORECAST_")


def test_variables_of_other_programs_are_none_of_ours():
    assert loaded(HOME="/root", FORECAST_GIT_SHA="abc", FORECAST_REAL_DATA="/data").env == "dev"


@pytest.mark.parametrize("landing", ["var/store", "var/store/", "./var/store", "var/../var/store"])
def test_store_and_landing_cannot_be_the_same_place_however_it_is_written(landing):
    assert problems(FORECAST_LANDING=landing)[1:] == [
        "  - store and landing must be different places, both are 'var/store'"
    ]


def test_the_same_container_written_with_a_slash_is_the_same_place():
    line = problems(**ON_AZURE, FORECAST_LANDING="abfs://forecast-prod/store/")[1]
    assert "must be different places, both are 'abfs://forecast-prod/store'" in line


@pytest.mark.parametrize("variable", ["FORECAST_STORE", "FORECAST_LANDING", "FORECAST_MARKETS"])
def test_a_place_set_to_nothing_is_refused_instead_of_being_the_working_folder(variable):
    expected = f"  - {variable} = '': expected a place, got nothing: set it, or remove the variable to get the default"
    assert problems(**{variable: ""})[1:] == [expected]


def test_the_horizon_is_fixed_by_the_tables():
    assert problems(FORECAST_HORIZON_MONTHS="12")[1] == (
        "  - FORECAST_HORIZON_MONTHS = '12': expected 18: the stored tables have one column per month ahead up to 18"
    )


def test_the_horizon_of_the_tables_is_accepted():
    assert loaded(FORECAST_HORIZON_MONTHS="18").horizon_months == 18


@pytest.mark.parametrize("month", ["abc", "1", "2018", "2018-01-01T00:00Z"])
def test_a_first_month_that_is_none_is_refused(month):
    assert problems(FORECAST_FIRST_MONTH=month)[1] == (
        f"  - FORECAST_FIRST_MONTH = '{month}': expected a month like 2019-01, got '{month}'"
    )


def test_a_first_month_after_the_first_data_names_the_markets_that_would_lose_it():
    assert problems(FORECAST_FIRST_MONTH="2020-01") == [
        "FORECAST_FIRST_MONTH = 2020-01: FR, DE, BR, MX have data before it (since, in markets.yaml). "
        "Set an earlier first month or a later since."
    ]


def test_an_earlier_first_month_moves_the_first_partition():
    assert loaded(FORECAST_FIRST_MONTH="2018-05").first_partition == pd.Timestamp("2018-05-01")


def test_a_missing_markets_file_is_told_when_the_settings_load():
    with pytest.raises(MarketsError, match="no such markets file"):
        load_settings({"FORECAST_MARKETS": "nowhere.yaml"})


def test_threads_leave_one_core_free_and_never_more_than_asked(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert loaded().training.threads == 7
    assert loaded(FORECAST_MAX_THREADS="3").training.threads == 3
    assert loaded(FORECAST_MAX_THREADS="64").training.threads == 7
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert loaded().training.threads == 1


def test_every_field_of_every_group_names_its_variable():
    classes = [SettingsGroup, *SettingsGroup.__subclasses__()]
    nameless = [
        f"{group.__name__}.{name}"
        for group in classes
        for name, field in group.model_fields.items()
        if not isinstance(field.validation_alias, str)
    ]
    assert nameless == ["SourceSettings.dremio"]


def test_a_variable_sets_the_field_that_names_it():
    settings = loaded(FORECAST_TRAINING_ROWS="5000", MLFLOW_TRACKING_URI="http://mlflow:5000")
    assert (settings.training.rows, settings.mlflow.tracking_uri) == (5000, "http://mlflow:5000")


def test_a_group_is_read_only_and_knows_its_fields_alone():
    with pytest.raises(ValidationError, match="frozen"):
        loaded().training.rows = 1
    with pytest.raises(ValidationError, match="Extra inputs"):
        TrainingSettings(colour="red")


def test_settings_import_neither_dagster_nor_numpy_nor_pandas():
    heavy = ("dagster", "numpy", "pandas", "yaml", "ruamel", "azure", "mlflow")
    code = f"import sys, forecast_assets.config.settings; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "url", ["dagster.example.com", "ftp://x", "https://user:word@x", "https://x/?sig=1", "https://"]
)
def test_the_address_of_dagster_is_that_of_a_page_without_credentials(url):
    assert "expected an address like https://dagster.example.com" in problems(FORECAST_DAGSTER_URL=url)[1]
    assert loaded(FORECAST_DAGSTER_URL="https://x.example/dagster").alerts.dagster_url == "https://x.example/dagster"


def test_what_becomes_of_an_unclear_card_is_one_of_two():
    assert "FORECAST_ALERT_AFTER_UNCLEAR = 'maybe'" in problems(FORECAST_ALERT_AFTER_UNCLEAR="maybe")[1]
    assert loaded(FORECAST_ALERT_AFTER_UNCLEAR="hold").alerts.after_unclear == "hold"


@pytest.mark.parametrize(
    "address", ["http://company.vault.azure.net", "company", "https://user@company.vault.azure.net"]
)
def test_the_address_of_a_vault_is_https_and_holds_no_user(address):
    with pytest.raises(SettingsError, match=r"AZURE_KEY_VAULT_URL = .*expected an address like https://"):
        load_settings({"AZURE_KEY_VAULT_URL": address}, with_markets=False)


def test_the_vault_is_a_setting_of_its_own_name():
    settings = load_settings({"AZURE_KEY_VAULT_URL": "https://company.vault.azure.net"}, with_markets=False)
    assert settings.azure.key_vault_url == "https://company.vault.azure.net"


ON_AZURE = {"FORECAST_ENV": "prod", "FORECAST_AZURE_ACCOUNT": "forecasts"}


def test_places_on_azure_need_an_account_when_the_settings_are_loaded():
    assert problems(FORECAST_ENV="prod")[1:] == [
        "  - FORECAST_AZURE_ACCOUNT is not set: which storage account holds abfs://forecast-prod/store?"
    ]


def test_the_account_has_its_credential_and_no_secret():
    settings = loaded(
        **ON_AZURE, FORECAST_AZURE_CREDENTIAL="service_principal", AZURE_TENANT_ID="t", AZURE_CLIENT_ID="c",
        AZURE_CLIENT_SECRET="canary",
    )  # fmt: skip
    assert settings.azure.storage == AzureAccount("forecasts", "service_principal", tenant_id="t", client_id="c")
    assert settings.azure.storage.address == "https://forecasts.blob.core.windows.net"
    assert "canary" not in repr(settings)
    assert loaded().azure.storage is None


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"FORECAST_AZURE_ACCOUNT": "https://forecasts.blob.core.windows.net"}, "3 to 24 small letters"),
        ({"FORECAST_AZURE_CREDENTIAL": "password"}, "'default', 'key', 'sas', 'service_principal' or 'managed_id"),
        ({"FORECAST_AZURE_CREDENTIAL": "service_principal"}, "set AZURE_TENANT_ID and AZURE_CLIENT_ID too"),
        ({"FORECAST_AZURE_ACCOUNT_URL": "http://10.0.0.4/forecasts"}, "expected https; http is for Azurite"),
        ({"FORECAST_AZURE_ACCOUNT_URL": "http://127.0.0.1/forecasts"}, "with a key or a SAS token"),
        ({"FORECAST_AZURE_ACCOUNT_URL": "forecasts.blob.core.windows.net"}, "an address like https://host"),
    ],
)
def test_an_account_that_cannot_be_right_is_refused_when_the_settings_are_loaded(variables, told):
    assert told in problems(**{**ON_AZURE, **variables})[1]


def test_an_account_address_with_a_signature_is_refused_without_showing_it():
    line = problems(**ON_AZURE, FORECAST_AZURE_ACCOUNT_URL="https://forecasts.blob.core.windows.net/?sig=canary")[1]
    assert "FORECAST_AZURE_ACCOUNT_URL" in line
    assert "canary" not in line


def test_an_address_that_names_another_account_than_the_one_that_is_opened_is_refused():
    assert loaded(**ON_AZURE, FORECAST_STORE="abfss://c@forecasts.dfs.core.windows.net/store").azure.storage is not None
    line = problems(**ON_AZURE, FORECAST_STORE="abfss://c@another.dfs.core.windows.net/store")[1]
    assert "is in the account another, and FORECAST_AZURE_ACCOUNT is forecasts" in line


@pytest.mark.parametrize(
    "variables",
    [
        {"FORECAST_DAGSTER_URL": "https://me:canary@dagster.example.com"},
        {"AZURE_KEY_VAULT_URL": "https://company.vault.azure.net?sig=canary"},
        {"FORECAST_SOURCE": "dremio", "DREMIO_HOST": "grpc://u:canary@dremio", "DREMIO_SCHEMA": "lake"},
    ],
)
def test_a_value_that_is_refused_for_the_secret_in_it_is_not_shown(variables):
    (line,) = problems(**variables)[1:]
    assert "(not shown)" in line
    assert "canary" not in line
