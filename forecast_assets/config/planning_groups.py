"""Groups of settings for what planners do with published forecasts: files to upload, their own numbers, pages.

Each field names its variable, its meaning, its limits and the tables that depend on it.
"""

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
