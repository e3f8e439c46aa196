"""Identity of this process on Azure: one credential, which keeps its tokens and renews them in time."""

from functools import cache
from typing import Any

NO_IDENTITY = (
    "this process has no identity. Give it a managed identity, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
    "AZURE_CLIENT_SECRET"
)


@cache
def azure_credential() -> Any:
    """Return the identity of the process, an ``azure.identity.DefaultAzureCredential`` that is created once.

    It tries, in this order: a service principal (``AZURE_TENANT_ID``, ``AZURE_CLIENT_ID``, ``AZURE_CLIENT_SECRET``),
    workload identity, managed identity, the Azure CLI. A second object would ask for tokens of its own.
    """
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(exclude_interactive_browser_credential=True)
