"""Expected sell-out of each SKU and month without noise: one function per effect, on the log scale.

Retailers can foresee the plan part: season, festivities, price, promotion, launch and end. The state part comes
unannounced: the random walk of the level, and COVID. Noise and stock are in ``supply.py``.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast_assets.sample import parameters as p
from forecast_assets.sample.countries import SampleMarket
from forecast_assets.sample.covid import monthly_stringency
from forecast_assets.sample.festivities import easter_share, holiday_surplus, ramadan_share
from forecast_assets.sample.plan import inflation_path
from forecast_assets.sample.timeline import Timeline, stream


@dataclass(frozen=True)
class ExpectedDemand:
    """Expected sell-out, ``plan_units * state`` units; all arrays have shape (n_sku, n_months).

    Attributes:
        plan_units: Foreseeable units; 0 before the launch and after the end.
        base_units: Foreseeable units without promotions and their dips.
        state: Factor of the level's random walk and of COVID.
        distribution: Share of shops that list the SKU, 0 to 1.
    """

    plan_units: np.ndarray
    base_units: np.ndarray
    state: np.ndarray
    distribution: np.ndarray


def expected_demand(
    table: pd.DataFrame, log_price: np.ndarray, depths: np.ndarray, market: SampleMarket, seed: int, timeline: Timeline
) -> ExpectedDemand:
    """Return expected sell-out from the assortment, its log price paths and its promotion depths in percent."""
    lifecycle = lifecycle_factor(table, timeline)
    log_base = (
        np.log(table["base_units"].to_numpy())[:, None]
        + _growth(table, market, seed, timeline)
        + season(table, market, timeline)
        + festivities(table, market, timeline)
        + _elasticity(table)[:, None] * (log_price - inflation_path(timeline))
    )
    base_units = np.exp(log_base) * lifecycle
    plan_units = base_units * np.exp(promotion_effect(table["uplift"].to_numpy(), depths))
    state = _level_walk(table, market, seed, timeline) + covid_effect(table, market, seed, timeline)
    listed = np.clip(0.35 + 0.6 * (1.0 - table["volume_rank"].to_numpy()), 0.0, 0.95)[:, None]
    return ExpectedDemand(plan_units, base_units, np.exp(state), listed * np.minimum(lifecycle, 1.0))


def _of_category(table: pd.DataFrame, field: str) -> np.ndarray:
    return np.array([getattr(category, field) for category in p.CATEGORIES])[table["category"].to_numpy()]


def _elasticity(table: pd.DataFrame) -> np.ndarray:
    return np.minimum(_of_category(table, "elasticity") + table["elasticity_extra"].to_numpy(), -0.3)


def _growth(table: pd.DataFrame, market: SampleMarket, seed: int, timeline: Timeline) -> np.ndarray:
    """Return the log growth of categories and SKUs: even over the time line, 0 in its middle."""
    rng = stream(seed, "growth", market.code)
    category = p.CATEGORY_GROWTH + p.CATEGORY_GROWTH_SD * rng.standard_normal(len(p.CATEGORIES))
    yearly = category[table["category"].to_numpy()] + p.SKU_GROWTH_SD * rng.standard_normal(len(table))
    years = (np.arange(timeline.size) - timeline.size / 2) / 12
    return yearly[:, None] * years


def season(table: pd.DataFrame, market: SampleMarket, timeline: Timeline) -> np.ndarray:
    """Return the log effect of climate and Christmas, shape (n_sku, n_months).

    The climate is a yearly wave, hottest in July north of the equator.
    """
    month = timeline.months.month.to_numpy()
    wave = market.summer * np.cos(2 * np.pi * (month - 7) / 12)
    christmas = market.easter * np.select([month == 12, month == 11, month == 1], [1.0, 0.5, -0.3], 0.0)
    effect = np.outer(_of_category(table, "summer"), wave) + np.outer(_of_category(table, "christmas"), christmas)
    return effect * table["season_strength"].to_numpy()[:, None]


def festivities(table: pd.DataFrame, market: SampleMarket, timeline: Timeline) -> np.ndarray:
    """Return the log effect of Easter, Ramadan and movable public holidays, shape (n_sku, n_months)."""
    return (
        np.outer(_of_category(table, "easter"), market.easter * easter_share(timeline.months))
        + np.outer(_of_category(table, "ramadan"), market.ramadan * ramadan_share(timeline.months))
        + np.outer(_of_category(table, "holiday"), holiday_surplus(market.iso2, timeline.months))
    )


def promotion_effect(uplift: np.ndarray, depths: np.ndarray) -> np.ndarray:
    """Return the log uplift in the month of a promotion and the dip in the month after, shape (n_sku, n_months)."""
    effect = uplift[:, None] * depths / 100
    dip = np.zeros_like(effect)
    dip[:, 1:] = -p.POST_PROMOTION_DIP * effect[:, :-1]
    return effect + dip


def covid_effect(table: pd.DataFrame, market: SampleMarket, seed: int, timeline: Timeline) -> np.ndarray:
    """Return the log effect of stringency, fading by year, and of stockpiling while it rises, (n_sku, n_months)."""
    stringency = monthly_stringency(seed, market.code, timeline.months) / 100
    fade = np.array([p.COVID_FADE.get(int(year), 0.0) for year in timeline.months.year])
    rise = np.maximum(np.diff(stringency, prepend=0.0), 0.0) * (timeline.months.year == 2020)
    reaction = _of_category(table, "covid")
    return np.outer(reaction, stringency * fade) + p.PANIC_LOG * np.outer(reaction > 0, rise)


def _level_walk(table: pd.DataFrame, market: SampleMarket, seed: int, timeline: Timeline) -> np.ndarray:
    rng = stream(seed, "level", market.code)
    own = p.LEVEL_WALK_SD * rng.standard_normal((len(table), timeline.size))
    shared = p.CATEGORY_WALK_SD * rng.standard_normal((len(p.CATEGORIES), timeline.size))
    return np.cumsum(own + shared[table["category"].to_numpy()], axis=1)


def lifecycle_factor(table: pd.DataFrame, timeline: Timeline) -> np.ndarray:
    """Return the share of the mature volume: launch curve, phase-out, 0 outside the life, (n_sku, n_months)."""
    position = np.arange(timeline.size)
    age = position - table["launch"].to_numpy()[:, None]
    left = table["end"].to_numpy()[:, None] - position
    follows = (table["role"] == "successor").to_numpy()[:, None]
    start = np.where(follows, p.SUCCESSOR_START, p.LAUNCH_START)
    ramp = 1.0 - (1.0 - start) * np.exp(-np.maximum(age, 0) / np.where(follows, p.SUCCESSOR_MONTHS, p.LAUNCH_MONTHS))
    leaving = np.append(p.PHASE_OUT, 1.0)[np.clip(left, 0, len(p.PHASE_OUT))]
    return np.where((age >= 0) & (left >= 0), ramp * leaving, 0.0)
