"""Ranges of the totals of market and categories by target month, from `forecast_levels`. Nothing is rendered here."""

import numpy as np
import pandas as pd

from forecast_assets.reports.market_report import MarketReport


def market_range(report: MarketReport, column: str, months: pd.DatetimeIndex) -> np.ndarray:
    """Return a figure of the market by target month; NaN where no distribution of sums is stored."""
    of_market = report.levels[report.levels["level"] == "market"]
    return of_market.set_index("target_month")[column].reindex(months).to_numpy(dtype=float)


def category_range(report: MarketReport, category: str, column: str, months: pd.DatetimeIndex) -> np.ndarray:
    """Return a figure of a category by target month; NaN where no distribution of sums is stored."""
    rows = report.levels[(report.levels["level"] == "category") & (report.levels["category"] == category)]
    return rows.set_index("target_month")[column].reindex(months).to_numpy(dtype=float)
