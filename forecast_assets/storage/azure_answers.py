"""What Azure storage answers, judged: asked again, passed on, or told in one line that says what to check.

One policy of the storage client, so every way to it (tables, leases, deliveries, alerts) behaves alike. The libraries'
own texts are not passed on: some carry addresses with signatures.
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
# within seconds, and what takes longer is the step's own retry.
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
LONGEST_RETRY_AFTER = 30.0
REFUSED = {401, 403}
# "A transient error has occurred" and "service temporarily unavailable" of Microsoft Entra.
PASSING = {"AADSTS90033", "AADSTS50196"}
FIREWALL = {"AuthorizationFailure", "IpAuthorizationDenied"}
ROLE = "Storage Blob Data Contributor"


class Patience(ExponentialRetry):
    """Asks again after growing waits and raises our errors for what stays wrong.

    The library's own policy waits 15 s before the first repetition and does not repeat 429.
    """

    def __init__(self, account: AzureAccount, waits: Sequence[float] = WAITS, sas_end: str = "") -> None:
        super().__init__()
        self._account, self._waits, self._sas_end = account, tuple(waits), sas_end

    async def send(self, request: Any) -> Any:
        """Send a request.

        Raises:
            StorageUnavailable: If no attempt got a usable answer.
            StorageRefused: If the answer will not change by itself.
        """
        settings, began = self.configure_retries(request), time.monotonic()
        for wait in [*self._waits, None]:
            try:
                response = await self.next.send(request)
            except ClientAuthenticationError as error:
                raise without_token(self._account, error) from None
            except AzureError as error:
                found, asked_to_wait = _reason(error), 0.0
            else:
                answer = response.http_response
                if answer.status_code not in TRANSIENT_HTTP_STATUS:
                    self._judge(request.http_request, answer)
                    answer.location_mode = settings["mode"]
                    return response
                found, asked_to_wait = f"{answer.status_code} {_code(answer)}".strip(), _retry_after(answer)
            if wait is None:
                break
            await request.context.transport.sleep(max(wait * random.uniform(0.5, 1.5), asked_to_wait))
        raise StorageUnavailable(
            f"Azure storage account {self._account.name} did not do a {request.http_request.method} in container "
            f"{self._account.container_of(request.http_request.url)!r}: {len(self._waits) + 1} attempts in "
            f"{time.monotonic() - began:.1f} s, the last one: {found}. Look at the network, the account's name "
            "(FORECAST_AZURE_ACCOUNT) and the state of the service, then run it again."
        )

    def _judge(self, request: Any, answer: Any) -> None:
        container, code = self._account.container_of(request.url), _code(answer)
        if answer.status_code == 404 and code == "ContainerNotFound":
            raise StorageRefused(
                f"Azure storage account {self._account.name} has no container {container!r}: create it, or correct "
                "the address in FORECAST_STORE or FORECAST_LANDING."
            )
        if answer.status_code in REFUSED:
            if self._account.credential in SECRET_NAMES:
                # It may have been renewed in the vault: whoever opens the store next asks for it anew.
                forget_secret(SECRET_NAMES[self._account.credential])
            said = f"{answer.status_code} {code}".strip()
            raise StorageRefused(refusal(self._account, container, said, code, self._sas_end))


def refusal(account: AzureAccount, container: str, said: str, code: str, sas_end: str = "") -> str:
    """What to check where an account refuses a request; ``said`` is its answer, ``code`` the error code in it."""
    start = f"Azure storage account {account.name} refused access to container {container!r} ({said}): "
    name = SECRET_NAMES.get(account.credential)
    if account.credential == "key":
        check = f"{name} is not a key of this account, or was rotated. Take a current one"
    elif account.credential == "sas" and sas_end and _is_past(sas_end):
        check = f"the SAS token in {name} ended at {sas_end}. Make a new one"
    elif account.credential == "sas":
        check = f"the SAS token in {name} is not valid for it. It needs read, create, write, delete and list there"
    else:
        check = f"give the identity ({account.credential}) the role {ROLE} on the account or the container"
    # What a firewall answers; some stand-ins answer so to a wrong key.
    firewall = "; if that is right, look at the account's firewall" if code in FIREWALL else ""
    return start + check + firewall + "."


def without_token(account: AzureAccount, error: Exception) -> StorageRefused | StorageUnavailable:
    """What it means that there is no token, or no signature, at all.

    Nothing passes by itself where the key is none, or where Microsoft Entra has said why. A chain of credentials tells
    of an endpoint that is away for a moment in the same way as of none.
    """
    code = re.search(r"AADSTS\d+", str(error))
    is_an_answer = account.credential == "key" or (code is not None and code[0] not in PASSING)
    return (StorageRefused if is_an_answer else StorageUnavailable)(no_token(account, error))


def no_token(account: AzureAccount, error: Exception) -> str:
    """What to check where no token, or no signature, could be made at all."""
    start = f"Azure storage account {account.name}: "
    if account.credential == "key":
        return start + f"{SECRET_NAMES['key']} is not an account key (base64 text). Take one from the account."
    code = re.search(r"AADSTS\d+", str(error))
    said = f" ({code[0]})" if code else ""
    checks = {
        "service_principal": "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (secrets of an application end)",
        "managed_identity": "that this machine has the identity; a user-assigned one is named by AZURE_CLIENT_ID",
    }
    check = checks.get(account.credential, "that one of the ways of DefaultAzureCredential works here (az login)")
    return start + f"no token by {account.credential}{said}. Check {check}."


def _code(answer: Any) -> str:
    return answer.headers.get("x-ms-error-code") or ""


def _reason(error: AzureError) -> str:
    """The class of what went wrong below the library: its text may name addresses with signatures."""
    inner = error.inner_exception if getattr(error, "inner_exception", None) is not None else error
    return type(inner).__name__


def _retry_after(answer: Any) -> float:
    value = answer.headers.get("Retry-After") or ""
    return min(float(value), LONGEST_RETRY_AFTER) if re.fullmatch(r"\d+(\.\d+)?", value) else 0.0


def _is_past(moment: str) -> bool:
    try:
        end = datetime.fromisoformat(moment)
    except ValueError:
        return False
    return (end if end.tzinfo else end.replace(tzinfo=UTC)) <= datetime.now(UTC)
