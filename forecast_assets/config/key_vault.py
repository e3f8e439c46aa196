"""Secrets of an Azure Key Vault: read when they are used, cached, and read again without a restart."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import SecretStr

from forecast_assets.config.azure_credential import NO_IDENTITY, azure_credential
from forecast_assets.config.connection_failure import ConnectionFailure

LOG = logging.getLogger("forecast_assets.config.key_vault")
# Age after which a cached secret is read again: a change in the vault takes effect within that time.
LIFETIME_SECONDS = 300.0
# Age up to which the last value is used while the vault does not respond: a night, but no longer than a rotation.
GRACE_SECONDS = 12 * 3600.0
# Pause after a vault did not respond: without it, each channel and tick would wait for the vault again.
PAUSE_SECONDS = 60.0
# The client's own defaults, 10 tries and 300 s, would hold a run for an hour.
TRIES, TIMEOUT_SECONDS = 3, 10
REFUSED = {401, 403}
ROLE = "Key Vault Secrets User"


class SecretUnavailable(ConnectionFailure, RuntimeError):
    """Error of a secret that could not be read; one line names what to check, without any value.

    ``is_refusal``: the vault responded and denied access.
    """

    is_refusal = False


@dataclass(frozen=True)
class _Kept:
    value: SecretStr | None
    read_at: float


def name_in_vault(variable: str) -> str:
    """Return the name of a secret in the vault, without underscores: TEAMS_WEBHOOK_URL is teams-webhook-url."""
    return variable.lower().replace("_", "-")


class KeyVault:
    """Secrets of one vault by the names of their environment variables.

    Args:
        address: Address of the vault, ``https://<name>.vault.azure.net``.
        clock: Monotonic clock in seconds.
    """

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.address = address
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._not_before: dict[str, float] = {}
        self._lock = threading.Lock()
        self._client: Any = None

    def secret(self, variable: str) -> SecretStr | None:
        """Return the secret of a variable, at most LIFETIME_SECONDS old; None if the vault has none or an empty one.

        If the vault does not respond, a value read within GRACE_SECONDS is used, with a warning. The vault is read anew
        after PAUSE_SECONDS. No old value is used if the vault denies access.

        Raises:
            SecretUnavailable: If the vault does not respond or denies access, and there is no usable value.
        """
        with self._lock:
            kept = self._kept.get(variable)
            age = self._clock() - kept.read_at if kept else float("inf")
            if kept and (age <= LIFETIME_SECONDS or self._clock() < self._not_before.get(variable, 0.0)):
                return kept.value
            try:
                value = self._read(variable)
            except SecretUnavailable as error:
                if kept is None or error.is_refusal or age > GRACE_SECONDS:
                    raise
                self._not_before[variable] = self._clock() + PAUSE_SECONDS
                LOG.warning("%s The value read %.0f minutes ago is used.", error, age / 60)
                return kept.value
            self._kept[variable] = _Kept(value, self._clock())
            return value

    def forget(self, variable: str) -> None:
        """Drop a cached secret that a service rejected, so that it is read again when it is next used."""
        with self._lock:
            self._kept.pop(variable, None)

    def _read(self, variable: str) -> SecretStr | None:
        from azure.core.exceptions import AzureError, ResourceNotFoundError

        name = name_in_vault(variable)
        try:
            value = (self._connected().get_secret(name).value or "").strip()
        except ResourceNotFoundError:
            return None
        except (AzureError, ValueError) as error:
            failure = SecretUnavailable(
                f"Key Vault {self.address} did not give {name} (for {variable}): {_cause(error)}"
            )
            failure.is_refusal = getattr(error, "status_code", None) in REFUSED
            raise failure from error
        return SecretStr(value) if value else None

    def _connected(self) -> Any:
        if self._client is None:
            from azure.keyvault.secrets import SecretClient

            self._client = SecretClient(
                self.address, azure_credential(), retry_total=TRIES - 1, connection_timeout=TIMEOUT_SECONDS,
                read_timeout=TIMEOUT_SECONDS,
            )  # fmt: skip
        return self._client


def _cause(error: Exception) -> str:
    """Return the cause of an error and what to do about it, by the type of the error: its text may be pages long."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

    if isinstance(error, ServiceRequestError):
        return (
            "it was not reached. Check AZURE_KEY_VAULT_URL, the network and its firewall, and REQUESTS_CA_BUNDLE where "
            "a proxy has certificates of its own"
        )
    # Credentials that cannot log in raise this error without a response of the vault.
    if isinstance(error, ClientAuthenticationError) and error.response is None:
        return NO_IDENTITY
    status = getattr(error, "status_code", None)
    if status in REFUSED:
        return (
            f"HTTP {status}. Give this process's identity the role {ROLE!r} on the vault; a secret may be disabled, too"
        )
    if isinstance(error, HttpResponseError):
        return f"HTTP {status}. Try again; see the vault's metrics where it stays so"
    return f"{type(error).__name__}. Check AZURE_KEY_VAULT_URL"


@cache
def vault_at(address: str) -> KeyVault:
    """Return the vault at an address, one object per process."""
    return KeyVault(address)
