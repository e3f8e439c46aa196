"""Settings, read from the environment and validated once.

``FORECAST_ENV`` picks a row of ``ENVIRONMENTS``; every other ``FORECAST_*`` variable overrides one value of it. Secrets
are not settings: they are fetched when used.
"""

import difflib
import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from forecast_assets.config.azure_account import AzureAccount, CredentialKind, check_account, check_place, is_azure
from forecast_assets.config.dremio_settings import DremioSettings, dremio_values
from forecast_assets.config.markets import Market, forecast_markets, load_markets, month_of
from forecast_assets.config.setting_variables import (
    OTHER_VARIABLES,
    PREFIX,
    invalid_value,
    unknown_variable,
    variable_of,
)
from forecast_assets.domain.selection.champion import PromotionLimits

ENVIRONMENTS: dict[str, dict[str, str]] = {
    "dev": {"store": "var/store", "landing": "var/landing", "mlflow_tracking_uri": "sqlite:///var/mlflow/mlflow.db"},
    "test": {"store": "abfs://forecast-test/store", "landing": "abfs://forecast-test/landing"},
    "prod": {"store": "abfs://forecast-prod/store", "landing": "abfs://forecast-prod/landing"},
}


class SettingsError(ValueError):
    """A setting is unknown, not allowed or contradicts another; the message names key, value and what is allowed."""


