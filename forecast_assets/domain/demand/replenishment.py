"""What retailers order: the sales they expect and a part of what their stock lacks, learned from a market's history.

Sell-in follows sell-out through the trade's stock. The rule is one linear regression over all SKUs of the market, run
forward month by month. Not here: the expected sell-out itself (``demand_structure.py``).
"""

from dataclasses import dataclass

import numpy as np

COVER_MONTHS = 36
LEARNED_MONTHS = 36
MIN_ROWS = 200
ROBUST_STEPS = 3
# Residuals above so many standard deviations are cut: launches and returns follow other rules.
LARGEST_RESIDUAL = 2.5
LARGEST_SURPRISE = 0.5
# Rows are divided by level ** power: between every unit (0) and every SKU (1) counting alike.
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
    sell_out: np.ndarray
    base: np.ndarray

    @property
    def base_ahead(self) -> np.ndarray:
        """Mean base of the two months after each, (n, months - 2): what stock is held for."""
        return (self.base[:, 1:-1] + self.base[:, 2:]) / 2

    def extra_of(self, month: int) -> np.ndarray:
        """What promotions add in the month of a column, at least 0, (n,)."""
        return np.maximum(self.sell_out[:, month] - self.base[:, month], 0.0)


def usual_cover(stock: np.ndarray, expected: TradeExpectation) -> np.ndarray:
    """Stock at the end of a month / mean base of the two months after it, over the last 36 months, (n,).

    NaN where no stock is known.
    """
    known = np.isfinite(stock[:, -COVER_MONTHS:])
    ahead = expected.base_ahead[:, : expected.past_months][:, -COVER_MONTHS:]
    base = (known * ahead).sum(axis=1)
    held = np.nan_to_num(stock[:, -COVER_MONTHS:]).sum(axis=1)
    return np.divide(held, base, out=np.full(len(stock), np.nan), where=base > 0)


def surprises(sell_out: np.ndarray, expected: TradeExpectation) -> np.ndarray:
    """Logarithm of sell-out / expected sell-out in known months, within +-0.5; 0 where unknown, (n, past_months)."""
    then = expected.sell_out[:, : expected.past_months]
    known = np.isfinite(sell_out) & (then > 0)
    ratio = np.divide(np.nan_to_num(sell_out), then, out=np.ones_like(then), where=known)
    return np.clip(np.log(np.maximum(ratio, 1e-3)), -LARGEST_SURPRISE, LARGEST_SURPRISE)


def expected_orders(
    sell_in: np.ndarray, sell_out: np.ndarray, stock: np.ndarray, expected: TradeExpectation
) -> np.ndarray | None:
    """Sell-in of the months ahead by the ordering rule of the market, (n, months ahead - 2), at least 0.

    The rule: sell-in is a linear function of this month's expected sell-out, its and the neighbouring months' extra of
    promotions, the usual stock for the two months ahead, the stock at the end of last month, and last month's surprise.

    Args:
        sell_in, sell_out, stock: (n, past_months) ending at the origin month; NaN where unknown.
        expected: Sell-out as expected at the origin, with at least two months more than are asked for.

    Returns:
        NaN for SKUs whose stock was never known; None where fewer than 200 rows could be learned from.
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


def _regressors(
    month: int, held: np.ndarray, surprise: np.ndarray, expected: TradeExpectation, target: np.ndarray
) -> np.ndarray:
    """(n, 7): what orders of the month in a column depend on, ``held`` and ``surprise`` being of the month before."""
    sold = expected.sell_out[:, month]
    extra = (expected.extra_of(neighbour) for neighbour in (month - 1, month, month + 1))
    return np.stack([sold, *extra, target[:, month], held, sold * surprise], axis=1)


def _learned_rule(
    sell_in: np.ndarray, stock: np.ndarray, surprise: np.ndarray, expected: TradeExpectation, target: np.ndarray
) -> np.ndarray | None:
    """Coefficients of the regressors by least squares over the last 36 months, large residuals cut; None if too few."""
    rows, answers = [], []
    for month in range(max(1, expected.past_months - LEARNED_MONTHS), expected.past_months):
        row = _regressors(month, stock[:, month - 1], surprise[:, month - 1], expected, target)
        answer, level = sell_in[:, month], expected.base[:, month]
        usable = np.isfinite(row).all(axis=1) & np.isfinite(answer) & (level > 0)
        scale = level[usable] ** SCALE_POWER
        rows.append(row[usable] / scale[:, None])
        answers.append(answer[usable] / scale)
    if sum(map(len, answers)) < MIN_ROWS:
        return None
    rows, answers = np.concatenate(rows), np.concatenate(answers)
    gram = rows.T @ rows
    gram += 1e-6 * np.trace(gram) * np.eye(len(gram))
    cut = answers
    for _ in range(ROBUST_STEPS):
        rule = np.linalg.solve(gram, rows.T @ cut)
        residual = answers - rows @ rule
        limit = LARGEST_RESIDUAL * np.median(np.abs(residual)) / 0.6745
        cut = answers - residual + np.clip(residual, -limit, limit)
    return rule
