"""Settings, read from the environment and validated once.

``FORECAST_ENV`` picks a row of ``ENVIRONMENTS``; every other variable overrides one value of it. Secrets are not
settings: they are fetched when used. The fields are in ``connection_groups.py``, ``planning_groups.py`` and
``process_groups.py``.
"""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from forecast_assets.config.affects import Affects
from forecast_assets.config.azure_account import check_account, check_place, is_azure
from forecast_assets.config.connection_groups import (
    AzureMLSettings,
    AzureSettings,
    MarketsSettings,
    MlflowSettings,
    SourceSettings,
    StoreSettings,
)
from forecast_assets.config.markets import AZUREML, Market, forecast_markets, load_markets
from forecast_assets.config.planning_groups import ExportSettings, OverrideSettings, ReportSettings
from forecast_assets.config.process_groups import (
    AlertSettings,
    AutomationSettings,
    CheckSettings,
    PoolingSettings,
    PromotionSettings,
    PublicationSettings,
    RetentionSettings,
    TrainingSettings,
)
from forecast_assets.config.variables import VariableSource, invalid_value, misspelt_dremio_variables, unknown_variables
from forecast_assets.domain.horizon import HORIZON_MONTHS

if TYPE_CHECKING:
    import pandas as pd

# Values that differ by environment, by variable; the other settings have one default each.
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "dev": {
        "FORECAST_STORE": "var/store",
        "FORECAST_LANDING": "var/landing",
        "MLFLOW_TRACKING_URI": "sqlite:///var/mlflow/mlflow.db",
    },
    "test": {"FORECAST_STORE": "abfs://forecast-test/store", "FORECAST_LANDING": "abfs://forecast-test/landing"},
    "prod": {"FORECAST_STORE": "abfs://forecast-prod/store", "FORECAST_LANDING": "abfs://forecast-prod/landing"},
}


class SettingsError(ValueError):
    """Error of settings that are unknown, not allowed or contradict each other; it names variable, value and rule."""


def _check_environment(value: str) -> str:
    if value not in ENVIRONMENTS:
        raise ValueError(f"expected one of {', '.join(ENVIRONMENTS)}")
    return value


def _check_horizon(value: int) -> int:
    if value != HORIZON_MONTHS:
        raise ValueError("expected 18: the stored tables have one column per month ahead up to 18")
    return value


class Settings(BaseSettings):
    """Settings of a process, by group."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    env: Annotated[str, AfterValidator(_check_environment), Affects()] = Field(
        default="dev", validation_alias="FORECAST_ENV",
        description="Environment whose defaults apply: `dev`, `test` or `prod`",
    )  # fmt: skip
    # A constant of the product: code reads HORIZON_MONTHS. The variable is accepted because deployments set it.
    horizon_months: Annotated[int, AfterValidator(_check_horizon), Affects()] = Field(
        default=HORIZON_MONTHS, validation_alias="FORECAST_HORIZON_MONTHS",
        description="Number of months that are forecast; only 18 is accepted: stored columns end in `_h01` to `_h18`",
    )  # fmt: skip
    store: StoreSettings
    sources: SourceSettings
    markets: MarketsSettings = MarketsSettings()
    mlflow: MlflowSettings = MlflowSettings()
    azure: AzureSettings = AzureSettings()
    azureml: AzureMLSettings = AzureMLSettings()
    training: TrainingSettings = TrainingSettings()
    pooling: PoolingSettings = PoolingSettings()
    alerts: AlertSettings = AlertSettings()
    checks: CheckSettings = CheckSettings()
    automation: AutomationSettings = AutomationSettings()
    retention: RetentionSettings = RetentionSettings()
    promotion: PromotionSettings = PromotionSettings()
    publication: PublicationSettings = PublicationSettings()
    export: ExportSettings = ExportSettings()
    overrides: OverrideSettings = OverrideSettings()
    reports: ReportSettings = ReportSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the arguments as the only source: ``load_settings`` reads the variables it is given."""
        return (init_settings,)

    def copy_with(self, group: str, **values: object) -> "Settings":
        """Return a copy with other values in one group; like ``model_copy``, it checks none of them."""
        return self.model_copy(update={group: getattr(self, group).model_copy(update=values)})

    @model_validator(mode="after")
    def _store_and_landing_differ(self) -> "Settings":
        if _resolved(self.store.address) == _resolved(self.sources.landing):
            raise ValueError(f"store and landing must be different places, both are {self.store.address!r}")
        return self

    @model_validator(mode="after")
    def _azure_can_be_opened(self) -> "Settings":
        on_azure = [address for address in (self.store.address, self.sources.landing) if is_azure(address)]
        account = self.azure.storage
        if on_azure and account is None:
            raise ValueError(f"FORECAST_AZURE_ACCOUNT is not set: which storage account holds {on_azure[0]}?")
        if account is not None:
            check_account(account)
            for address in on_azure:
                check_place(account, address)
        return self

    @cached_property
    def market_table(self) -> dict[str, Market]:
        """The markets by code, as the markets file lists them."""
        return load_markets(self.markets.file)

    @cached_property
    def first_partition(self) -> "pd.Timestamp":
        """First month of the partitions: ``first_month`` if it is set, else the earliest ``since`` of the markets."""
        import pandas as pd

        earliest = self.markets.first_month or min(market.since for market in self.market_table.values())
        return pd.Timestamp(earliest)


