"""Simulation of sell-out drawn around its expectation, and of the sell-in that retailers' stock policy derives from it.

One function simulates one world or a hundred at once. The truth is the mean over a hundred worlds with the same stock
policy as the delivered one.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast_assets.sample import parameters as p
from forecast_assets.sample.countries import SampleMarket
from forecast_assets.sample.demand import ExpectedDemand
from forecast_assets.sample.timeline import Timeline, stream


@dataclass(frozen=True)
class SupplyChain:
    """Inputs of draw and stock policy; arrays of shape (n_sku, n_months) or (n_sku,), ``correction`` a number."""

    demand: ExpectedDemand
    loading: np.ndarray
    quarter_end: np.ndarray
    case_units: np.ndarray
    occurrence: np.ndarray
    noise_sd: np.ndarray
    cover: np.ndarray
    response: np.ndarray
    correction: float


@dataclass(frozen=True)
class Flows:
    """Units per SKU and month, shape (n_sku, n_months): means over the simulated worlds.

    Sell-in is ``delivered - returned``; ``stock`` is the retailers' at the end of the month.
    """

    sell_out: np.ndarray
    delivered: np.ndarray
    returned: np.ndarray
    stock: np.ndarray

    @property
    def sell_in(self) -> np.ndarray:
        """Deliveries less returns."""
        return self.delivered - self.returned


def make_supply_chain(
    table: pd.DataFrame,
    demand: ExpectedDemand,
    log_price: np.ndarray,
    market: SampleMarket,
    seed: int,
    timeline: Timeline,
) -> SupplyChain:
    """Return the noise of the SKUs and the stock policy of the market's retailers."""
    rng = stream(seed, "retailers", market.code)
    n = len(table)
    rise = np.diff(log_price, axis=1, append=log_price[:, -1:])  # the next month's rise, which is announced before it
    noise = p.HEAD_NOISE + (p.TAIL_NOISE - p.HEAD_NOISE) * table["volume_rank"].to_numpy()
    steady = table["occurrence"].to_numpy() == 1.0
    return SupplyChain(
        demand=demand,
        loading=np.minimum(p.PRICE_RISE_LOADING * rise, p.MAX_LOADING),
        quarter_end=1.0 + p.QUARTER_END_PUSH * (timeline.months.month.to_numpy() % 3 == 0),
        case_units=table["case_units"].to_numpy(),
        occurrence=table["occurrence"].to_numpy(),
        noise_sd=noise,
        cover=rng.uniform(*p.COVER_MONTHS, n),
        response=np.where(steady, p.LEVEL_RESPONSE, p.INTERMITTENT_RESPONSE),
        correction=float(rng.uniform(*p.STOCK_CORRECTION)),
    )


def simulate(chain: SupplyChain, rng: np.random.Generator, worlds: int) -> Flows:
    """Draw sell-out and run the stock policy month by month.

    In month t retailers know the plan of t, t+1 and t+2, their stock, and the state (level, COVID) and surprise of t-1.
    Sell-out therefore moves sell-in a month later.

    Args:
        chain: Demand and stock policy of the market.
        rng: Generator that only these worlds use.
        worlds: 1 for the delivered company, many for its expectation.
    """
    plan, base = (
        np.pad(units, ((0, 0), (0, 2)), mode="edge").astype(np.float32)
        for units in (chain.demand.plan_units, chain.demand.base_units)
    )
    state = chain.demand.state.astype(np.float32)
    n, size = state.shape
    stock = np.repeat((chain.cover * plan[:, 0])[:, None], worlds, axis=1).astype(np.float32).round()
    surprise = np.ones((n, worlds), np.float32)
    market_shock = np.zeros(worlds, np.float32)
    flows = {name: np.zeros((n, size)) for name in ("sell_out", "delivered", "returned", "stock")}
    for t in range(size):
        known = state[:, max(t - 1, 0), None] * surprise
        delivered = _orders(chain, plan, base, known, stock, t, rng)
        market_shock = _next_shock(market_shock, rng)
        wanted = _draw_demand(chain, plan[:, t] * state[:, t], market_shock, rng)
        sold = np.minimum(wanted, stock + delivered)
        stock = stock + delivered - sold
        returned = _returns(chain, plan, stock, t, rng)
        stock = stock - returned
        surprise = _learn(surprise, wanted, plan[:, t] * state[:, t], chain.response)
        for name, values in zip(flows, (sold, delivered, returned, stock), strict=True):
            flows[name][:, t] = values.mean(axis=1, dtype=np.float64)
    return Flows(**flows)


