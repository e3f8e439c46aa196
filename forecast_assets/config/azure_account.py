"""Azure storage account of store and landing, and the credential that opens it.

The Azure libraries are imported, and secrets fetched, when a credential is needed: an account can be shown, logged and
compared.
"""

import functools
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from forecast_assets.config.connection_failure import ConnectionFailure
from forecast_assets.config.secret_store import resolve_secret

CredentialKind = Literal["default", "key", "sas", "service_principal", "managed_identity"]
CREDENTIAL_KINDS = get_args(CredentialKind)
# Secret that a kind of credential needs; the other kinds need none, or the platform has it.
SECRET_NAMES = {
    "key": "AZURE_STORAGE_ACCOUNT_KEY",
    "sas": "AZURE_STORAGE_SAS_TOKEN",
    "service_principal": "AZURE_CLIENT_SECRET",
}
AZURE_PROTOCOLS = ("abfs", "abfss", "az")


class StorageRefused(ConnectionFailure, RuntimeError):
    """Permanent error of Azure storage; its one line names the setting, secret or role to change."""


class StorageUnavailable(ConnectionFailure, ConnectionError):
    """Temporary error of Azure storage: it did not respond, or was busy, at every try."""


def raise_if_storage_said_it(text: str) -> None:
    """Raise our own error again from its text: DuckDB keeps nothing else of an error in a file it reads."""
    for kind in (StorageRefused, StorageUnavailable):
        match = re.search(rf"\b{kind.__name__}: (.+)", text)
        if match:
            raise kind(match[1].strip()) from None


@dataclass(frozen=True)
class AzureAccount:
    """Storage account and the kind of credential that opens it; it contains no secret.

    Attributes:
        name: Name of the account.
        credential: Kind of credential, one of ``CREDENTIAL_KINDS``.
        url: Address of its Blob service if that is not ``https://<name>.blob.core.windows.net``: other clouds,
            private endpoints, Azurite.
        tenant_id: Tenant of a service principal.
        client_id: Client ID of a service principal, or of a user-assigned managed identity.
    """

    name: str
    credential: CredentialKind = "default"
    url: str = ""
    tenant_id: str = ""
    client_id: str = ""

    @property
    def address(self) -> str:
        """Address of the Blob service, without a slash at the end."""
        return self.url.rstrip("/") or f"https://{self.name}.blob.core.windows.net"

    def container_of(self, url: str) -> str:
        """Return the container that a request's address names; empty if it names none."""
        path = urlsplit(url).path.removeprefix(urlsplit(self.address).path)
        return path.strip("/").split("/")[0]


def check_account(account: AzureAccount) -> None:
    """Raise ValueError, naming the setting, if an account's description cannot be right."""
    if not re.fullmatch(r"[a-z0-9]{3,24}", account.name):
        raise ValueError(
            f"FORECAST_AZURE_ACCOUNT = {account.name!r}: expected the name of a storage account, 3 to 24 small letters "
            "and digits; an address goes to FORECAST_AZURE_ACCOUNT_URL"
        )
    if account.credential == "service_principal" and not (account.tenant_id and account.client_id):
        raise ValueError("FORECAST_AZURE_CREDENTIAL = service_principal: set AZURE_TENANT_ID and AZURE_CLIENT_ID too")
    parts = urlsplit(account.url)
    if account.url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username):
        # The value is not shown: an address with a query is likely to carry a signature.
        raise ValueError("FORECAST_AZURE_ACCOUNT_URL: expected an address like https://host, without user and query")
    is_azurite = parts.hostname in ("127.0.0.1", "localhost") and account.credential in ("key", "sas")
    if parts.scheme == "http" and not is_azurite:
        # The client library sends no token over http.
        raise ValueError(
            f"FORECAST_AZURE_ACCOUNT_URL = {account.url!r}: expected https; http is for Azurite on loopback, "
            "with a key or a SAS token"
        )


def is_azure(address: str) -> bool:
    """Return True if an address is on Azure storage: ``abfs://container/path``."""
    return address.partition("://")[0] in AZURE_PROTOCOLS and "://" in address


def path_on_azure(address: str) -> str:
    """Return ``container/path`` of ``abfs://container/path`` or ``abfss://container@account.dfs.core.windows.net/path``."""
    container, _, path = address.partition("://")[2].partition("/")
    return "/".join(part for part in (container.partition("@")[0], path.strip("/")) if part)


def check_place(account: AzureAccount, address: str) -> None:
    """Raise ValueError if an address names another account than the one that is opened."""
    host = address.partition("://")[2].partition("/")[0].partition("@")[2]
    if host and host.partition(".")[0] != account.name:
        raise ValueError(
            f"{address} is in the account {host.partition('.')[0]}, and FORECAST_AZURE_ACCOUNT is {account.name}: "
            "store and landing are in one account"
        )


def secret_of(account: AzureAccount) -> SecretStr | None:
    """Return the secret that the account's credential needs; None if it needs none.

    Raises:
        StorageRefused: If the secret is not set.
    """
    name = SECRET_NAMES.get(account.credential)
    if name is None:
        return None
    secret = resolve_secret(name)
    if secret is None:
        raise StorageRefused(
            f"Azure storage account {account.name}: FORECAST_AZURE_CREDENTIAL is {account.credential}, and {name} is "
            "not set. Set it, or choose another credential."
        )
    return secret


@functools.lru_cache(maxsize=8)
def credential_for(account: AzureAccount, secret: SecretStr | None) -> Any:
    """Return the credential for the storage client: one object per process, which keeps and renews its tokens."""
    from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
    from azure.identity import aio

    value = secret.get_secret_value() if secret else ""
    match account.credential:
        case "key":
            return AzureNamedKeyCredential(account.name, value)
        case "sas":
            return AzureSasCredential(value.lstrip("?"))
        case "service_principal":
            return aio.ClientSecretCredential(account.tenant_id, account.client_id, value)
        case "managed_identity":
            return aio.ManagedIdentityCredential(client_id=account.client_id or None)
        case _:
            return aio.DefaultAzureCredential()


def end_of_sas(token: str) -> str:
    """Return the end of a SAS token as the token states it; empty if it does not."""
    end = parse_qs(token.lstrip("?")).get("se", [""])[0]
    return end if re.fullmatch(r"[0-9TZ:.+-]{10,40}", end) else ""
