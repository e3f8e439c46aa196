"""Table of a market's monthly review."""

import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, figure_column, sku_column, units_column

EXCEPTION_REASONS = [
    "ends", "launch", "override_due", "data_finding", "outside_last_band", "bias", "holt_winters_better", "changed",
    "unchanged",
]  # fmt: skip
PART = "Part of units minus last_units, units; null without a last publication"


class ForecastExceptions(Table):
    """One row per SKU: what is at stake in the next three months, with one reason to look at it, the largest first."""

    rank: Series[int] = pa.Field(ge=1, description="Place by value, 1 is the largest")
    sku: Series[str] = sku_column()
    reason: Series[str] = pa.Field(isin=EXCEPTION_REASONS, description="Reason to look, see docs/reasons.md")
    text: Series[str] = pa.Field(description="The reason as a sentence, in the market's language")
    units: Series[float] = units_column("Published forecast of the next three months, 0 if published no more")
    reference_units: Series[float] = units_column("Number that the forecast is compared with, three months")
    reference: Series[str] = pa.Field(
        isin=["last_forecast", "holt_winters"],
        description="Origin of reference_units: the publication of the month before, else Holt-Winters",
    )
    unit_price: Series[float] = pa.Field(ge=0, description="Price of a unit, in the market's currency; 1 if unknown")
    price_source: Series[str] = pa.Field(
        isin=["net_sales", "list_price", "units"],
        description="Origin of unit_price: net sales / units of the last 12 months, else the list price, else none",
    )
    value: Series[float] = pa.Field(ge=0, description="Value at stake: |units - reference_units| x unit_price")
    value_unit: Series[str] = pa.Field(isin=["currency", "units"], description="Unit of value")
    last_units: Series[float] = units_column(
        "Forecast of the same months by the publication of the month before; null if it lacks the SKU", nullable=True
    )
    last_year_units: Series[float] = figure_column(
        "Sell-in of the same months of last year, units; null if one is not known"
    )
    new_actuals_units: Series[float] = figure_column(f"{PART}: new sell-in of the origin month")
    promotion_plan_units: Series[float] = figure_column(f"{PART}: promotions planned, withdrawn or changed")
    launch_or_end_units: Series[float] = figure_column(f"{PART}: launches and ends")
    override_units: Series[float] = figure_column(f"{PART}: overrides entered or lapsed")
    recipe_units: Series[float] = figure_column(f"{PART}: another recipe or method")
    restated_units: Series[float] = figure_column(f"{PART}: earlier months restated")
    rest_units: Series[float] = figure_column(f"{PART}: what no cause explains")

    class Config(Table.Config):
        unique = ["sku"]
