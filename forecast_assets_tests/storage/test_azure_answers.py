"""What is told of answers that no stand-in gives: those of Microsoft Entra, roles and firewalls."""

import pytest
from azure.core.exceptions import ClientAuthenticationError

from forecast_assets.config.azure_account import (
    AzureAccount,
    StorageRefused,
    StorageUnavailable,
    path_on_azure,
    raise_if_storage_said_it,
)
from forecast_assets.sources.landing.errors import LandingError
from forecast_assets.storage.azure_answers import no_token, refusal, without_token
from forecast_assets.storage.transient_errors import is_transient


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        ("key", "AuthenticationFailed", "AZURE_STORAGE_ACCOUNT_KEY is not a key of this account, or was rotated."),
        ("key", "AuthorizationFailure", "if that is right, look at the account's firewall."),
        ("managed_identity", "AuthorizationPermissionMismatch", "the role Storage Blob Data Contributor on the acc"),
        ("default", "AuthorizationFailure", "Contributor on the account or the container; if that is right, look at"),
    ],
)
def test_a_refusal_says_what_to_check_for_the_credential_in_use(kind, code, told):
    text = refusal(AzureAccount("forecasts", kind), "forecast-prod", f"403 {code}", code)
    assert text.startswith(f"Azure storage account forecasts refused access to container 'forecast-prod' (403 {code}):")
    # The second sentence of the key's advice is cut off here where something follows it.
    assert told.rstrip(".") in text


@pytest.mark.parametrize(
    ("end", "told"),
    [("2024-01-31T00:00:00Z", "ended at 2024-01-31T00:00:00Z"), ("2024-01-31", "ended at 2024-01-31"),
     ("2999-01-01", "is not valid for it"), ("", "is not valid for it")],
)  # fmt: skip
def test_a_token_that_has_ended_is_told_from_one_that_is_not_valid(end, told):
    assert told in refusal(AzureAccount("forecasts", "sas"), "c", "403 AuthenticationFailed", "x", end)


def test_without_a_token_the_number_of_the_error_is_told_and_nothing_else_of_its_text():
    error = RuntimeError("AADSTS7000215: Invalid client secret provided: canary\nTrace ID: 1")
    text = no_token(AzureAccount("forecasts", "service_principal", tenant_id="t", client_id="c"), error)
    assert "(AADSTS7000215)" in text
    assert "AZURE_CLIENT_SECRET" in text
    assert "canary" not in text
    assert "\n" not in text


def test_what_storage_said_is_raised_again_from_the_text_that_a_library_kept():
    text = 'Traceback\n  File "x.py", line 1\nStorageUnavailable: Azure was busy.\n\nLINE 1: SELECT'
    with pytest.raises(StorageUnavailable, match=r"^Azure was busy\.$"):
        raise_if_storage_said_it(text)
    raise_if_storage_said_it("Binder Error: no such column")


def test_what_may_pass_is_tried_again_and_what_is_refused_is_not():
    assert is_transient(StorageUnavailable("busy"))
    assert not is_transient(StorageRefused("wrong key"))
    assert not issubclass(LandingError, StorageRefused)


def test_the_path_of_a_place_is_container_and_folder_however_it_is_written():
    assert path_on_azure("abfs://c/a/b/") == "c/a/b"
    assert path_on_azure("abfss://c@forecasts.dfs.core.windows.net/a") == "c/a"
    assert path_on_azure("abfs://c") == "c"


def test_the_container_of_a_request_is_the_first_part_behind_the_address_of_the_account():
    assert AzureAccount("forecasts").container_of("https://forecasts.blob.core.windows.net/c/a?sig=x") == "c"
    azurite = AzureAccount("dev", url="http://127.0.0.1:10000/dev")
    assert azurite.container_of("http://127.0.0.1:10000/dev/c/a") == "c"


@pytest.mark.parametrize(
    ("credential", "said", "passes"),
    [
        ("service_principal", "AADSTS7000215: Invalid client secret provided", False),
        ("service_principal", "AADSTS90033: A transient error has occurred", True),
        ("default", "DefaultAzureCredential failed to retrieve a token", True),
        ("managed_identity", "no response from the IMDS endpoint", True),
        ("key", "This is not a base64 text", False),
    ],
)
def test_no_token_passes_by_itself_unless_microsoft_entra_or_the_key_says_no(credential, said, passes):
    found = without_token(AzureAccount("forecasts", credential), ClientAuthenticationError(said))
    assert is_transient(found) is passes
    assert isinstance(found, StorageUnavailable if passes else StorageRefused)
