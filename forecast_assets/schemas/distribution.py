"""Columns and checks of a forecast with its distribution, of a SKU or of a sum."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, forecast_in_interval, quantile_column, quantiles_in_order, units_column


class Distribution(Table):
    """A forecast and the quantiles of what may come."""

    forecast_units: Series[float] = units_column("Forecast of the month")
    forecast_units_p05: Series[float] = quantile_column(5)
    forecast_units_p10: Series[float] = quantile_column(10)
    forecast_units_p15: Series[float] = quantile_column(15)
    forecast_units_p20: Series[float] = quantile_column(20)
    forecast_units_p25: Series[float] = quantile_column(25)
    forecast_units_p30: Series[float] = quantile_column(30)
    forecast_units_p35: Series[float] = quantile_column(35)
    forecast_units_p40: Series[float] = quantile_column(40)
    forecast_units_p45: Series[float] = quantile_column(45)
    forecast_units_p50: Series[float] = quantile_column(50)
    forecast_units_p55: Series[float] = quantile_column(55)
    forecast_units_p60: Series[float] = quantile_column(60)
    forecast_units_p65: Series[float] = quantile_column(65)
    forecast_units_p70: Series[float] = quantile_column(70)
    forecast_units_p75: Series[float] = quantile_column(75)
    forecast_units_p80: Series[float] = quantile_column(80)
    forecast_units_p85: Series[float] = quantile_column(85)
    forecast_units_p90: Series[float] = quantile_column(90)
    forecast_units_p95: Series[float] = quantile_column(95)

    @pa.dataframe_check(name="interval_holds_the_forecast")
    def interval_holds_the_forecast(cls, table: pd.DataFrame) -> pd.Series:
        """Check that the interval contains the forecast."""
        return forecast_in_interval(table, "forecast_units")

    @pa.dataframe_check(name="quantiles_in_order")
    def quantiles_do_not_decrease(cls, table: pd.DataFrame) -> pd.Series:
        """Check that no quantile is below one of a lower level."""
        return quantiles_in_order(table)
