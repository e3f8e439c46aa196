"""Successors without a hint: a SKU stops, and a new one of its category begins at its level in the same month.

Here belong the pairs that are proposed, and products as they would be with them. Not here: the decision to accept them
(a setting), the forecast of a successor (``launches``).
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Ints
from forecast_assets.domain.demand.demand_panel import DemandPanel, known_mean

HISTORY_MONTHS = 84
YEAR = 12
# The new SKU is in its first year, and sells nearly every month. So did the old one in its last year.
SOLD_SHARE = 0.75
# Same level: between two thirds and half as much again of the old one's.
LARGEST_LOG_RATIO = np.log(1.5)
COLUMNS = ["predecessor", "successor", "since", "level_ratio"]


def proposed_successors(panel: DemandPanel, origin: pd.Timestamp, products: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of SKUs that look like an old and a new code of one item.

    All of these hold for a pair:

    - both have the same known category; the new one has no ``reference_sku``, the old one no ``end_month``;
    - the old one sold in nine of its last twelve months, and nothing since;
    - the new one began in the month after the old one's last sale or in that month, at most 11 months ago, and sold in
      three of four months since;
    - without the months in which both sold, the new one sold between 2/3 and 3/2 of what the old one sold in the same
      months a year before, or a month in its last year if that is not known;
    - no other pair of either SKU shares more attributes, or as many at a closer level.

    Args:
        panel: The market; months after the origin are not read.
        origin: The origin month.
        products: ``sku, category, end_month, reference_sku`` and further attributes as known at the origin.

    Returns:
        ``predecessor, successor, since`` (first month of the successor), ``level_ratio`` (new / old), by predecessor.
    """
    market = panel.until(origin, HISTORY_MONTHS)
    units = market.units
    described = products.drop_duplicates("sku").set_index("sku").reindex(market.skus)
    category = described["category"].to_numpy(dtype=object)
    first, last = _first_and_last_sale(units)
    begins = _begins(units, first) & described["reference_sku"].isna().to_numpy()
    ends = _ends(units, last) & described["end_month"].isna().to_numpy()
    attributes = described.drop(columns=["launch_month", "end_month", "reference_sku", "month"], errors="ignore")
    pairs = []
    for new in np.flatnonzero(begins & pd.notna(category)).tolist():
        same = ends & (category == category[new]) & ((last == first[new]) | (last == first[new] - 1))
        for old in np.flatnonzero(same).tolist():
            ratio = _level_ratio(units, old, new, int(last[old]) + 1)
            if abs(np.log(ratio)) <= LARGEST_LOG_RATIO:
                shared = int((attributes.iloc[old] == attributes.iloc[new]).sum())
                pairs.append((old, new, shared, ratio))
    since = market.months.to_numpy()
    rows = [(market.skus[old], market.skus[new], since[first[new]], ratio) for old, new, _, ratio in _best(pairs)]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("predecessor", ignore_index=True)


def with_successors(products: pd.DataFrame, proposed: pd.DataFrame) -> pd.DataFrame:
    """Return products in which each proposed successor refers to its predecessor, which has ended.

    ``continues_reference`` is True for the successors: their level is the predecessor's from the first month on.

    Args:
        products: As known at an origin; not changed.
        proposed: From ``proposed_successors``.
    """
    predecessor = proposed.set_index("successor")["predecessor"]
    before = proposed.set_index("predecessor")["since"] - pd.DateOffset(months=1)
    sku = products["sku"]
    return products.assign(
        reference_sku=products["reference_sku"].where(~sku.isin(predecessor.index), sku.map(predecessor)),
        end_month=products["end_month"].where(~sku.isin(before.index), sku.map(before)),
        continues_reference=sku.isin(predecessor.index),
    )


def _first_and_last_sale(units: Floats) -> tuple[Ints, Ints]:
    """Return the columns of the first and the last sale, (n,) each; -1 without a sale."""
    sold = units > 0
    has_sold = sold.any(axis=1)
    first = np.where(has_sold, sold.argmax(axis=1), -1)
    last = np.where(has_sold, units.shape[1] - 1 - sold[:, ::-1].argmax(axis=1), -1)
    return first, last


def _begins(units: Floats, first: Ints) -> Bools:
    """Return True for SKUs that began at most 11 months ago, after the panel, and sold steadily since, (n,)."""
    columns = np.arange(units.shape[1])
    since = np.where(columns >= first[:, None], units > 0, np.nan)
    age = units.shape[1] - first
    begins: Bools = (first > 0) & (age < YEAR) & (known_mean(since) >= SOLD_SHARE)
    return begins


def _ends(units: Floats, last: Ints) -> Bools:
    """Return True for SKUs that sold steadily for a year and then not at all, also not in the last month, (n,)."""
    columns = np.arange(units.shape[1])
    is_last_year = (columns <= last[:, None]) & (columns > last[:, None] - YEAR)
    sold = ((units > 0) & is_last_year).sum(axis=1)
    ends: Bools = (last >= YEAR - 1) & (last < units.shape[1] - 1) & (sold >= SOLD_SHARE * YEAR)
    return ends


def _level_ratio(units: Floats, old: int, new: int, start: int) -> float:
    """Return the new SKU's units from a column on / the old one's of the same months a year before."""
    own = units[new, start:]
    before = units[old, start - YEAR : start - YEAR + len(own)]
    both = np.isfinite(own) & np.isfinite(before)
    sold, expected = own[both].sum(), before[both].sum()
    if expected <= 0:
        sold, expected = np.nanmean(own), np.nanmean(units[old, start - YEAR : start])
    return float(max(sold, np.finfo(float).tiny) / max(expected, np.finfo(float).tiny))


def _best(pairs: list[tuple[int, int, int, float]]) -> list[tuple[int, int, int, float]]:
    """Return the pairs that are the best of both of their SKUs."""
    ranked = sorted(pairs, key=lambda pair: (-pair[2], abs(np.log(pair[3])), pair[0], pair[1]))
    taken: set[int] = set()
    best = []
    for pair in ranked:
        if taken.isdisjoint(pair[:2]):
            best.append(pair)
        taken.update(pair[:2])
    return best
