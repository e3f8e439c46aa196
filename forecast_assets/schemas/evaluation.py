"""Tables that compare forecasts with sell-in: backtest, champion and realised performance."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import (
    Table,
    abc_class_column,
    category_column,
    figure_column,
    first_of_month,
    forecast_in_interval,
    horizon_months_column,
    origin_month_column,
    sku_column,
    target_month_column,
    units_column,
    xyz_class_column,
)


class Backtest(Table):
    """One row per SKU, earlier origin and horizon: the forecast of each method, refitted at that origin."""

    sku: Series[str] = sku_column()
    origin_month: Series[pa.DateTime] = origin_month_column()
    target_month: Series[pa.DateTime] = target_month_column()
    horizon_months: Series[int] = horizon_months_column()
    actual_units: Series[float] = pa.Field(
        nullable=True, description="Sell-in of the target month, units; null if unknown"
    )
    model_units: Series[float] = units_column("Forecast by the market's recipe, refitted at the origin")
    forecast_units_p10: Series[float] = units_column("Lower end of the model's 80 % interval")
    forecast_units_p90: Series[float] = units_column("Upper end of the model's 80 % interval")
    champion_units: Series[float] = units_column(
        "Forecast by the champion's recipe, refitted at the origin; null if no other recipe competes", nullable=True
    )
    baseline_units: Series[float] = units_column("Holt-Winters forecast at the origin")
    naive_units: Series[float] = units_column("Seasonal naive forecast at the origin")
    category: Series[str] = category_column()
    abc_class: Series[str] = abc_class_column()
    xyz_class: Series[str] = xyz_class_column()

    class Config(Table.Config):
        unique = ["sku", "origin_month", "horizon_months"]

    @pa.check("origin_month", "target_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)

    @pa.dataframe_check(name="interval_holds_the_forecast")
    def interval_holds_the_forecast(cls, table: pd.DataFrame) -> pd.Series:
        """Check that the interval contains the forecast."""
        return forecast_in_interval(table, "model_units")


class Champion(Table):
    """One row per market and month: the recipe in force, and every number the decision rests on."""

    recipe_id: Series[str] = pa.Field(description="Recipe in force: first 12 hex digits of the SHA-256 of its JSON")
    recipe: Series[str] = pa.Field(description="Recipe in force as sorted JSON, without the number of threads")
    since_month: Series[pa.DateTime] = pa.Field(description="First month in which this recipe was in force")
    outcome: Series[str] = pa.Field(
        isin=["first", "unchanged", "promoted", "held", "refused"], description="Result of the contest"
    )
    source: Series[str] = pa.Field(
        isin=["model", "champion", "baseline"], description="Method that the published forecast comes from"
    )
    challenger_id: Series[str] = pa.Field(description="Recipe that settings and latest tuning ask for")
    champion_before_id: Series[str] = pa.Field(
        nullable=True, description="Recipe in force before; null if there was none"
    )
    scored_cells: Series[int] = pa.Field(
        ge=0, description="Number of backtest cells (SKU, origin, month) that every compared method has"
    )
    scored_skus: Series[int] = pa.Field(ge=0, description="Number of SKUs in the scored cells")
    scored_origins: Series[int] = pa.Field(ge=0, description="Number of origins in the scored cells")
    wape_challenger: Series[float] = figure_column("Backtest WAPE of the challenger, fraction")
    wape_champion: Series[float] = figure_column(
        "Backtest WAPE of the champion, fraction; null if no other recipe competes"
    )
    wape_baseline: Series[float] = figure_column("Backtest WAPE of Holt-Winters, fraction")
    wape_naive: Series[float] = figure_column("Backtest WAPE of the seasonal naive, fraction")
    bias_challenger: Series[float] = figure_column(
        "Backtest bias of the challenger, fraction; positive is over-forecast"
    )
    bias_champion: Series[float] = figure_column("Backtest bias of the champion, fraction; positive is over-forecast")
    bias_baseline: Series[float] = figure_column("Backtest bias of Holt-Winters, fraction; positive is over-forecast")
    bias_naive: Series[float] = figure_column(
        "Backtest bias of the seasonal naive, fraction; positive is over-forecast"
    )
    wape_ratio: Series[float] = figure_column(
        "WAPE of the challenger / WAPE of the champion, or of Holt-Winters without one"
    )
    wape_ratio_p05: Series[float] = figure_column("Lower end of the ratio's 90 % interval")
    wape_ratio_p95: Series[float] = figure_column("Upper end of the ratio's 90 % interval")
    verdict: Series[str] = pa.Field(
        description="Result of the paired comparison: better, worse, indistinguishable or not decidable"
    )
    class_ratios: Series[str] = pa.Field(
        description="WAPE of the challenger / WAPE of the champion by ABC class, as JSON"
    )
    conditions: Series[str] = pa.Field(
        description="Conditions of the promotion rule with figure, limit and result, as JSON"
    )
    reason: Series[str] = pa.Field(description="Reason for this recipe and this source")

    class Config(Table.Config):
        unique = ["recipe_id"]

    @pa.check("since_month", name="first_of_month")
    def month_is_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that the month is given by its first day."""
        return first_of_month(months)

    @pa.dataframe_check(name="one_row")
    def one_row(cls, table: pd.DataFrame) -> bool:
        """Check that there is one row."""
        return len(table) == 1