def _orders(
    chain: SupplyChain,
    plan: np.ndarray,
    base: np.ndarray,
    known: np.ndarray,
    stock: np.ndarray,
    t: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the month's deliveries in whole cases: expected sell-out plus a part of the gap to the target stock.

    The target covers base sales and part of next month's promotion; promotions are bought forward.
    """
    cover = (chain.cover + chain.loading[:, t]).astype(np.float32)
    ahead = np.float32(p.NEXT_MONTH_WEIGHT) * base[:, t + 1] + np.float32(1 - p.NEXT_MONTH_WEIGHT) * base[:, t + 2]
    extra_now, extra_next = (np.maximum(plan[:, s] - base[:, s], 0) for s in (t, t + 1))
    target = (cover * ahead + np.float32(p.PROMOTION_LOADING) * extra_next)[:, None] * known
    first = plan[:, t - 1] == 0 if t else np.zeros(len(plan), bool)
    # The launch month fills the shelves at once: no order is spread over months for goods that are not there yet.
    correction = np.where(first, 1.0, chain.correction).astype(np.float32)[:, None]
    expected = (plan[:, t] + np.float32(p.FORWARD_BUYING) * extra_now)[:, None] * known
    order = expected + correction * (target - stock)
    noise = np.exp(np.float32(p.ORDER_NOISE) * rng.standard_normal(order.shape, dtype=np.float32))
    case = chain.case_units.astype(np.float32)[:, None]
    cases = np.rint(np.maximum(order, 0) * noise * np.float32(chain.quarter_end[t]) / case)
    return np.where(plan[:, t, None] > 0, cases * case, np.float32(0))


def _next_shock(shock: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    innovation = p.MARKET_SHOCK_SD * np.sqrt(1 - p.MARKET_SHOCK_AR**2)
    return (p.MARKET_SHOCK_AR * shock + innovation * rng.standard_normal(len(shock))).astype(np.float32)


def _draw_demand(
    chain: SupplyChain, mean: np.ndarray, market_shock: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw the whole units that consumers want, with mean ``mean``: lognormal, in the tail rare sales of gamma size."""
    sd = chain.noise_sd.astype(np.float32)[:, None]
    shape = (len(mean), len(market_shock))
    factor = np.exp(sd * rng.standard_normal(shape, dtype=np.float32) - sd**2 / 2)
    rare = np.flatnonzero(chain.occurrence < 1.0)
    sells = rng.random((len(rare), shape[1]), dtype=np.float32) < chain.occurrence[rare, None]
    size = rng.standard_gamma(p.SIZE_SHAPE, (len(rare), shape[1]), dtype=np.float32) / np.float32(p.SIZE_SHAPE)
    factor[rare] = sells * size / chain.occurrence[rare, None].astype(np.float32)
    wanted = mean[:, None] * factor * np.exp(market_shock - np.float32(p.MARKET_SHOCK_SD**2 / 2))
    # Rounding at random keeps the mean of small numbers.
    return np.floor(wanted + rng.random(shape, dtype=np.float32))


def _returns(chain: SupplyChain, plan: np.ndarray, stock: np.ndarray, t: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the units sent back: now and then a little of the stock, and a good part of it when a SKU ends."""
    happens = rng.random(stock.shape, dtype=np.float32) < p.RETURN_PROBABILITY
    share = rng.uniform(*p.RETURNED_SHARE, stock.shape).astype(np.float32) * happens
    last = ((plan[:, t] > 0) & (plan[:, t + 1] == 0))[:, None]
    on_sale = plan[:, t, None] > 0
    return np.rint(np.where(last, np.float32(p.RETURNED_AT_END), share) * stock) * on_sale


def _learn(surprise: np.ndarray, wanted: np.ndarray, expected: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Return the surprise, smoothed exponentially from sell-out over its expectation, within a factor of two."""
    known = expected[:, None] > 0
    ratio = np.where(known, wanted / np.where(known, expected[:, None], 1), 1)
    moved = surprise + response.astype(np.float32)[:, None] * (ratio - surprise)
    return np.clip(moved, 0.5, 2.0).astype(np.float32)
