"""Errors for responses that no stand-in gives: those of Microsoft Entra, roles and firewalls."""

import pytest
from azure.core.exceptions import ClientAuthenticationError

from forecast_assets.config.azure_account import (
    AzureAccount,
    StorageRefused,
    StorageUnavailable,
    path_on_azure,
    raise_if_storage_said_it,
)
from forecast_assets.sources.contract.problems import LandingError
from forecast_assets.storage.azure_responses import access_denied, no_token, without_token
from forecast_assets.storage.transient_errors import is_transient


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        ("key", "AuthenticationFailed", "AZURE_STORAGE_ACCOUNT_KEY is not a key of this account, or was rotated."),
        ("key", "AuthorizationFailure", "if that is right, check the account's firewall."),
        ("managed_identity", "AuthorizationPermissionMismatch", "the role Storage Blob Data Contributor on the acc"),
        ("default", "AuthorizationFailure", "Contributor on the account or the container; if that is right, check"),
    ],
)
def test_denied_access_names_what_to_check_for_the_credential_in_use(kind, code, expected):
    text = access_denied(AzureAccount("forecasts", kind), "forecast-prod", f"403 {code}", code)
    assert text.startswith(f"Azure storage account forecasts refused access to container 'forecast-prod' (403 {code}):")
    # The second sentence of the key's advice is cut off here where something follows it.
    assert expected.rstrip(".") in text


@pytest.mark.parametrize(
    ("end", "expected"),
    [("2024-01-31T00:00:00Z", "ended at 2024-01-31T00:00:00Z"), ("2024-01-31", "ended at 2024-01-31"),
     ("2999-01-01", "is not valid for it"), ("", "is not valid for it")],
)  # fmt: skip
def test_an_expired_token_and_an_invalid_one_give_different_errors(end, expected):
    assert expected in access_denied(AzureAccount("forecasts", "sas"), "c", "403 AuthenticationFailed", "x", end)


def test_of_an_error_without_a_token_only_the_number_is_shown():
    error = RuntimeError("AADSTS7000215: Invalid client secret provided: canary\nTrace ID: 1")
    text = no_token(AzureAccount("forecasts", "service_principal", tenant_id="t", client_id="c"), error)
    assert "(AADSTS7000215)" in text
    assert "AZURE_CLIENT_SECRET" in text
    assert "canary" not in text
    assert "\n" not in text


def test_a_storage_error_is_raised_again_from_the_text_that_a_library_kept():
    text = 'Traceback\n  File "x.py", line 1\nStorageUnavailable: Azure was busy.\n\nLINE 1: SELECT'
    with pytest.raises(StorageUnavailable, match=r"^Azure was busy\.$"):
        raise_if_storage_said_it(text)
    raise_if_storage_said_it("Binder Error: no such column")


def test_unavailable_storage_is_transient_and_denied_access_is_not():
    assert is_transient(StorageUnavailable("busy"))
    assert not is_transient(StorageRefused("wrong key"))
    assert not issubclass(LandingError, StorageRefused)


def test_the_path_of_an_address_is_container_and_folder_in_every_notation():
    assert path_on_azure("abfs://c/a/b/") == "c/a/b"
    assert path_on_azure("abfss://c@forecasts.dfs.core.windows.net/a") == "c/a"
    assert path_on_azure("abfs://c") == "c"


def test_the_container_is_the_first_part_after_the_address_of_the_account():
    assert AzureAccount("forecasts").container_of("https://forecasts.blob.core.windows.net/c/a?sig=x") == "c"
    azurite = AzureAccount("dev", url="http://127.0.0.1:10000/dev")
    assert azurite.container_of("http://127.0.0.1:10000/dev/c/a") == "c"


@pytest.mark.parametrize(
    ("credential", "message", "is_passing"),
    [
        ("service_principal", "AADSTS7000215: Invalid client secret provided", False),
        ("service_principal", "AADSTS90033: A transient error has occurred", True),
        ("default", "DefaultAzureCredential failed to retrieve a token", True),
        ("managed_identity", "no response from the IMDS endpoint", True),
        ("key", "This is not a base64 text", False),
    ],
)
def test_a_missing_token_is_transient_unless_entra_or_the_key_is_definite(credential, message, is_passing):
    error = without_token(AzureAccount("forecasts", credential), ClientAuthenticationError(message))
    assert is_transient(error) is is_passing
    assert isinstance(error, StorageUnavailable if is_passing else StorageRefused)