class Performance(Table):
    """One row per SKU and lag: the month's sell-in beside each forecast of it that was published earlier."""

    sku: Series[str] = sku_column()
    origin_month: Series[pa.DateTime] = origin_month_column()
    lag_months: Series[int] = pa.Field(ge=1, le=18, description="Months from the origin month to this month, 1 to 18")
    actual_units: Series[float] = pa.Field(nullable=True, description="Sell-in of the month, units; null if unknown")
    published_units: Series[float] = units_column("Forecast as published at the origin")
    model_units: Series[float] = units_column("Model forecast at the origin; null if no model ran", nullable=True)
    baseline_units: Series[float] = units_column("Holt-Winters forecast at the origin")
    naive_units: Series[float] = units_column("Seasonal naive forecast at the origin")
    status: Series[str] = pa.Field(description="Status at publication")
    source: Series[str] = pa.Field(description="Source at publication")
    category: Series[str] = category_column()
    abc_class: Series[str] = abc_class_column()
    xyz_class: Series[str] = xyz_class_column()

    class Config(Table.Config):
        unique = ["sku", "lag_months"]

    @pa.check("origin_month", name="first_of_month")
    def months_are_first_of_month(cls, months: pd.Series) -> pd.Series:
        """Check that each month is given by its first day."""
        return first_of_month(months)


class ForecastValueAdded(Table):
    """One row per level, entity and step: errors of a month's forecasts on the way to the published number.

    Rows of several months may be added up: every column but the ratios is a sum.
    """

    level: Series[str] = pa.Field(
        isin=[
            "market",
            "category",
            "abc",
            "xyz",
            "lag",
            "overridden",
            "author",
            "size",
            "direction",
            "size_and_direction",
        ],
        description="Kind of group; author, size and direction have overridden cells alone",
    )
    entity: Series[str] = pa.Field(description="Group: ALL; a category; A; X; 03; an author; small up")
    step: Series[str] = pa.Field(
        isin=["naive", "baseline", "model", "before_overrides", "published"],
        description="Step on the way to the published number, in order",
    )
    cells: Series[int] = pa.Field(ge=0, description="Number of scored cells (SKU and origin)")
    actual_units: Series[float] = pa.Field(description="Sell-in of the cells, units")
    absolute_actual_units: Series[float] = units_column("Sum of the absolute sell-in of the cells")
    absolute_error_units: Series[float] = units_column("Sum of absolute errors")
    error_units: Series[float] = pa.Field(description="Sum of errors, forecast - actual, units")
    error_saved_units: Series[float] = pa.Field(
        description="Absolute error of the step before minus that of the step, units; positive is better"
    )
    helped_cells: Series[int] = pa.Field(ge=0, description="Number of cells whose absolute error the step reduced")
    hurt_cells: Series[int] = pa.Field(ge=0, description="Number of cells whose absolute error the step increased")
    valued_cells: Series[int] = pa.Field(
        ge=0, description="Number of cells whose SKU has net sales per unit in the 12 months up to the month"
    )
    absolute_error_value: Series[float] = pa.Field(
        ge=0, description="Absolute errors of the valued cells at net sales per unit, in the market's currency"
    )
    error_value: Series[float] = pa.Field(
        description="Errors of the valued cells at net sales per unit, in the market's currency"
    )
    error_saved_value: Series[float] = pa.Field(
        description="Saved error of the valued cells at net sales per unit, in the market's currency"
    )
    wape: Series[float] = figure_column("Sum of absolute errors / sum of absolute actuals, fraction")
    bias: Series[float] = figure_column("Sum of errors / sum of actuals, fraction; positive is over-forecast")

    class Config(Table.Config):
        unique = ["level", "entity", "step"]
