"""Tables of forecasts: statistical baselines, the model's forecasts, and the forecasts that planners read."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.distribution import Distribution
from forecast_assets.schemas.table import (
    Table,
    abc_class_column,
    category_column,
    first_of_month,
    horizon_months_column,
    origin_month_column,
    quantile_column,
    sku_column,
    target_month_column,
    units_column,
    xyz_class_column,
)

PORTFOLIO_RULE_NAMES = [
    "end_of_life", "new_with_reference", "new_with_like_items", "seasonal", "all_zero", "new_without_relative",
    "short_history", "returned", "dying", "intermittent", "level_shift", "regular",
]  # fmt: skip


# What made a number, then the causes of its difference from last year.
REASON_CAUSES = [
    "override", "model", "champion", "baseline", "last published", *PORTFOLIO_RULE_NAMES,
    "level", "season", "one_off", "promotion", "price", "stock", "rest",
]  # fmt: skip


class ForecastCells(Table):
    """One row per SKU and target month of one origin."""

    sku: Series[str] = sku_column()
    origin_month: Series[pa.DateTime] = origin_month_column()
    target_month: Series[pa.DateTime] = target_month_column()
    horizon_months: Series[int] = horizon_months_column()

    class Config(Table.Config):
        unique = ["sku", "target_month"]

    @pa.check("origin_month", "target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)


class BaselineForecasts(ForecastCells):
    """One row per SKU and target month: the planners' Holt-Winters and the seasonal naive."""

    baseline_units: Series[float] = units_column("Holt-Winters forecast of the month")
    naive_units: Series[float] = units_column("Seasonal naive forecast of the month")


class Forecasts(Distribution, ForecastCells):
    """One row per SKU and target month: the model's forecast beside the baseline."""

    baseline_units: Series[float] = units_column("Holt-Winters forecast of the month")
    naive_units: Series[float] = units_column("Seasonal naive forecast of the month")
    category: Series[str] = category_column()
    abc_class: Series[str] = abc_class_column()
    xyz_class: Series[str] = xyz_class_column()
    inputs_missing: Series[str] = pa.Field(
        description="Inputs that the forecast was made without, comma separated; may be empty"
    )
    rule: Series[str] = pa.Field(
        isin=PORTFOLIO_RULE_NAMES, description="Portfolio rule that applies to the SKU, see docs/portfolio.md"
    )
    champion_units: Series[float] = units_column(
        "Forecast by the champion's recipe; null if the model uses the same recipe", nullable=True
    )
    champion_units_p05: Series[float] = quantile_column(5, "the champion's forecast", nullable=True)
    champion_units_p10: Series[float] = quantile_column(10, "the champion's forecast", nullable=True)
    champion_units_p15: Series[float] = quantile_column(15, "the champion's forecast", nullable=True)
    champion_units_p20: Series[float] = quantile_column(20, "the champion's forecast", nullable=True)
    champion_units_p25: Series[float] = quantile_column(25, "the champion's forecast", nullable=True)
    champion_units_p30: Series[float] = quantile_column(30, "the champion's forecast", nullable=True)
    champion_units_p35: Series[float] = quantile_column(35, "the champion's forecast", nullable=True)
    champion_units_p40: Series[float] = quantile_column(40, "the champion's forecast", nullable=True)
    champion_units_p45: Series[float] = quantile_column(45, "the champion's forecast", nullable=True)
    champion_units_p50: Series[float] = quantile_column(50, "the champion's forecast", nullable=True)
    champion_units_p55: Series[float] = quantile_column(55, "the champion's forecast", nullable=True)
    champion_units_p60: Series[float] = quantile_column(60, "the champion's forecast", nullable=True)
    champion_units_p65: Series[float] = quantile_column(65, "the champion's forecast", nullable=True)
    champion_units_p70: Series[float] = quantile_column(70, "the champion's forecast", nullable=True)
    champion_units_p75: Series[float] = quantile_column(75, "the champion's forecast", nullable=True)
    champion_units_p80: Series[float] = quantile_column(80, "the champion's forecast", nullable=True)
    champion_units_p85: Series[float] = quantile_column(85, "the champion's forecast", nullable=True)
    champion_units_p90: Series[float] = quantile_column(90, "the champion's forecast", nullable=True)
    champion_units_p95: Series[float] = quantile_column(95, "the champion's forecast", nullable=True)


class PublishedForecasts(Distribution, ForecastCells):
    """One row per SKU and target month: the forecast that planners read."""

    baseline_units: Series[float] = units_column("Holt-Winters forecast of the month")
    naive_units: Series[float] = units_column("Seasonal naive forecast of the month")
    category: Series[str] = category_column()
    abc_class: Series[str] = abc_class_column()
    xyz_class: Series[str] = xyz_class_column()
    model_units: Series[float] = units_column("Model forecast of the month; null if no model ran", nullable=True)
    inputs_missing: Series[str] = pa.Field(
        description="Inputs that the forecast was made without, comma separated; may be empty"
    )
    rule: Series[str] = pa.Field(
        isin=PORTFOLIO_RULE_NAMES, description="Portfolio rule that applies to the SKU, see docs/portfolio.md"
    )
    status: Series[str] = pa.Field(
        isin=["published", "shadow", "held", "stale", "backfilled"],
        description="State of the publication: shadow (trial market), held (retired market), stale (an older forecast)",
    )
    source: Series[str] = pa.Field(
        isin=["model", "champion", "baseline", "rule", "last published", "override"],
        description="Method that the published number comes from",
    )
    reason: Series[str] = pa.Field(description="Reason for this source")


class ForecastReasons(Table):
    """One row per SKU, target month and reason: what made the published number, then its difference from last year."""

    sku: Series[str] = sku_column()
    target_month: Series[pa.DateTime] = target_month_column()
    order: Series[int] = pa.Field(ge=1, description="Place among the reasons of the cell, from 1")
    cause: Series[str] = pa.Field(isin=REASON_CAUSES, description="Cause, see docs/reasons.md")
    units: Series[float] = pa.Field(
        nullable=True,
        description="Part of forecast minus the same month of last year, units; null for a reason without a part",
    )
    text: Series[str] = pa.Field(description="The reason as a sentence, in the market's language")

    class Config(Table.Config):
        unique = ["sku", "target_month", "order"]

    @pa.check("target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)
