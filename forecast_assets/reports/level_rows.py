"""Forecasts of the market and its categories with their ranges, as the page and the workbook show them.

Forecasts are sums of the published SKUs; ranges are those of the sums, from `forecast_levels`. Nothing is rendered
here.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.evaluation.levels import ONE_MARKET, at_levels
from forecast_assets.reports.market_report import MarketReport

FIGURES = {"Forecast": "forecast_units", "p10": "forecast_units_p10", "p90": "forecast_units_p90"}


def market_range(report: MarketReport, column: str, months: pd.DatetimeIndex) -> np.ndarray:
    """Return a figure of the market by target month; NaN where no distribution of sums is stored."""
    of_market = report.levels[report.levels["level"] == "market"]
    return of_market.set_index("target_month")[column].reindex(months).to_numpy(dtype=float)


def level_rows(report: MarketReport, category_by_sku: pd.Series) -> pd.DataFrame:
    """Return one row per level, entity and figure, one column per target month; market first, then categories.

    Without a stored distribution there is the forecast alone.
    """
    of_market = report.published.drop(columns="country", errors="ignore")
    described = of_market.assign(category=of_market["sku"].map(category_by_sku))
    summed = at_levels(described, ["forecast_units"], ["target_month"])
    sums = summed[summed["level"] != "sku"]
    entity = report.levels["category"].where(report.levels["level"] != "market", ONE_MARKET)
    ranges = report.levels.assign(entity=entity)[["level", "entity", "target_month", *list(FIGURES.values())[1:]]]
    both = sums.merge(ranges, on=["level", "entity", "target_month"], how="left", validate="1:1")
    named = both.rename(columns={column: figure for figure, column in FIGURES.items()})
    long = named.melt(["level", "entity", "target_month"], list(FIGURES), var_name="figure", value_name="units")
    long["entity"] = long["entity"].where(long["level"] != "market", report.market_name)
    long["figure"] = pd.Categorical(long["figure"], categories=list(FIGURES), ordered=True)
    keys = ["level", "entity", "figure"]
    wide = long.dropna(subset="units").pivot(index=keys, columns="target_month", values="units").sort_index(axis=1)
    table = wide.sort_index(level=keys, ascending=[False, True, True]).reset_index()
    return table.astype({"figure": object})
