"""Effects that the SKUs of a group share: relative price, the weeks before Easter, and the ramp after a launch.

A single SKU has too few price changes, Easters and launches to estimate them. Each effect is fitted to the rest that
level, season and promotions leave (``demand_structure.py``).
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Ints
from forecast_assets.domain.calendar import days_before_easter

YEAR = 12
# Ages in months at which a launched SKU may still be growing to its level.
RAMP_MONTHS = 18
# Weight, in SKUs, of the value that a link of the ramp is shrunk to: all launches, and for those no change.
LAUNCHES_TO_TRUST = 3.0


def shared_effect(rest: Floats, weight: Floats, regressor: Floats, group: Ints) -> Floats:
    """Return the slope of the rest on a regressor, per SKU that of its group, (n,).

    The slope over all SKUs (least squares) is weighted by how far it exceeds its standard error. It is combined with
    each group's own slope by the group's share of the information.

    Args:
        rest: (n, T) without its smoothed level; 0 if unknown.
        weight: (n, T), 1 if known, else 0.
        regressor: (n, T) without its smoothed level; 0 if unknown.
        group: (n,) group of each SKU, 0 .. number of groups - 1.
    """
    product, square = (rest * regressor).sum(axis=1), np.square(regressor).sum(axis=1)
    if square.sum() < 1e-9:
        return np.zeros(len(rest))
    common = product.sum() / square.sum()
    error = np.square(rest - common * regressor).sum() / max(weight.sum(), 1.0) / square.sum()
    common *= max(0.0, 1.0 - error / max(common**2, 1e-12))
    groups = int(group.max()) + 1
    of_group = np.bincount(group, product, groups), np.bincount(group, square, groups)
    prior = square.sum() / groups
    slope: Floats = (of_group[0] + prior * common) / (of_group[1] + prior)
    return slope[group]


def relative_price(price: Floats, is_promoted: Floats, months_ahead: int, planned: Floats | None = None) -> Floats:
    """Return the log of the regular price against the market's price level and the SKU's mean, (n, T + months_ahead).

    The regular price is that of the last month without a promotion; ahead it stays constant. The market's level moves
    by the mean change of its SKUs' prices. 0 if no price is known.

    Args:
        price: (n, T) ending at the origin month, NaN if unknown.
        is_promoted: (n, T), above 0 if promoted.
        months_ahead: Months after the origin.
        planned: (n, months_ahead) regular prices ahead, NaN where none is planned: the price before stays; None: no
            plan. A SKU without a known price has no plan either.
    """
    usable = (price > 0) & ~(is_promoted > 0)
    logs = _carried_forward(np.where(usable, np.log(np.where(usable, price, 1.0)), np.nan))
    known = np.isfinite(logs)
    change = np.diff(logs, axis=1)
    moved = np.isfinite(change)
    mean_change = np.where(moved, change, 0.0).sum(axis=0) / np.maximum(moved.sum(axis=0), 1)
    relative = logs - np.concatenate([[0.0], np.cumsum(mean_change)])
    mean = np.where(known, relative, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    relative = np.where(known, relative - mean[:, None], 0.0)
    ahead = np.repeat(relative[:, -1:], months_ahead, axis=1)
    if planned is not None:
        is_planned = (planned > 0) & known[:, -1:]
        steps = np.where(is_planned, np.log(np.where(is_planned, planned, 1.0)) - logs[:, -1:], np.nan)
        moved_by = np.nan_to_num(_carried_forward(steps))
        ahead = ahead + np.where(known[:, -1:], moved_by - moved_by.sum(axis=0) / max(known[:, -1].sum(), 1), 0.0)
    return np.concatenate([relative, ahead], axis=1)


def _carried_forward(values: Floats) -> Floats:
    column = np.where(np.isfinite(values), np.arange(values.shape[1]), 0)
    return np.take_along_axis(values, np.maximum.accumulate(column, axis=1), axis=1)


def moved_easter(months: pd.DatetimeIndex, past_months: int) -> Floats:
    """Return each month's share of the three weeks before Easter, less that calendar month's mean, (months,).

    The mean is over the first ``past_months``, so the season keeps the effect of an average Easter. 0 for calendar
    months that are not among them.
    """
    share = days_before_easter(months) / 21.0
    known = np.arange(len(months)) < past_months
    total = np.bincount(months.month[known], share[known], YEAR + 1)
    count = np.bincount(months.month[known], minlength=YEAR + 1)
    mean = total / np.maximum(count, 1)
    return np.where(count[months.month] > 0, share - mean[months.month], 0.0)


def launch_ramp(level: Floats, age: Floats | Ints, kind: Ints) -> Floats:
    """Return the level at each age as a share of the level after the ramp, (kinds, 19); the last is 1.

    Links between neighbouring ages are ratios of sums over the SKUs known at both (a chain ladder), each SKU relative
    to its own mean.

    Args:
        level: (n, T) units without season and promotions; NaN if unknown.
        age: (n, T) months since the launch; negative before it, 18 or more for mature SKUs.
        kind: (n,) kind of launch, 0 .. number of kinds - 1.
    """
    known = np.isfinite(level)
    mean = np.where(known, level, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    share = np.where(known & (mean > 0)[:, None], level / np.where(mean > 0, mean, 1.0)[:, None], np.nan)
    sku, month = np.nonzero(
        np.isfinite(share[:, :-1] + share[:, 1:]) & (age[:, :-1] >= 0) & (age[:, :-1] < RAMP_MONTHS)
    )
    at, before, after = age[sku, month].astype(int), share[sku, month], share[sku, month + 1]
    every = _links(at, before, after, np.ones(RAMP_MONTHS))
    ramps = np.ones((int(kind.max(initial=0)) + 1, RAMP_MONTHS + 1))
    for number in range(len(ramps)):
        own = kind[sku] == number
        links = _links(at[own], before[own], after[own], every)
        ramps[number, :RAMP_MONTHS] = 1.0 / np.cumprod(links[::-1])[::-1]
    return ramps


def _links(age: Ints, before: Floats, after: Floats, prior: Floats) -> Floats:
    """Return the growth from each age to the next, (18,), shrunk towards the prior growth."""
    first, second = (np.bincount(age, values, RAMP_MONTHS) for values in (before, after))
    links: Floats = np.maximum(second + LAUNCHES_TO_TRUST * prior, 1e-3) / np.maximum(first + LAUNCHES_TO_TRUST, 1e-3)
    return links
