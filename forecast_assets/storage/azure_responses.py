"""Responses of Azure storage: repeat the request, pass the response on, or raise an error that names what to check.

One policy of the storage client, so that tables, leases, deliveries and alerts behave alike. Messages of the libraries
are not passed on: some carry addresses with signatures.
"""

import random
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.storage.blob.aio import ExponentialRetry

from forecast_assets.config.azure_account import SECRET_NAMES, AzureAccount, StorageRefused, StorageUnavailable
from forecast_assets.config.secret_store import forget_secret
from forecast_assets.storage.transient_errors import TRANSIENT_HTTP_STATUS

# Seconds before the second, third ... attempt, give or take a half: a busy account or a restarted front end is back
# within seconds. Longer outages are left to the step's own retry.
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
LONGEST_RETRY_AFTER = 30.0
DENIED_STATUS = {401, 403}
# "A transient error has occurred" and "service temporarily unavailable" of Microsoft Entra.
TRANSIENT_ENTRA_CODES = {"AADSTS90033", "AADSTS50196"}
FIREWALL = {"AuthorizationFailure", "IpAuthorizationDenied"}
ROLE = "Storage Blob Data Contributor"


class AzureRetryPolicy(ExponentialRetry):
    """Retry policy: repeats a request after growing waits and raises our errors if it still fails.

    The library's own policy waits 15 s before the first repetition and does not repeat 429.
    """

    def __init__(self, account: AzureAccount, waits: Sequence[float] = WAITS, sas_end: str = "") -> None:
        super().__init__()
        self._account, self._waits, self._sas_end = account, tuple(waits), sas_end

    # The library types its asynchronous policies as synchronous ones.
    async def send(self, request: Any) -> Any:  # type: ignore[override]
        """Send a request.

        Raises:
            StorageUnavailable: If no attempt got a usable response.
            StorageRefused: If the response will not change by itself.
        """
        settings, began = self.configure_retries(request), time.monotonic()
        for wait in [*self._waits, None]:
            try:
                response = await self.next.send(request)  # type: ignore[misc]  # typed as synchronous
            except ClientAuthenticationError as error:
                raise without_token(self._account, error) from None
            except AzureError as error:
                reason, asked_to_wait = _reason(error), 0.0
            else:
                http_response = response.http_response
                if http_response.status_code not in TRANSIENT_HTTP_STATUS:
                    self._raise_if_refused(request.http_request, http_response)
                    http_response.location_mode = settings["mode"]
                    return response
                reason, asked_to_wait = _status(http_response), _retry_after(http_response)
            if wait is None:
                break
            await request.context.transport.sleep(max(wait * random.uniform(0.5, 1.5), asked_to_wait))
        raise StorageUnavailable(
            f"Azure storage account {self._account.name} did not complete a {request.http_request.method} in container "
            f"{self._account.container_of(request.http_request.url)!r}: {len(self._waits) + 1} attempts in "
            f"{time.monotonic() - began:.1f} s, the last one: {reason}. Check the network, the account's name "
            "(FORECAST_AZURE_ACCOUNT) and the state of the service, then run it again."
        )

    def _raise_if_refused(self, request: Any, response: Any) -> None:
        container, code = self._account.container_of(request.url), _code(response)
        if response.status_code == 404 and code == "ContainerNotFound":
            raise StorageRefused(
                f"Azure storage account {self._account.name} has no container {container!r}: create it, or correct "
                "the address in FORECAST_STORE or FORECAST_LANDING."
            )
        if response.status_code in DENIED_STATUS:
            if self._account.credential in SECRET_NAMES:
                # It may have been renewed in the vault: the next opening of the store fetches it anew.
                forget_secret(SECRET_NAMES[self._account.credential])
            raise StorageRefused(access_denied(self._account, container, _status(response), code, self._sas_end))


def access_denied(account: AzureAccount, container: str, status: str, code: str, sas_end: str = "") -> str:
    """Return what to check if an account denies access; ``status`` is its response, ``code`` the error code in it."""
    start = f"Azure storage account {account.name} refused access to container {container!r} ({status}): "
    name = SECRET_NAMES.get(account.credential)
    if account.credential == "key":
        check = f"{name} is not a key of this account, or was rotated. Use a current one"
    elif account.credential == "sas" and sas_end and _is_past(sas_end):
        check = f"the SAS token in {name} ended at {sas_end}. Make a new one"
    elif account.credential == "sas":
        check = f"the SAS token in {name} is not valid for it. It needs read, create, write, delete and list there"
    else:
        check = f"give the identity ({account.credential}) the role {ROLE} on the account or the container"
    # The code of a firewall; some stand-ins return it for a wrong key.
    firewall = "; if that is right, check the account's firewall" if code in FIREWALL else ""
    return start + check + firewall + "."


def without_token(account: AzureAccount, error: Exception) -> StorageRefused | StorageUnavailable:
    """Return the error to raise if no token, or no signature, could be made.

    An invalid key and a definite code of Microsoft Entra are permanent. A chain of credentials reports an endpoint that
    is briefly unavailable like a missing one, so everything else counts as transient.
    """
    code = re.search(r"AADSTS\d+", str(error))
    is_permanent = account.credential == "key" or (code is not None and code[0] not in TRANSIENT_ENTRA_CODES)
    return (StorageRefused if is_permanent else StorageUnavailable)(no_token(account, error))


def no_token(account: AzureAccount, error: Exception) -> str:
    """Return what to check if no token, or no signature, could be made."""
    start = f"Azure storage account {account.name}: "
    if account.credential == "key":
        return start + f"{SECRET_NAMES['key']} is not an account key (base64 text). Copy one from the account."
    code = re.search(r"AADSTS\d+", str(error))
    suffix = f" ({code[0]})" if code else ""
    checks = {
        "service_principal": "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (which expires)",
        "managed_identity": "that this machine has the identity; a user-assigned one is named by AZURE_CLIENT_ID",
    }
    check = checks.get(account.credential, "that one of the ways of DefaultAzureCredential works here (az login)")
    return start + f"no token by {account.credential}{suffix}. Check {check}."


def _code(response: Any) -> str:
    return str(response.headers.get("x-ms-error-code") or "")


def _status(response: Any) -> str:
    return f"{response.status_code} {_code(response)}".strip()


def _reason(error: AzureError) -> str:
    """Return the class of the error below the library: its message may name addresses with signatures."""
    inner = error.inner_exception if getattr(error, "inner_exception", None) is not None else error
    return type(inner).__name__


def _retry_after(response: Any) -> float:
    value = response.headers.get("Retry-After") or ""
    return min(float(value), LONGEST_RETRY_AFTER) if re.fullmatch(r"\d+(\.\d+)?", value) else 0.0


def _is_past(moment: str) -> bool:
    try:
        end = datetime.fromisoformat(moment)
    except ValueError:
        return False
    return (end if end.tzinfo else end.replace(tzinfo=UTC)) <= datetime.now(UTC)
