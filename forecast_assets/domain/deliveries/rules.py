"""The rules on a delivered month by name, with what they are about; ``docs/delivery-findings.md`` shows them."""

from collections.abc import Callable
from dataclasses import dataclass

from forecast_assets.domain.deliveries.column_levels import column_level
from forecast_assets.domain.deliveries.copied_columns import copied_column
from forecast_assets.domain.deliveries.day_rows import days_missing, repeated_rows
from forecast_assets.domain.deliveries.delivery import Delivery, DeliveryFinding
from forecast_assets.domain.deliveries.large_skus import large_skus
from forecast_assets.domain.deliveries.prices import price_level
from forecast_assets.domain.deliveries.repeated_months import copied_month
from forecast_assets.domain.deliveries.sku_codes import respelled_skus
from forecast_assets.domain.deliveries.sku_sets import total_as_sku, vanished_skus
from forecast_assets.domain.deliveries.vanished_columns import vanished_columns
from forecast_assets.domain.deliveries.volumes import category_volume, market_volume, sku_volume


@dataclass(frozen=True)
class DeliveryRule:
    """A rule: its name is that of the check and of the finding that people accept."""

    name: str
    description: str
    find: Callable[[Delivery], DeliveryFinding | None]


RULES = (
    DeliveryRule("respelled_skus", "No new SKU code is another spelling of a known one.", respelled_skus),
    DeliveryRule("vanished_skus", "No more regular SKUs vanish than the market's own past explains.", vanished_skus),
    DeliveryRule("total_as_sku", "No SKU is the sum of the others.", total_as_sku),
    DeliveryRule("repeated_rows", "Rows of days are there once.", repeated_rows),
    DeliveryRule("days_missing", "Rows of days cover the month as they did in the months before.", days_missing),
    DeliveryRule("market_volume", "The market's total is within limits learned from its past.", market_volume),
    DeliveryRule("category_volume", "Each category's total is within limits learned from its past.", category_volume),
    DeliveryRule("sku_volume", "No SKU jumps further than the market's SKUs do.", sku_volume),
    DeliveryRule("large_skus", "No large SKU that always sells is missing or has returns alone.", large_skus),
    DeliveryRule("price_level", "Prices are those of the months before.", price_level),
    DeliveryRule("column_level", "Stock and distribution are at the level of the months before.", column_level),
    DeliveryRule("copied_month", "The month is no copy of an earlier one.", copied_month),
    DeliveryRule("copied_column", "No optional column repeats the units.", copied_column),
    DeliveryRule("vanished_columns", "Optional columns are delivered where they always were.", vanished_columns),
)
