"""Secrets by name, fetched when they are used: never settings, never kept, never written anywhere."""

import os
from collections.abc import Mapping

from pydantic import SecretStr


def resolve_secret(name: str, environment: Mapping[str, str] = os.environ) -> SecretStr | None:
    """The secret of a name (an environment variable), None where it is not set or empty.

    ``SecretStr`` shows as asterisks wherever it is printed by mistake.
    """
    value = environment.get(name, "").strip()
    return SecretStr(value) if value else None
