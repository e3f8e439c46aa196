"""Resource of dagster-azure for the account of the settings: ADLS Gen2 clients for a company's own assets and jobs.

The platform's tables do not go through it; docs/azure.md gives the reason.
"""

from dagster import EnvVar
from dagster_azure.adls2 import ADLS2DefaultAzureCredential, ADLS2Key, ADLS2Resource, ADLS2SASToken

from forecast_assets.config.azure_account import SECRET_NAMES, AzureAccount

# The only source in which DefaultAzureCredential searches for each credential of the settings.
ONLY = {"service_principal": "environment", "managed_identity": "managed_identity"}
WAYS = (
    "environment", "workload_identity", "managed_identity", "shared_token_cache", "visual_studio_code", "cli",
    "developer_cli", "powershell", "interactive_browser", "broker",
)  # fmt: skip


def adls2_resources(account: AzureAccount | None) -> dict[str, ADLS2Resource]:
    """Return the resource ``adls2`` by its name; none without an account that dagster-azure can reach.

    dagster-azure builds ``https://<name>.blob.<suffix>`` only: no Azurite, no private address. Secrets are named, not
    held, because Dagster shows the configuration of resources.
    """
    if account is None or not account.address.startswith(f"https://{account.name}.blob."):
        return {}
    suffix = account.address.removeprefix(f"https://{account.name}.blob.")
    return {
        "adls2": ADLS2Resource(storage_account=account.name, credential=_credential(account), endpoint_suffix=suffix)
    }


def _credential(account: AzureAccount) -> ADLS2Key | ADLS2SASToken | ADLS2DefaultAzureCredential:
    if account.credential == "key":
        return ADLS2Key(key=EnvVar(SECRET_NAMES["key"]))
    if account.credential == "sas":
        return ADLS2SASToken(token=EnvVar(SECRET_NAMES["sas"]))
    only = ONLY.get(account.credential)
    kwargs: dict[str, bool | str] = {f"exclude_{way}_credential": way != only for way in WAYS} if only else {}
    if account.credential == "managed_identity" and account.client_id:
        kwargs["managed_identity_client_id"] = account.client_id
    return ADLS2DefaultAzureCredential(kwargs=kwargs)
