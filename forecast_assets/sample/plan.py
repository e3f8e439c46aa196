"""Plan of the company: list prices and promotions of each SKU and month, and the dates they became known."""

import numpy as np
import pandas as pd

from forecast_assets.sample import parameters as p
from forecast_assets.sample.countries import SampleMarket
from forecast_assets.sample.timeline import Timeline, stream


def price_paths(table: pd.DataFrame, market: SampleMarket, seed: int, timeline: Timeline) -> np.ndarray:
    """Return the log of each SKU's list price relative to its start, shape (n_sku, n_months).

    A price rises at most once a year, always in the same calendar month. The size of a rise follows the year's
    inflation.
    """
    rng = stream(seed, "prices", market.code)
    n, years = len(table), timeline.months.year.to_numpy()
    rise_month = rng.choice(p.PRICE_RISE_MONTHS, n, p=p.PRICE_RISE_WEIGHTS)
    steps = np.zeros((n, timeline.size))
    for year in np.unique(years):
        rises = rng.random(n) < p.PRICE_RISE_PROBABILITY
        size = p.INFLATION.get(int(year), p.USUAL_INFLATION) / p.PRICE_RISE_PROBABILITY * rng.uniform(0.6, 1.4, n)
        in_month = (years == year) & (timeline.months.month.to_numpy() == rise_month[:, None])
        steps += in_month * (rises * size)[:, None]
    return np.cumsum(steps, axis=1)


def inflation_path(timeline: Timeline) -> np.ndarray:
    """Return the log of the price level relative to the start, rising evenly over each year, shape (n_months,)."""
    yearly = np.array([p.INFLATION.get(int(year), p.USUAL_INFLATION) for year in timeline.months.year])
    return np.cumsum(yearly / 12)


def promotion_depths(table: pd.DataFrame, market: SampleMarket, seed: int, timeline: Timeline) -> np.ndarray:
    """Return the discounts of promotions in percent, 0 without one, shape (n_sku, n_months).

    Each SKU has slots in the year that are kept in most years, so last year's leaflets help to predict the next. A few
    promotions lie outside the slots.
    """
    rng = stream(seed, "promotions", market.code)
    n = len(table)
    order = rng.permuted(np.tile(np.arange(12), (n, 1)), axis=1)
    slots = np.argsort(order, axis=1) < table["promotion_slots"].to_numpy()[:, None]
    planned = slots[:, timeline.months.month.to_numpy() - 1] & (rng.random((n, timeline.size)) < p.SLOT_KEPT)
    extra = rng.random((n, timeline.size)) < p.EXTRA_PROMOTION
    promoted = (planned | extra) & (table["promotion_slots"] > 0).to_numpy()[:, None]
    usual = rng.integers(0, len(p.DEPTHS_PCT), (n, 1))
    shift = rng.choice([-1, 0, 0, 0, 1], (n, timeline.size))
    depth = np.take(p.DEPTHS_PCT, np.clip(usual + shift, 0, len(p.DEPTHS_PCT) - 1))
    # No leaflet space for a SKU about to leave, nor before it is on the shelf.
    position = np.arange(timeline.size)
    on_sale = (position > table["launch"].to_numpy()[:, None]) & (position < table["end"].to_numpy()[:, None] - 2)
    return depth * (promoted & on_sale)


def promotion_rows(
    table: pd.DataFrame, depths: np.ndarray, market: SampleMarket, seed: int, timeline: Timeline
) -> pd.DataFrame:
    """Return the rows of the promotions file: promotions in the delivered months, and later ones agreed by then.

    Returns:
        ``country, sku, month, is_promoted, discount_pct, known_from``; ``known_from`` is two to four months before.
    """
    rng = stream(seed, "promotion notice", market.code)
    sku, position = np.nonzero(depths)
    known = position - rng.choice(p.PROMOTION_NOTICE_MONTHS, len(position))
    rows = pd.DataFrame(
        {
            "country": market.code,
            "sku": table["sku"].to_numpy()[sku],
            "month": timeline.months[position],
            "is_promoted": 1.0,
            "discount_pct": depths[sku, position],
            "known_from": timeline.month_at(known),
        }
    )
    return rows[(position >= timeline.start) & (known < timeline.stop)].reset_index(drop=True)
