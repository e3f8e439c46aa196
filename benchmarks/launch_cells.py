"""Cells of launches: what the rule of new SKUs forecast at an origin, two simple forecasts, and what followed.

Not here: the choice of markets and the scores (``launches.py``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Ints
from forecast_assets.domain.demand.demand_panel import DemandPanel, known_mean
from forecast_assets.domain.portfolio.announced_skus import announced_forecasts, with_announced
from forecast_assets.domain.portfolio.launches import launch_columns
from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio

YEAR = 12
LAST_MONTHS = 36
# Known months of a launch at the origins: 0 is the month before it.
AGES = (0, 1, 3, 6)


@dataclasses.dataclass(frozen=True)
class LaunchMarket:
    """A market whose launches are measured.

    Attributes:
        name: For messages.
        panel: Sell-in of all months.
        products: As known at each ``month``; without that column, the same at every origin.
    """

    name: str
    panel: DemandPanel
    products: pd.DataFrame

    def products_at(self, origin: pd.Timestamp) -> pd.DataFrame:
        """Return one row per SKU as known at an origin."""
        if "month" not in self.products:
            return self.products
        return self.products[self.products["month"] == origin].drop(columns="month")


def market_cells(market: LaunchMarket) -> pd.DataFrame:
    """Return the cells of all launches of the last three years, from every origin at one of the ``AGES``.

    ``market, sku, age_months, month_of_life`` (1..12), forecast, quantiles, ``category_units``, ``reference_units``
    (NaN without one) and ``actual_units``.
    """
    sold = market.panel.units > 0
    starts = np.where(sold.any(axis=1), sold.argmax(axis=1), -1)
    months = len(market.panel.months)
    parts = []
    for column in range(months - LAST_MONTHS - 1, months - 1):
        ages = column + 1 - starts
        rows = np.flatnonzero(np.isin(ages, AGES) & (starts >= max(YEAR, months - LAST_MONTHS)))
        if len(rows):
            parts.append(_cells_at(market, column, rows, starts))
    return pd.concat(parts, ignore_index=True).assign(market=market.name)


def _cells_at(market: LaunchMarket, column: int, rows: Ints, starts: Ints) -> pd.DataFrame:
    """Return the cells of the SKUs ``rows`` from the origin in ``column``."""
    panel, origin = market.panel, market.panel.months[column]
    products = market.products_at(origin)
    listed = products.set_index("sku").reindex(panel.skus)
    known = with_announced(panel.until(origin), panel.skus[rows])
    # A launch that the product list does not announce is none of the rule's; with sales it needs no announcement.
    is_new = (starts[rows] <= column) | listed["launch_month"].iloc[rows].notna().to_numpy()
    rows = rows[is_new]
    cells = apply_portfolio(announced_forecasts(panel.skus[rows], origin), known, origin, products)
    row = pd.Index(panel.skus).get_indexer(pd.Index(cells["sku"]))
    at = column + cells["horizon_months"].to_numpy()
    life = at - starts[row] + 1
    inside = (at < len(panel.months)) & (life >= 1) & (life <= YEAR)
    cells, row, at, life = cells[inside], row[inside], at[inside], life[inside]
    return cells.assign(
        age_months=column + 1 - starts[row],
        month_of_life=life,
        category_units=_category_means(known, listed)[row, life - 1],
        reference_units=_reference_levels(known.units, listed, panel.skus)[row],
        actual_units=panel.units[row, at],
    ).dropna(subset=["actual_units"])


def _category_means(known: DemandPanel, products: pd.DataFrame) -> Floats:
    """Return the mean units in each month of life of earlier launches of the SKU's category, (n, 12)."""
    starts = launch_columns(known.units, known.months[-1], products["launch_month"].to_numpy())
    seen = np.flatnonzero((starts > 0) & (starts < len(known.months)))
    column = starts[seen].astype(int)[:, None] + np.arange(YEAR)
    inside = column < len(known.months)
    lives = np.where(inside, known.units[seen[:, None], np.minimum(column, len(known.months) - 1)], np.nan)
    of_market = known_mean(lives.T)
    category = products["category"].astype(str).to_numpy()
    means = np.empty((len(known.skus), YEAR))
    for name in np.unique(category):
        own = known_mean(lives[category[seen] == name].T)
        means[category == name] = np.where(np.isfinite(own), own, of_market)
    return means


def _reference_levels(units: Floats, products: pd.DataFrame, skus: np.ndarray) -> Floats:
    """Return the mean of the last 12 months of each SKU's reference, (n,); NaN without a reference or its months."""
    reference = pd.Index(skus).get_indexer(pd.Index(products["reference_sku"]))
    level = known_mean(units[:, -YEAR:])
    return np.where(reference >= 0, level[reference], np.nan)