class Settings(BaseModel):
    """Everything a run is configured by. Shares are fractions; months are first-of-month dates."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    env: str = "dev"
    store: str = Field(description="Folder or abfs:// address of the tables")
    landing: str = Field(description="Folder or abfs:// address of the deliveries")
    source: Literal["files", "dremio"] = Field(default="files", description="Where deliveries are read from")
    dremio: DremioSettings | None = Field(default=None, description="DREMIO_* variables; None unless it is the source")
    markets: str = Field(default="markets.yaml", description="File that lists the markets")
    mlflow_tracking_uri: str = Field(default="", description="Empty: runs are not tracked")
    azure_key_vault_url: str = Field(default="", description="Where secrets are that no variable holds; empty: nowhere")
    azure_account: str = Field(default="", description="Storage account of abfs:// addresses")
    azure_credential: CredentialKind = Field(default="default", description="How it is opened, see docs/azure.md")
    azure_account_url: str = Field(default="", description="Its Blob service, where the name does not tell")
    azure_tenant_id: str = Field(default="", description="Of the service principal")
    azure_client_id: str = Field(default="", description="Of it, or of a user-assigned managed identity")
    first_month: pd.Timestamp | None = Field(default=None, description="First partition; default: earliest `since`")
    horizon_months: int = Field(default=18, description="Fixed by the stored tables: columns end in _h01 .. _h18")
    training_rows: int = Field(default=40_000, ge=1_000, description="Rows sampled to train one model")
    backtest_training_rows: int = Field(default=20_000, ge=1_000, description="The same for a refit in the backtest")
    boosting_rounds: int = Field(default=200, ge=20, description="Trees per learner; fewer take larger steps")
    pooled_skus: int = Field(
        default=1_200, ge=0, description="SKUs over all markets that markets of few learn from; 0: each alone"
    )
    max_threads: int = Field(default=0, ge=0, description="LightGBM threads; 0: one core is left free")
    dagster_url: str = Field(default="", description="Address of the Dagster UI that cards link to; empty: no links")
    alert_grouping_minutes: float = Field(
        default=10, ge=0, le=1_440, description="How long the first alert of a card waits for others of its cycle"
    )
    alert_after_unclear: Literal["repeat", "hold"] = Field(
        default="repeat", description="A card nobody knows to have arrived: send again with a note, or park"
    )
    heartbeat_day: int = Field(default=12, ge=1, le=28, description="Day of the month of the heartbeat card")
    max_unknown_sku_share: float = Field(default=0.05, ge=0, le=1, description="Share of units without a product row")
    max_total_change: float = Field(default=4.0, gt=1, description="Market total against its median, either way")
    max_return_ratio: float = Field(default=3.0, gt=0, description="A month's net returns against the SKU's best month")
    max_wape: float = Field(default=0.60, gt=0, le=5, description="Alarm above it, where a market sets no max_wape")
    max_bias: float = Field(default=0.30, gt=0, le=5, description="The same for bias, either way")
    alarm_lag_months: int = Field(
        default=3, ge=1, le=18, description="KPI alarms look at forecasts made at most so many months before"
    )
    max_forecast_ratio: float = Field(default=3.0, gt=1, description="Forecast year against last year, either way")

    time_zone: str = Field(default="UTC", description="Whose 06:00 on the 10th starts the cycle, e.g. Europe/Paris")
    arrival_deadline_days: int = Field(
        default=5, ge=1, le=20, description="Days after the 10th that a delivery may be late"
    )
    sensor_seconds: int = Field(
        default=60,
        ge=5,
        le=3600,
        description="Between two looks of the sensors; files unchanged that long are complete",
    )
    lease_seconds: int = Field(default=60, ge=5, description="A run that does not renew its lease so long is dead")
    lease_wait_seconds: int = Field(
        default=120, ge=0, description="How long a run waits for a market that another writes"
    )

    retune_trials: int = Field(
        default=0, ge=0, le=1_000, description="Recipes tried where an alarm has a market tuned again; 0: none has"
    )
    retunes_per_month: int = Field(default=4, ge=1, description="Markets that alarms may have tuned again in a month")
    retention_days: int = Field(
        default=0, ge=0, le=36_500, description="Versions replaced longer ago may be pruned; 0: every version is kept"
    )
    retention_versions: int = Field(
        default=3, ge=1, le=1_000, description="So many last versions of a partition are kept whatever their age"
    )
    orphan_grace_days: int = Field(
        default=7, ge=1, le=3_650, description="Versions never published and older may be pruned"
    )

    promotion_tolerance: float = Field(
        default=0.01, ge=0, le=1, description="A challenger's WAPE on the backtest may be so much above the champion's"
    )
    promotion_baseline_tolerance: float = Field(default=0.05, ge=0, le=1, description="The same above Holt-Winters'")
    promotion_max_bias: float = Field(
        default=0.10, ge=0, le=5, description="A challenger's bias, either way, where the champion's is not larger"
    )
    promotion_class_tolerance: float = Field(
        default=0.10, ge=0, le=5, description="A challenger's WAPE in an ABC class above the champion's"
    )
    promotion_class_cells: int = Field(default=30, ge=1, description="Classes with fewer scored cells do not count")

    @field_validator("time_zone")
    @classmethod
    def _known_time_zone(cls, value: str) -> str:
        if value not in available_timezones():
            close = difflib.get_close_matches(value, available_timezones(), n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise ValueError(f"expected the name of a time zone, like Europe/Paris{hint}")
        return value

    @field_validator("env")
    @classmethod
    def _known_environment(cls, value: str) -> str:
        if value not in ENVIRONMENTS:
            raise ValueError(f"expected one of {', '.join(ENVIRONMENTS)}")
        return value

    @field_validator("horizon_months")
    @classmethod
    def _the_horizon_of_the_tables(cls, value: int) -> int:
        if value != 18:
            raise ValueError("expected 18: the stored tables have one column per month ahead up to 18")
        return value

    @field_validator("first_month", mode="before")
    @classmethod
    def _first_of_month(cls, value: Any) -> pd.Timestamp | None:
        return None if value is None or value == "" else month_of(value)

    @field_validator("store", "landing", "markets")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("expected a place, got nothing: set it, or remove the variable to get the default")
        return value

    @field_validator("azure_key_vault_url")
    @classmethod
    def _address_of_a_vault(cls, value: str) -> str:
        if value and not re.fullmatch(r"https://[^\s@?#/]+/?", value):
            raise ValueError("expected an address like https://company.vault.azure.net, or nothing")
        return value

    @field_validator("dagster_url")
    @classmethod
    def _address_of_a_page(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s@?#]+", value):
            raise ValueError("expected an address like https://dagster.example.com, without user or query, or nothing")
        return value

    @model_validator(mode="after")
    def _store_and_landing_differ(self) -> "Settings":
        if _place(self.store) == _place(self.landing):
            raise ValueError(f"store and landing must be different places, both are {self.store!r}")
        return self

    @property
    def deliveries_at(self) -> str:
        """Where deliveries are, in words: the landing folder, or a path in Dremio."""
        return f"{self.dremio.path} in Dremio at {self.dremio.address}" if self.dremio else self.landing

    @model_validator(mode="after")
    def _azure_can_be_opened(self) -> "Settings":
        on_azure = [place for place in (self.store, self.landing) if is_azure(place)]
        if on_azure and not self.azure_account:
            raise ValueError(f"FORECAST_AZURE_ACCOUNT is not set: which storage account holds {on_azure[0]}?")
        if self.azure is not None:
            check_account(self.azure)
            for place in on_azure:
                check_place(self.azure, place)
        return self

    @cached_property
    def azure(self) -> AzureAccount | None:
        """The storage account of store and landing; None where none is named."""
        if not self.azure_account:
            return None
        return AzureAccount(
            self.azure_account,
            self.azure_credential,
            self.azure_account_url,
            self.azure_tenant_id,
            self.azure_client_id,
        )

    @cached_property
    def market_table(self) -> dict[str, Market]:
        """The markets by code, as `markets.yaml` lists them."""
        return load_markets(self.markets)

    @cached_property
    def first_partition(self) -> pd.Timestamp:
        """First month of the partitions: ``first_month`` where set, else the earliest ``since`` of the markets."""
        return self.first_month or min(market.since for market in self.market_table.values())

    @property
    def promotion_limits(self) -> PromotionLimits:
        """How much worse a challenger may be than champion and baseline and still be promoted."""
        return PromotionLimits(
            champion_tolerance=self.promotion_tolerance,
            baseline_tolerance=self.promotion_baseline_tolerance,
            max_bias=self.promotion_max_bias,
            class_tolerance=self.promotion_class_tolerance,
            class_min_cells=self.promotion_class_cells,
        )

    @property
    def threads(self) -> int:
        """Threads LightGBM may use: at most cores - 1 (all cores under contention took 172 s for 8 s of work)."""
        free = max(1, (os.cpu_count() or 2) - 1)
        return min(self.max_threads, free) if self.max_threads else free


def load_settings(environment: Mapping[str, str] = os.environ, *, with_markets: bool = True) -> Settings:
    """Settings of this process.

    Args:
        environment: Variables to read, by default the process's own.
        with_markets: Whether the markets file is read and held against the rest; not where it is yet to be written.

    Raises:
        SettingsError: If a ``FORECAST_*`` variable is unknown, or a value is not allowed.
        MarketsError: If the markets file cannot be used.
    """
    known = {variable_of(name): name for name in Settings.model_fields if name != "dremio"}
    given = {name: value for name, value in environment.items() if name in known or name.startswith(PREFIX)}
    problems = [unknown_variable(name, known) for name in given if name not in known and name not in OTHER_VARIABLES]
    values = {known[name]: value for name, value in given.items() if name in known}
    row = ENVIRONMENTS.get(values.get("env", "dev"), ENVIRONMENTS["dev"])
    nested: dict[str, Any] = {}
    if values.get("source") == "dremio":
        nested["dremio"], misspelt = dremio_values(environment)
        problems += misspelt
    try:
        settings = Settings(**{**row, **values, **nested})
    except ValidationError as error:
        problems += [invalid_value(item) for item in error.errors()]
    if problems:
        raise SettingsError("\n".join(["The settings cannot be used:", *(f"  - {text}" for text in problems)]))
    if with_markets:
        _check_first_month(settings)
    return settings


def pools_markets(settings: Settings) -> bool:
    """Whether markets also learn from one another: with one market there is nobody to learn from."""
    return settings.pooled_skus > 0 and len(forecast_markets(settings.market_table)) > 1


def _place(address: str) -> str:
    return address.rstrip("/") if "://" in address else os.path.abspath(address)


def _check_first_month(settings: Settings) -> None:
    late = [code for code, market in settings.market_table.items() if market.since < settings.first_partition]
    if late:
        raise SettingsError(
            f"FORECAST_FIRST_MONTH = {settings.first_partition:%Y-%m}: {', '.join(late)} have data before it "
            f"(since, in {Path(settings.markets).name}). Set an earlier first month or a later since."
        )
