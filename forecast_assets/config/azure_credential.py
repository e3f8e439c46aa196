"""Who this process is to Azure: one credential, which keeps its tokens and renews them before they end."""

from functools import cache
from typing import Any

NO_IDENTITY = (
    "this process has no identity. Give it a managed identity, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
    "AZURE_CLIENT_SECRET"
)


@cache
def azure_credential() -> Any:
    """The process's identity: ``azure.identity.DefaultAzureCredential``, made once.

    It tries, in this order: a service principal (``AZURE_TENANT_ID``, ``AZURE_CLIENT_ID``, ``AZURE_CLIENT_SECRET``),
    workload identity, managed identity, the Azure CLI. A second object would ask for tokens of its own.
    """
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(exclude_interactive_browser_credential=True)
