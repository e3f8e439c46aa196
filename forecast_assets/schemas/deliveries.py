"""Tables made from deliveries, one partition per market and month."""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, first_of_month, sku_column, target_month_column

RESTATED_MONTH = "restated_month"


def restated_month_column() -> Any:
    """Declare the earlier month of a row that restates one."""
    return pa.Field(
        nullable=True,
        description="Earlier month that the row restates, from this month on; null for the month's own rows",
    )


class Facts(Table):
    """Base of sell-in and sell-out: one row per SKU, and one for each earlier month of it that is restated.

    Restatements are stored with the month in which they became known. The restated month itself stays as it is.
    """

    class Config(Table.Config):
        unique = ["sku", RESTATED_MONTH]

    @classmethod
    def sparse_columns(cls) -> tuple[str, ...]:
        """Leave out the column of a month that restates nothing."""
        return (RESTATED_MONTH,)

    @pa.check(RESTATED_MONTH, name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)


class SellIn(Facts):
    """Units sold to wholesalers and retailers, by SKU and month."""

    sku: Series[str] = sku_column()
    sell_in_units: Series[float] = pa.Field(
        nullable=True, description="Sell-in of the month, units; returns are negative, null if unknown"
    )
    net_sales: Series[float] = pa.Field(nullable=True, description="Net sales of the month, in the market's currency")
    reason: Series[str] = pa.Field(
        isin=["delivered", "no_sale", "unknown"],
        description="Origin of the row: delivered, filled with zero (no_sale), or filled with null (unknown)",
    )
    restated_month: Series[pa.DateTime] = restated_month_column()


class SellOut(Facts):
    """Units sold by retailers to consumers, by SKU and month."""

    sku: Series[str] = sku_column()
    sell_out_units: Series[float] = pa.Field(nullable=True, description="Sell-out of the month, units")
    stock_units: Series[float] = pa.Field(nullable=True, description="Retailers' stock at the end of the month, units")
    distribution_pct: Series[float] = pa.Field(
        nullable=True, ge=0, le=100, description="Share of stores that list the SKU, per cent (0 to 100)"
    )
    price: Series[float] = pa.Field(
        nullable=True, ge=0, description="Average shelf price of one unit, in the market's currency"
    )
    is_promoted: Series[float] = pa.Field(
        nullable=True, isin=[0.0, 1.0], description="1 if the SKU was promoted in the month, else 0; null if unknown"
    )
    restated_month: Series[pa.DateTime] = restated_month_column()


class Products(Table):
    """One row per SKU: attributes as known at the end of the partition month."""

    sku: Series[str] = sku_column()
    category: Series[str] = pa.Field(nullable=True, description="Product category")
    brand: Series[str] = pa.Field(nullable=True, description="Brand")
    pack: Series[str] = pa.Field(nullable=True, description="Pack size, as delivered")
    launch_month: Series[pa.DateTime] = pa.Field(
        nullable=True, description="First month on sale; null if not known at the end of the partition month"
    )
    end_month: Series[pa.DateTime] = pa.Field(
        nullable=True, description="Last month on sale; null if not known at the end of the partition month"
    )
    reference_sku: Series[str] = pa.Field(
        nullable=True, description="Predecessor or similar SKU whose sales a new SKU is forecast from"
    )

    class Config(Table.Config):
        unique = ["sku"]

    @classmethod
    def further_columns(cls) -> tuple[str, str]:
        """Allow further attributes, as delivered."""
        return "attribute_", "object"

    @classmethod
    def sparse_columns(cls) -> tuple[str, ...]:
        """Leave out attributes that no product of the partition has."""
        return ("attribute_",)


class Promotions(Table):
    """One row per SKU and promoted month, as known at the end of the partition month."""

    sku: Series[str] = sku_column()
    promotion_month: Series[pa.DateTime] = pa.Field(description="Month of the promotion, past or planned")
    is_promoted: Series[float] = pa.Field(
        nullable=True, isin=[0.0, 1.0], description="1 if promoted, else 0; null if unknown"
    )
    discount_pct: Series[float] = pa.Field(
        nullable=True, ge=0, le=1, description="Price reduction as a fraction (0.2 is 20 %)"
    )

    class Config(Table.Config):
        unique = ["sku", "promotion_month"]

    @pa.check("promotion_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)


class Overrides(Table):
    """One row per SKU and target month: a planner's own number for this origin."""

    sku: Series[str] = sku_column()
    target_month: Series[pa.DateTime] = target_month_column()
    forecast_units: Series[float] = pa.Field(ge=0, description="Forecast by the planner, units")
    author: Series[str] = pa.Field(nullable=True, description="Name of the planner")
    reason: Series[str] = pa.Field(nullable=True, description="Reason the planner gave")

    class Config(Table.Config):
        unique = ["sku", "target_month"]

    @pa.check("target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)


class CovidPolicy(Table):
    """One row per month: the market's COVID-19 restrictions."""

    stringency_index: Series[float] = pa.Field(
        nullable=True, ge=0, le=100, description="OxCGRT stringency index, 0 to 100, mean over the days of the month"
    )
    economic_support_index: Series[float] = pa.Field(
        nullable=True,
        ge=0,
        le=100,
        description="OxCGRT economic support index, 0 to 100, mean over the days of the month",
    )
    reason: Series[str] = pa.Field(
        isin=["observed", "no_data", "before_tracker", "after_tracker_end", "no_file"],
        description="Origin of the indices: null for no_data, zero for a month or market outside the tracker",
    )

    class Config(Table.Config):
        unique = ["reason"]
