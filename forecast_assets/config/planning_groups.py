"""Groups of settings for what planners do with published forecasts: files to upload, their own numbers, pages.

Each field names its variable, its meaning, its limits and the tables that depend on it.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from forecast_assets.config.affects import Affects
from forecast_assets.config.group import SettingsGroup


def _check_columns(value: str) -> str:
    names = columns_by_name(value)
    titles = list(names.values())
    if not names or not all(names) or not all(titles) or len(set(titles)) < len(value.split(",")):
        raise ValueError("expected names like sku=Material,target_month=Period,quantity, each column once")
    return value


def _check_month_format(value: str) -> str:
    if "%Y" not in value or "%m" not in value:
        raise ValueError("expected a format with %Y and %m, like %Y%m")
    return value


def columns_by_name(text: str) -> dict[str, str]:
    """Return the titles of columns by name, in order, of ``name=title,name``; without a title the name is one."""
    pairs = [each.strip().partition("=") for each in text.split(",")]
    return {name.strip(): (title if equals else name).strip() for name, equals, title in pairs}


class ExportSettings(SettingsGroup):
    """Files of published forecasts for other systems."""

    columns: Annotated[str, AfterValidator(_check_columns), Affects()] = Field(
        default="country,sku,origin_month,target_month,quantity,quantity_unit",
        validation_alias="FORECAST_EXPORT_COLUMNS",
        description="Columns of an export in their order, as `name=title`, such as `sku=Material,quantity=Menge`: "
        "`country`, `quantity`, `quantity_unit` and the columns of `published_forecasts`",
    )  # fmt: skip
    quantity: Annotated[Literal["units", "cases"], Affects()] = Field(
        default="units", validation_alias="FORECAST_EXPORT_QUANTITY",
        description="`units`, or `cases` for SKUs whose products have the attribute `case_units`",
    )  # fmt: skip
    month_format: Annotated[str, AfterValidator(_check_month_format), Affects()] = Field(
        default="%Y-%m", validation_alias="FORECAST_EXPORT_MONTH_FORMAT",
        description="Format of months in an export: `%Y` is the year, `%m` the month",
    )  # fmt: skip

    @property
    def names(self) -> dict[str, str]:
        """The titles of the columns by name, in their order."""
        return columns_by_name(self.columns)


class OverrideSettings(SettingsGroup):
    """Planners' own numbers."""

    four_eyes: Annotated[bool, Affects()] = Field(
        default=False, validation_alias="FORECAST_FOUR_EYES",
        description="Publish only numbers that a second person has approved; nobody approves an own number",
    )  # fmt: skip
    expiry_days: Annotated[int, Affects()] = Field(
        default=14, ge=0, validation_alias="FORECAST_OVERRIDE_EXPIRY_DAYS",
        description="Days after which a submitted number that was not approved expires; 0: none expires",
    )  # fmt: skip


def _check_currency(value: str) -> str:
    if value and not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError("expected a currency of three capital letters, like EUR, or nothing")
    return value


def _check_address(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s@?#]+", value):
        raise ValueError(
            "expected an address like https://reports.example.com/store, without user or query, or nothing"
        )
    return value


class ReportSettings(SettingsGroup):
    """Pages for people."""

    url: Annotated[str, AfterValidator(_check_address), Affects()] = Field(
        default="", validation_alias="FORECAST_REPORTS_URL",
        description="Address at which people open the store's pages, for links in Teams and Dagster; empty: no links",
    )  # fmt: skip
    currency: Annotated[str, AfterValidator(_check_currency), Affects()] = Field(
        default="", validation_alias="FORECAST_CURRENCY",
        description="Currency that exchange rates convert to, such as `EUR`; empty: not stated",
    )  # fmt: skip
