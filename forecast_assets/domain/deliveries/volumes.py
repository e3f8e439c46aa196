"""Volume of a delivered month against the market's own past: the market, its categories, single SKUs.

Limits are learned: of the market and its categories from the errors of a simple expectation in the months before, of
SKUs from the largest jump of any SKU of the market in the year before.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.deliveries.delivery import Delivery, DeliveryFinding, shown
from forecast_assets.domain.monitoring.control_limit import lower_limit, upper_limit

YEAR, HALF_YEAR = 12, 6
LEARNED_MONTHS, LEAST_MONTHS, LEAST_MONTHS_YOUNG = 24, 8, 3
MARKET_FACTOR, MARKET_FACTOR_YOUNG, CATEGORY_FACTOR = 1.25, 2.5, 2.0
MARKET_RATE, CATEGORY_RATE = 0.002, 0.0005
# Beyond this factor a market's month is not published; nearer to the usual one it is, with a warning.
BLOCKING_FACTOR = 1.6
LEAST_CATEGORY_SHARE, LEAST_CATEGORY_SKUS = 0.02, 2
SKU_FACTOR, SKU_MARGIN, SKU_PAST_MONTHS = 4.0, 1.5, 24
# Stock-outs and ends let single SKUs fall more often than they rise.
FALL_WEIGHT = 2.0
# A jump counts from half the month of an average SKU on, and stops the market from a tenth of its month on.
LEAST_AVERAGE_SKUS, BLOCKING_SHARE = 0.5, 0.10
FACTORS = (3, 4, 6, 8, 10, 12, 24, 100, 1000)
FACTOR_TOLERANCE = 0.08


@dataclass(frozen=True)
class Expectation:
    """Ratio of a month's total to what was expected of it, with limits learned from the months before."""

    total: float
    expected: float
    low: float
    high: float
    months: int

    @property
    def ratio(self) -> float:
        """Total by expectation."""
        return self.total / self.expected

    @property
    def is_outside(self) -> bool:
        """True if the ratio is outside its limits."""
        return not self.low <= self.ratio <= self.high


def market_volume(delivery: Delivery) -> DeliveryFinding | None:
    """Find a total of the market that its own past does not explain.

    The expectation is the mean of the six months before, or the same month of the year before times the growth of the
    half year before: whichever had the smaller errors in the 24 months before. Limits are prediction limits of these
    errors (chance 0.2 % on each side), at least a factor of 1.25. With fewer than eight errors the factor is 2.5.
    """
    judged = expectation(delivery.totals(), MARKET_RATE, MARKET_FACTOR)
    if judged is None or not judged.is_outside:
        return None
    now = np.nan_to_num(delivery.units[:, -1])
    largest = pd.DataFrame({"sku": delivery.skus, "units": now}).reindex(np.argsort(-np.abs(now), kind="stable")[:10])
    message = (
        f"market total {judged.total:,.0f} units, expected {judged.expected:,.0f}: factor {judged.ratio:.2f}"
        f"{_pack_hint(judged.ratio)}, limits {judged.low:.2f} to {judged.high:.2f} from {judged.months} months before. "
        "Deliver the whole month in the usual unit, or accept the finding"
    )
    is_small = 1 / BLOCKING_FACTOR <= judged.ratio <= BLOCKING_FACTOR
    return DeliveryFinding(message, largest, is_warning=is_small)


def category_volume(delivery: Delivery) -> DeliveryFinding | None:
    """Find categories whose total their own past does not explain, where the market's total may hide it.

    As ``market_volume``, with a chance of 0.05 % on each side and a factor of at least 2, for categories of two or
    more SKUs and 2 % of the market.
    """
    labels = delivery.categories.reindex(delivery.skus).to_numpy(dtype=object)
    market = np.nansum(delivery.totals()[-1 - YEAR : -1])
    rows = []
    for name in pd.unique(pd.Series(labels).dropna()):
        members = labels == name
        totals = delivery.totals(members)
        if members.sum() < LEAST_CATEGORY_SKUS or np.nansum(totals[-1 - YEAR : -1]) < LEAST_CATEGORY_SHARE * market:
            continue
        judged = expectation(np.append(totals[:-1], np.nan_to_num(totals[-1])), CATEGORY_RATE, CATEGORY_FACTOR)
        if judged is not None and judged.months >= LEAST_MONTHS and judged.is_outside:
            rows.append((name, judged.total, judged.expected, judged.ratio, judged.low, judged.high))
    if not rows:
        return None
    table = pd.DataFrame(rows, columns=["category", "units", "expected_units", "factor", "low", "high"])
    first = table.iloc[0]
    message = (
        f"category {shown(table['category'].tolist())}: {first['units']:,.0f} units, expected "
        f"{first['expected_units']:,.0f}, factor {first['factor']:.2f}{_pack_hint(first['factor'])}, limits "
        f"{first['low']:.2f} to {first['high']:.2f} from its own past. Check that all files and units are those of the "
        "months before"
    )
    return DeliveryFinding(message, table.round(3), is_warning=True)


