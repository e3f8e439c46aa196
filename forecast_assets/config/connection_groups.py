"""Groups of settings for locations: store, deliveries, markets, MLflow, Azure.

Each field names its variable, its meaning, its limits and the tables that depend on it. Checks that need several
groups are in ``settings.py``; settings for building tables are in ``process_groups.py``.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator

from forecast_assets.config.affects import Affects
from forecast_assets.config.azure_account import AzureAccount, CredentialKind
from forecast_assets.config.dremio_settings import DremioSettings
from forecast_assets.config.group import SettingsGroup
from forecast_assets.config.markets import month_of


def _check_not_empty(value: str) -> str:
    if not value.strip():
        raise ValueError("expected a place, got nothing: set it, or remove the variable to get the default")
    return value


def _check_vault(value: str) -> str:
    if value and not re.fullmatch(r"https://[^\s@?#/]+/?", value):
        raise ValueError("expected an address like https://company.vault.azure.net, or nothing")
    return value


def _check_workspace(value: str) -> str:
    if value and not re.fullmatch(r"[\w.()-]+/[\w.()-]+/[\w.-]+", value):
        raise ValueError("expected subscription/resource-group/workspace, or nothing")
    return value


def _check_container(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9](-?[a-z0-9]){2,62}", value):
        raise ValueError("expected the name of a container: 3 to 63 small letters, digits and single hyphens")
    return value


def _first_month(value: Any) -> datetime | None:
    return None if value is None or value == "" else month_of(value)


NotEmpty = Annotated[str, AfterValidator(_check_not_empty)]


class StoreSettings(SettingsGroup):
    """Store of the tables, and the leases by which one run at a time writes a market."""

    address: Annotated[NotEmpty, Affects()] = Field(
        validation_alias="FORECAST_STORE", description="Folder or `abfs://` address of the stored tables"
    )
    lease_seconds: Annotated[int, Affects()] = Field(
        default=60, ge=5, validation_alias="FORECAST_LEASE_SECONDS",
        description="Seconds after which a run that has not renewed its lease on a market counts as dead",
    )  # fmt: skip
    lease_wait_seconds: Annotated[int, Affects()] = Field(
        default=120, ge=0, validation_alias="FORECAST_LEASE_WAIT_SECONDS",
        description="Seconds that a run waits for a market that another run is writing",
    )  # fmt: skip


class SourceSettings(SettingsGroup):
    """Source of the deliveries: a landing folder, or tables in Dremio."""

    kind: Annotated[Literal["files", "dremio"], Affects()] = Field(
        default="files", validation_alias="FORECAST_SOURCE",
        description="Kind of source that deliveries are read from: `files` or `dremio`",
    )  # fmt: skip
    landing: Annotated[NotEmpty, Affects()] = Field(
        validation_alias="FORECAST_LANDING", description="Folder or `abfs://` address of the delivered files"
    )
    dremio: Annotated[DremioSettings | None, Affects()] = Field(
        default=None, description="Connection to Dremio, from the `DREMIO_*` variables; None unless it is the source"
    )

    @property
    def address(self) -> str:
        """The address of the deliveries as people write it: the landing folder, or a path in Dremio."""
        return f"{self.dremio.path} in Dremio at {self.dremio.address}" if self.dremio else self.landing


class MarketsSettings(SettingsGroup):
    """List of the markets and the first month of their partitions."""

    file: Annotated[NotEmpty, Affects()] = Field(
        default="markets.yaml", validation_alias="FORECAST_MARKETS", description="YAML file that lists the markets"
    )
    first_month: Annotated[datetime | None, PlainValidator(_first_month), Affects()] = Field(
        default=None, validation_alias="FORECAST_FIRST_MONTH",
        description="First month of the partitions, such as `2019-01`; unset: the earliest `since` of the markets",
    )  # fmt: skip


class MlflowSettings(SettingsGroup):
    """Record of cycles in MLflow."""

    tracking_uri: Annotated[str, Affects()] = Field(
        default="", validation_alias="MLFLOW_TRACKING_URI",
        description="Address of the MLflow store that records each cycle; empty: cycles are not recorded",
    )  # fmt: skip


class AzureSettings(SettingsGroup):
    """Azure storage account of store and landing, and the Key Vault; no secret."""

    key_vault_url: Annotated[str, AfterValidator(_check_vault), Affects()] = Field(
        default="", validation_alias="AZURE_KEY_VAULT_URL",
        description="Address of the Key Vault that holds the secrets no variable holds; empty: no vault is read",
    )  # fmt: skip
    account: Annotated[str, Affects()] = Field(
        default="", validation_alias="FORECAST_AZURE_ACCOUNT",
        description="Name of the storage account that holds store and landing at `abfs://` addresses",
    )  # fmt: skip
    credential: Annotated[CredentialKind, Affects()] = Field(
        default="default", validation_alias="FORECAST_AZURE_CREDENTIAL",
        description="Kind of credential that opens the storage account: `default`, `key`, `sas`, `service_principal` "
        "or `managed_identity`",
    )  # fmt: skip
    account_url: Annotated[str, Affects()] = Field(
        default="", validation_alias="FORECAST_AZURE_ACCOUNT_URL",
        description="Address of the account's Blob service, if it is not `https://<account>.blob.core.windows.net`",
    )  # fmt: skip
    tenant_id: Annotated[str, Affects()] = Field(
        default="", validation_alias="AZURE_TENANT_ID", description="Microsoft Entra tenant of a service principal"
    )
    client_id: Annotated[str, Affects()] = Field(
        default="", validation_alias="AZURE_CLIENT_ID",
        description="Client ID of a service principal or of a user-assigned managed identity",
    )  # fmt: skip

    @property
    def storage(self) -> AzureAccount | None:
        """The storage account of store and landing; None if no account is named."""
        if not self.account:
            return None
        return AzureAccount(self.account, self.credential, self.account_url, self.tenant_id, self.client_id)


class AzureMLSettings(SettingsGroup):
    """Azure ML, where markets with ``compute: azureml`` are trained."""

    workspace: Annotated[str, AfterValidator(_check_workspace), Affects()] = Field(
        default="", validation_alias="FORECAST_AZUREML_WORKSPACE",
        description="Workspace of Azure ML, as `subscription/resource-group/workspace`; empty: no market is trained "
        "there",
    )  # fmt: skip
    compute: Annotated[str, Affects()] = Field(
        default="", validation_alias="FORECAST_AZUREML_COMPUTE", description="Compute cluster that runs the jobs"
    )
    environment: Annotated[str, Affects()] = Field(
        default="", validation_alias="FORECAST_AZUREML_ENVIRONMENT",
        description="Registered environment with the image of this release, such as `forecast-assets:7`",
    )  # fmt: skip
    client_id: Annotated[str, Affects()] = Field(
        default="", validation_alias="FORECAST_AZUREML_CLIENT_ID",
        description="Client ID of the managed identity by which a job opens the store",
    )  # fmt: skip
    container: Annotated[str, AfterValidator(_check_container), Affects()] = Field(
        default="pipes", validation_alias="FORECAST_AZUREML_CONTAINER",
        description="Container of the storage account for requests to jobs and their messages",
    )  # fmt: skip

    @property
    def missing(self) -> list[str]:
        """The variables that a job needs and that are empty."""
        needed = ("workspace", "compute", "environment", "client_id")
        return [variable for variable, name in self.variables().items() if name in needed and not getattr(self, name)]