def load_settings(
    environment: Mapping[str, str] = os.environ, *, with_markets: bool = True, markets_from: Path | None = None
) -> Settings:
    """Return the settings of this process.

    Args:
        environment: Variables to read, by default those of the process.
        with_markets: True to read the markets file and compare it with the rest; False if it is yet to be written.
        markets_from: File to read the markets from in place of the markets file.

    Raises:
        SettingsError: If a ``FORECAST_*`` variable is unknown, or a value is not allowed. All problems are listed.
        MarketsError: If the markets file cannot be used.
    """
    row = ENVIRONMENTS.get(environment.get("FORECAST_ENV", "dev"), ENVIRONMENTS["dev"])
    source = VariableSource(Settings, {**row, **environment})
    problems = unknown_variables(environment, source.variables)
    if source.reads_dremio:
        problems += misspelt_dremio_variables(environment)
    try:
        settings = Settings(**source())
    except ValidationError as error:
        problems += [invalid_value(item) for item in error.errors()]
    if problems:
        raise SettingsError("\n".join(["The settings cannot be used:", *(f"  - {text}" for text in problems)]))
    if markets_from is not None:
        # The value of the cached property: the last good copy, while the file itself cannot be used.
        settings.__dict__["market_table"] = load_markets(markets_from)
    if with_markets:
        check_markets(settings, settings.market_table)
    return settings


def pools_markets(settings: Settings) -> bool:
    """Return True if markets also learn from one another: pooling is on and more than one market is forecast."""
    return settings.pooling.skus > 0 and len(forecast_markets(settings.market_table)) > 1


def _resolved(address: str) -> str:
    return address.rstrip("/") if "://" in address else os.path.normpath(Path.cwd() / address)


def check_markets(settings: Settings, markets: Mapping[str, Market]) -> None:
    """Compare the markets with the settings.

    Raises:
        SettingsError: If a market has data before the first month, or is trained on Azure ML without a workspace.
    """
    on_azureml = [code for code, market in markets.items() if market.compute == AZUREML]
    missing = [*settings.azureml.missing, *([] if settings.azure.account else ["FORECAST_AZURE_ACCOUNT"])]
    if on_azureml and missing:
        raise SettingsError(
            f"compute: azureml of {', '.join(on_azureml)} in {Path(settings.markets.file).name}: "
            f"{', '.join(missing)} not set. Set them, or remove compute."
        )
    first = settings.markets.first_month
    early = [code for code, market in markets.items() if first is not None and market.since < first]
    if early:
        raise SettingsError(
            f"FORECAST_FIRST_MONTH = {first:%Y-%m}: {', '.join(early)} have data before it "
            f"(since, in {Path(settings.markets.file).name}). Set an earlier first month or a later since."
        )
