"""Secrets by name, fetched when they are used: they are no settings and are never stored.

A secret is the environment variable of its name if that is set, else the secret of the Key Vault that
``AZURE_KEY_VAULT_URL`` names: ``TEAMS_WEBHOOK_URL`` is ``teams-webhook-url`` there.
"""

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus, unquote

from pydantic import SecretStr

from forecast_assets.config.key_vault import vault_at

KEY_VAULT_URL = "AZURE_KEY_VAULT_URL"
MASK = "***"
# Shorter values would be found in words.
SHORTEST_TO_MASK = 6
_resolved: set[str] = set()


def resolve_secret(name: str, environment: Mapping[str, str] = os.environ) -> SecretStr | None:
    """Return the secret of a name; None if it is unset or empty.

    ``SecretStr`` is shown as asterisks if it is printed by mistake.

    Raises:
        SecretUnavailable: If the Key Vault does not respond or denies access.
    """
    value = environment.get(name, "").strip()
    vault = environment.get(KEY_VAULT_URL, "").strip()
    secret = SecretStr(value) if value else vault_at(vault).secret(name) if vault else None
    if secret is not None:
        _resolved.add(secret.get_secret_value())
    return secret


def forget_secret(name: str, environment: Mapping[str, str] = os.environ) -> None:
    """Drop a cached secret that a service rejected, so that it is fetched again when it is next used."""
    vault = environment.get(KEY_VAULT_URL, "").strip()
    if vault:
        vault_at(vault).forget(name)


def without_secrets(text: str, more: Iterable[str] = ()) -> str:
    """Return a text, such as the error of a library, without any secret that this process has fetched.

    Args:
        text: The text.
        more: Further secrets, of any length; like the fetched ones they are found as they are and as in addresses.
    """
    values = {*more, *(each for each in _resolved if len(each) >= SHORTEST_TO_MASK)} - {""}
    # Longest first: one may be a part of another.
    for value in sorted({form for each in values for form in _forms(each)}, key=len, reverse=True):
        text = re.sub(re.escape(value), MASK, text, flags=re.IGNORECASE if "%" in value else 0)
    return text


def _forms(value: str) -> set[str]:
    """Return a secret as it is, and as addresses hold it: encoded once, twice, or decoded."""
    once = {quote(value, safe=""), quote_plus(value)}
    return {value, unquote(value), *once, *(quote(each, safe="") for each in once)}
