"""Retailers' orders: the sales they expect plus a part of their missing stock, learned from a market's history.

Sell-in follows sell-out through the trade's stock. The rule is one linear regression over all SKUs of the market,
applied month by month. Not here: the expected sell-out (``demand_structure.py``).
"""

from dataclasses import dataclass

import numpy as np

from forecast_assets.domain.arrays import Floats

COVER_MONTHS = 36
LEARNED_MONTHS = 36
MIN_ROWS = 200
ROBUST_STEPS = 3
# Residuals above this many standard deviations are cut: launches and returns follow other rules.
LARGEST_RESIDUAL = 2.5
LARGEST_SURPRISE = 0.5
# Rows are divided by level ** power: with 0 each unit has the same weight, with 1 each SKU.
SCALE_POWER = 0.75
MONTHS_LOOKED_AHEAD = 2


@dataclass(frozen=True)
class TradeExpectation:
    """Expected sell-out of n SKUs over the known months and those ahead of the origin, in units.

    Attributes:
        past_months: Number of known months; column ``past_months - 1`` is the origin month.
        sell_out: (n, months), with promotions.
        base: (n, months), without them.
    """

    past_months: int
    sell_out: Floats
    base: Floats

    @property
    def base_ahead(self) -> Floats:
        """Mean base of the two months after each, (n, months - 2): the demand that stock is held for."""
        return (self.base[:, 1:-1] + self.base[:, 2:]) / 2

    def extra_of(self, month: int) -> Floats:
        """Return the units that promotions add in the month of a column, at least 0, (n,)."""
        return np.maximum(self.sell_out[:, month] - self.base[:, month], 0.0)


def usual_cover(stock: Floats, expected: TradeExpectation) -> Floats:
    """Return stock at the end of a month / mean base of the two months after it, over the last 36 months, (n,).

    NaN if no stock is known.
    """
    known = np.isfinite(stock[:, -COVER_MONTHS:])
    ahead = expected.base_ahead[:, : expected.past_months][:, -COVER_MONTHS:]
    base = (known * ahead).sum(axis=1)
    held = np.nan_to_num(stock[:, -COVER_MONTHS:]).sum(axis=1)
    cover: Floats = np.divide(held, base, out=np.full(len(stock), np.nan), where=base > 0)
    return cover


def surprises(sell_out: Floats, expected: TradeExpectation) -> Floats:
    """Return log(sell-out / expected sell-out) in known months, within +-0.5; 0 if unknown, (n, past_months)."""
    past = expected.sell_out[:, : expected.past_months]
    known = np.isfinite(sell_out) & (past > 0)
    ratio = np.divide(np.nan_to_num(sell_out), past, out=np.ones_like(past), where=known)
    return np.clip(np.log(np.maximum(ratio, 1e-3)), -LARGEST_SURPRISE, LARGEST_SURPRISE)


def expected_orders(sell_in: Floats, sell_out: Floats, stock: Floats, expected: TradeExpectation) -> Floats | None:
    """Return the sell-in of the months ahead by the ordering rule of the market, (n, months ahead - 2), at least 0.

    The rule is linear. Sell-in depends on this month's expected sell-out, the extra units of promotions in this month
    and its neighbours, the usual stock for the next two months, the stock at the end of last month, and last month's
    surprise.

    Args:
        sell_in: (n, past_months) ending at the origin month; NaN if unknown.
        sell_out: As ``sell_in``.
        stock: As ``sell_in``, at the end of the month.
        expected: Sell-out as expected at the origin, for two months more than the result.

    Returns:
        NaN for SKUs whose stock was never known; None if fewer than 200 rows could be learned from.
    """
    target = usual_cover(stock, expected)[:, None] * expected.base_ahead
    surprise = surprises(sell_out, expected)
    rule = _learned_rule(sell_in, stock, surprise, expected, target)
    if rule is None:
        return None
    last = expected.past_months - 1
    held = np.where(np.isfinite(stock[:, last]), stock[:, last], target[:, last])
    orders = np.empty((len(sell_in), target.shape[1] - expected.past_months))
    for ahead in range(orders.shape[1]):
        month = expected.past_months + ahead
        seen = surprise[:, last] if ahead == 0 else np.zeros(len(sell_in))
        orders[:, ahead] = np.maximum(_regressors(month, held, seen, expected, target) @ rule, 0.0)
        held = np.maximum(held + orders[:, ahead] - expected.sell_out[:, month], 0.0)
    return orders


def _regressors(month: int, held: Floats, surprise: Floats, expected: TradeExpectation, target: Floats) -> Floats:
    """Return the regressors of the month in a column, (n, 7); ``held`` and ``surprise`` are of the month before."""
    sold = expected.sell_out[:, month]
    extra = (expected.extra_of(neighbour) for neighbour in (month - 1, month, month + 1))
    return np.stack([sold, *extra, target[:, month], held, sold * surprise], axis=1)


def _learned_rule(
    sell_in: Floats, stock: Floats, surprise: Floats, expected: TradeExpectation, target: Floats
) -> Floats | None:
    """Fit the coefficients by least squares over the last 36 months, large residuals cut; None with too few rows."""
    scaled_rows: list[Floats] = []
    scaled_orders: list[Floats] = []
    for month in range(max(1, expected.past_months - LEARNED_MONTHS), expected.past_months):
        row = _regressors(month, stock[:, month - 1], surprise[:, month - 1], expected, target)
        ordered, level = sell_in[:, month], expected.base[:, month]
        usable = np.isfinite(row).all(axis=1) & np.isfinite(ordered) & (level > 0)
        scale = level[usable] ** SCALE_POWER
        scaled_rows.append(row[usable] / scale[:, None])
        scaled_orders.append(ordered[usable] / scale)
    if sum(map(len, scaled_orders)) < MIN_ROWS:
        return None
    rows, orders = np.concatenate(scaled_rows), np.concatenate(scaled_orders)
    gram = rows.T @ rows
    gram += 1e-6 * np.trace(gram) * np.eye(len(gram))
    cut: Floats = orders
    for _ in range(ROBUST_STEPS):
        rule = np.asarray(np.linalg.solve(gram, rows.T @ cut), dtype=np.float64)
        residual = orders - rows @ rule
        limit = LARGEST_RESIDUAL * np.median(np.abs(residual)) / 0.6745
        cut = orders - residual + np.clip(residual, -limit, limit)
    return rule
