"""Simulated market as tables: its deliveries and its true expected demand. No files here."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast_assets.sample import parameters as p
from forecast_assets.sample.catalogue import make_assortment, product_rows
from forecast_assets.sample.countries import SampleMarket
from forecast_assets.sample.demand import ExpectedDemand, expected_demand
from forecast_assets.sample.plan import price_paths, promotion_depths, promotion_rows
from forecast_assets.sample.supply import Flows, make_supply_chain, simulate
from forecast_assets.sample.timeline import Timeline, months_of_ordinals, stream


@dataclass(frozen=True)
class MarketTables:
    """Landing tables of a market, its true expected demand, and the flows behind them.

    Attributes:
        truth: One row per SKU and month on sale: expected sell-in and sell-out units.
        assortment: One row per SKU with its simulation parameters.
        flows: Units of the delivered world over the whole time line, rows as in ``assortment``.
    """

    sell_in: pd.DataFrame
    sell_out: pd.DataFrame
    products: pd.DataFrame
    promotions: pd.DataFrame
    overrides: pd.DataFrame
    truth: pd.DataFrame
    assortment: pd.DataFrame
    flows: Flows


def simulate_market(
    catalogue: pd.DataFrame, market: SampleMarket, seed: int, skus: int, timeline: Timeline
) -> MarketTables:
    """Simulate a market. The result depends on the seed, its code and the sizes, not on other markets."""
    table = make_assortment(catalogue, market, seed, skus, timeline)
    log_price = price_paths(table, market, seed, timeline)
    depths = promotion_depths(table, market, seed, timeline)
    demand = expected_demand(table, log_price, depths, market, seed, timeline)
    chain = make_supply_chain(table, demand, log_price, market, seed, timeline)
    flows = simulate(chain, stream(seed, "delivered world", market.code), worlds=1)
    expected = simulate(chain, stream(seed, "replicas", market.code), worlds=p.REPLICAS)
    shelf_price = table["list_price"].to_numpy()[:, None] * np.exp(log_price)
    truth = _truth_rows(table, demand.plan_units, expected, market, timeline)
    return MarketTables(
        sell_in=_sell_in_rows(table, flows, shelf_price, market, timeline),
        sell_out=_sell_out_rows(table, flows, demand, shelf_price, depths, market, seed, timeline),
        products=product_rows(table, market, timeline),
        promotions=promotion_rows(table, depths, market, seed, timeline),
        overrides=_override_rows(truth, market, seed, timeline),
        truth=truth,
        assortment=table,
        flows=flows,
    )


def _rows(
    table: pd.DataFrame, chosen: np.ndarray, market: SampleMarket, timeline: Timeline, **values: np.ndarray
) -> pd.DataFrame:
    """Return one row per chosen SKU and delivered month, with their values, sorted by month and SKU."""
    month, sku = np.nonzero(chosen[:, timeline.delivered].T)
    position = month + timeline.start
    rows = {"country": market.code, "sku": table["sku"].to_numpy()[sku], "month": timeline.months[position]}
    return pd.DataFrame(rows | {name: value[sku, position] for name, value in values.items()})


def _sell_in_rows(
    table: pd.DataFrame, flows: Flows, shelf_price: np.ndarray, market: SampleMarket, timeline: Timeline
) -> pd.DataFrame:
    net_sales = (flows.sell_in * shelf_price * p.NET_PRICE_SHARE).round(2)
    return _rows(table, flows.sell_in != 0, market, timeline, units=flows.sell_in, net_sales=net_sales)


def _sell_out_rows(
    table: pd.DataFrame,
    flows: Flows,
    demand: ExpectedDemand,
    shelf_price: np.ndarray,
    depths: np.ndarray,
    market: SampleMarket,
    seed: int,
    timeline: Timeline,
) -> pd.DataFrame:
    """Return one row per SKU on sale and month, also without sell-out: stock and distribution are reported anyway."""
    rng = stream(seed, "distribution", market.code)
    distribution = 100 * np.clip(demand.distribution + 0.01 * rng.standard_normal(demand.distribution.shape), 0.01, 1.0)
    price = shelf_price * (1.0 - p.PROMOTED_SHARE_OF_MONTH * depths / 100)
    return _rows(
        table,
        demand.plan_units > 0,
        market,
        timeline,
        units=flows.sell_out,
        stock_units=flows.stock,
        distribution_pct=distribution.round(1),
        price=price.round(2),
        is_promoted=(depths > 0).astype(float),
    )


def _truth_rows(
    table: pd.DataFrame, plan_units: np.ndarray, expected: Flows, market: SampleMarket, timeline: Timeline
) -> pd.DataFrame:
    return _rows(
        table,
        plan_units > 0,
        market,
        timeline,
        expected_sell_in_units=expected.sell_in,
        expected_sell_out_units=expected.sell_out,
    )


def _override_rows(truth: pd.DataFrame, market: SampleMarket, seed: int, timeline: Timeline) -> pd.DataFrame:
    """Return a few planners' overrides in the last year, entered on the 25th of their origin month."""
    rng = stream(seed, "overrides", market.code)
    last_year = timeline.months[max(timeline.stop - 11, timeline.start)]
    target = truth[(truth["month"] >= last_year) & (truth["expected_sell_in_units"] > 0)]
    # Planners mostly override large SKUs: the chance is proportional to volume.
    size = min(p.OVERRIDES, len(target))
    weight = target["expected_sell_in_units"] / target["expected_sell_in_units"].sum()
    target = target.iloc[np.sort(rng.choice(len(target), size, replace=False, p=weight))]
    ahead = pd.Series(rng.integers(1, 4, size), index=target.index)
    month = target["month"].to_numpy().astype("datetime64[M]").astype(np.int64)
    origin = months_of_ordinals(month - ahead.to_numpy())
    error = np.exp(p.OVERRIDE_ERROR_SD * rng.standard_normal(size))
    reasons = np.array(["listing at a large customer", "competitor out of stock", "promotion deeper than planned"])
    rows = {
        "country": market.code,
        "sku": target["sku"],
        "origin_month": origin,
        "target_month": target["month"],
        "forecast_units": (target["expected_sell_in_units"] * error).round(),
        "author": f"planner.{market.code.lower()}",
        "reason": rng.choice(reasons, size),
        "known_from": origin + pd.Timedelta(days=24),
    }
    return pd.DataFrame(rows).reset_index(drop=True)