def sku_volume(delivery: Delivery) -> DeliveryFinding | None:
    """Find SKUs that sell many times their best month, or a fraction of their worst one.

    Up: units by the largest of 24 months before, with six months sold in the year before. Down: the smallest of the 12
    months before, all sold, by the units. The limit is 1.5 times the largest such factor of any SKU in the 12 months
    before, and at least 4; falls count half. Differences below half the month of an average SKU do not count.
    """
    last = len(delivery.months) - 1
    if last < LEAST_MONTHS:
        return None
    now = _jumps(delivery, last)
    earlier = [_jumps(delivery, at).max(initial=1.0) for at in range(max(HALF_YEAR, last - YEAR), last)]
    limit = max(SKU_FACTOR, SKU_MARGIN * max(earlier, default=1.0))
    is_jump = now > limit
    if not is_jump.any():
        return None
    units = delivery.units[:, -1]
    usual = np.nanmedian(np.where(delivery.is_sold, delivery.units, np.nan)[is_jump, -1 - YEAR : -1], axis=1)
    rows = pd.DataFrame({"sku": delivery.skus[is_jump], "units": units[is_jump], "usual_units": usual})
    rows = rows.assign(factor=rows["units"] / rows["usual_units"]).sort_values(
        "units", key=lambda units: -(units - rows["usual_units"]).abs(), ignore_index=True
    )
    named = "; ".join(
        f"SKU {sku} has {units:,.0f} units, usually {usual:,.0f}: factor {factor:.3g}{_pack_hint(factor)}"
        for sku, units, usual, factor in rows.head(3).itertuples(index=False, name=None)
    )
    total = np.nanmedian(delivery.totals()[-1 - YEAR : -1])
    is_small = bool((rows["units"] - rows["usual_units"]).abs().sum() < BLOCKING_SHARE * total)
    message = (
        f"{len(rows)} SKUs jump: {named}; limits are {limit:.1f} times the best month and 1/{FALL_WEIGHT * limit:.1f} "
        "of the worst one, from the market's year before. Correct the unit or the decimals, or accept the finding"
    )
    return DeliveryFinding(message, rows.round(3), is_warning=is_small)


def expectation(totals: Floats, rate: float, least_factor: float) -> Expectation | None:
    """Return the last total beside its expectation; None if there is nothing to compare it with.

    Args:
        totals: (T,) totals by month, the judged one last; NaN is unknown.
        rate: Chance on each side that a month without a fault is outside.
        least_factor: Smallest factor between total and expectation that is a finding.
    """
    known = np.where(totals > 0, totals, np.nan)
    last = len(known) - 1
    if not np.isfinite(totals[-1]) or np.isfinite(known[:-1]).sum() < LEAST_MONTHS_YOUNG:
        return None
    total = float(totals[-1])
    best: tuple[float, float, Floats] | None = None
    for expected in (_recent(known), _seasonal(known)):
        with np.errstate(all="ignore"):
            errors = np.log(known / expected)[max(0, last - LEARNED_MONTHS) : last]
        errors = errors[np.isfinite(errors)]
        if len(errors) < LEAST_MONTHS or not np.isfinite(expected[-1]):
            continue
        spread = float(errors.std())
        if best is None or spread < best[0]:
            best = (spread, float(expected[-1]), errors)
    if best is None:
        usual = float(np.nanmean(known[max(0, last - HALF_YEAR) : last]))
        months = int(np.isfinite(known[:-1]).sum())
        return Expectation(total, usual, 1 / MARKET_FACTOR_YOUNG, MARKET_FACTOR_YOUNG, months)
    low, high = np.exp(lower_limit(best[2], rate)), np.exp(upper_limit(best[2], rate))
    return Expectation(total, best[1], min(low, 1 / least_factor), max(high, least_factor), len(best[2]))


def _recent(totals: Floats) -> Floats:
    """Return (T,) the mean of the six months before each month, of three or more known ones."""
    windows = _half_years(totals)
    known = np.isfinite(windows)
    counts = known.sum(axis=1)
    return np.where(
        counts >= LEAST_MONTHS_YOUNG, np.where(known, windows, 0).sum(axis=1) / np.maximum(counts, 1), np.nan
    )


def _seasonal(totals: Floats) -> Floats:
    """Return (T,) the same month of the year before times the growth of the half year before over its year before."""
    half_year = _half_years(totals).sum(axis=1)
    with np.errstate(all="ignore"):
        return np.asarray(_year_before(totals) * half_year / _year_before(half_year))


def _half_years(totals: Floats) -> Floats:
    """Return (T, 6) the six months before each month; NaN before the first."""
    padded = np.concatenate([np.full(HALF_YEAR, np.nan), totals])
    return np.lib.stride_tricks.sliding_window_view(padded[:-1], HALF_YEAR)


def _year_before(values: Floats) -> Floats:
    return np.concatenate([np.full(YEAR, np.nan), values])[: len(values)]


def _jumps(delivery: Delivery, at: int) -> Floats:
    """Return (n,) how far a month is beyond the best or the worst month before; 1 where it is not, or cannot be."""
    units, past = delivery.units[:, at], np.nan_to_num(delivery.units[:, max(0, at - SKU_PAST_MONTHS) : at])
    sold = delivery.is_sold[:, max(0, at - YEAR) : at]
    best, year = past.max(axis=1), past[:, -sold.shape[1] :]
    average = np.abs(year).sum() / max(1, sold.sum())
    least = LEAST_AVERAGE_SKUS * average
    is_known = np.isfinite(units) & (sold.sum(axis=1) >= HALF_YEAR)
    rise: Bools = is_known & (best > 0) & (np.nan_to_num(units) - best >= least)
    worst = year.min(axis=1)
    fall: Bools = is_known & sold.all(axis=1) & (np.nan_to_num(units) > 0) & (worst - np.nan_to_num(units) >= least)
    jumps = np.ones(len(units))
    jumps[rise] = units[rise] / best[rise]
    jumps[fall] = worst[fall] / units[fall] / FALL_WEIGHT
    return jumps


def _pack_hint(ratio: float) -> str:
    """Return a hint if a factor is near one of packs, thousands points or decimals."""
    if ratio <= 0:
        return ""
    near = [f for f in FACTORS if abs(np.log(max(ratio, 1 / ratio) / f)) < FACTOR_TOLERANCE]
    return f" (about {'x ' if ratio > 1 else '1/'}{near[0]}: another unit of measure?)" if near else ""
