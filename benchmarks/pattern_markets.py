"""Simulated SKUs with the patterns that portfolios are full of, and the regular SKUs beside them.

Here belongs what the patterns look like; ``patterns.py`` forecasts and scores them. A market has 60 known months and 18
that follow. Each pattern has a few SKUs, so that one market shows several of them.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.festivals import festival_days

MONTHS = pd.date_range("2019-07-01", periods=78, freq="MS")
PAST, HORIZON = 60, 18
ORIGIN = MONTHS[PAST - 1]
CALENDAR = MONTHS.month.to_numpy()
REGULAR_SKUS, SKUS_OF_A_PATTERN = 40, 3
NOISE = 0.1
CALENDAR_SEASONS = {
    "Christmas": {11: 0.6, 12: 1.0},
    "summer": {5: 0.5, 6: 1.0, 7: 1.0, 8: 0.6},
    "Easter eggs and Christmas": {3: 0.5, 4: 0.5, 12: 1.0},
}


@dataclasses.dataclass(frozen=True)
class PatternMarket:
    """A simulated market.

    Attributes:
        name: Name of the group of patterns.
        pattern: (n,) pattern of each SKU.
        units: (n, 78) units; the last 18 months follow the origin.
        iso2: Country, for its holidays.
        products: One row per SKU: ``sku, category, launch_month, end_month``.
    """

    name: str
    pattern: np.ndarray
    units: np.ndarray
    iso2: str = "DE"

    @property
    def products(self) -> pd.DataFrame:
        """Products without launches and ends."""
        skus = np.array([f"{pattern} {row}" for row, pattern in enumerate(self.pattern)], dtype=object)
        open_end = pd.Series(pd.NaT, index=range(len(skus)), dtype="datetime64[ns]")
        return pd.DataFrame(
            {"sku": skus, "category": "tea", "brand": "own", "pack": "bag", "launch_month": open_end,
             "end_month": open_end, "reference_sku": None}
        ).astype({"reference_sku": object})  # fmt: skip


def noisy(rng: np.random.Generator, level: np.ndarray, noise: float = NOISE) -> np.ndarray:
    """The level with multiplicative noise, in whole units."""
    return np.round(level * np.exp(rng.normal(0.0, noise, level.shape)))


def regular(rng: np.random.Generator, count: int = REGULAR_SKUS) -> np.ndarray:
    """SKUs of 50 to 1,500 units a month with a mild season, (count, 78)."""
    level = np.exp(rng.uniform(np.log(50), np.log(1500), (count, 1)))
    peak = rng.integers(0, 12, (count, 1))
    season = 1 + rng.uniform(0.0, 0.3, (count, 1)) * np.cos(2 * np.pi * (CALENDAR - peak) / 12)
    return noisy(rng, level * season)


def _steady(rng: np.random.Generator) -> np.ndarray:
    return noisy(rng, np.full((SKUS_OF_A_PATTERN, len(MONTHS)), 100.0))


def spikes(rng: np.random.Generator) -> PatternMarket:
    """SKUs of 100 a month with an extreme at the end of the known months; sales go on as before."""
    last = PAST - 1
    ends: dict[str, dict[int, float]] = {
        "no extreme": {},
        "5,000 at the origin": {last: 5000},
        "0 at the origin": {last: 0},
        "-5,000 at the origin": {last: -5000},
        "5,000 twice": {last - 1: 5000, last: 5000},
        "0 twice": {last - 1: 0, last: 0},
        "5,000, then returned": {last - 1: 5000, last: -4900},
        "5,000 one month ago": {last - 1: 5000},
        "5,000 four months ago": {last - 4: 5000},
    }
    parts = {}
    for name, cells in ends.items():
        parts[name] = _steady(rng)
        for month, value in cells.items():
            parts[name][:, month] = value
    return _market("extremes at the end", parts, rng)


def falls_of_level(rng: np.random.Generator) -> PatternMarket:
    """SKUs that fell from 1,200 to 100 a month some months ago, with and without a season."""
    return _market("falls of the level", _level_changes(rng, 1200.0, 100.0), rng)


def rises_of_level(rng: np.random.Generator) -> PatternMarket:
    """SKUs that rose from 100 to 1,200 a month some months ago, with and without a season."""
    return _market("rises of the level", _level_changes(rng, 100.0, 1200.0), rng)


def _level_changes(rng: np.random.Generator, before: float, after: float) -> dict[str, np.ndarray]:
    parts = {}
    for months in (4, 8, 12):
        for seasonal in (False, True):
            level = np.where(np.arange(len(MONTHS)) < PAST - months, before, after)
            season = 1 + (0.4 if seasonal else 0.0) * np.cos(2 * np.pi * (CALENDAR - 7) / 12)
            name = f"{before:,.0f} to {after:,.0f}, {months} months ago{', seasonal' if seasonal else ''}"
            parts[name] = noisy(rng, (level * season)[None])
    return parts


def seasonal(rng: np.random.Generator) -> PatternMarket:
    """SKUs sold in a few months of the year alone, on the calendar or around festivals that move."""
    parts = {}
    for name, sizes in CALENDAR_SEASONS.items():
        profile = sum(size * (month == CALENDAR) for month, size in sizes.items())
        parts[name] = noisy(rng, _levels(rng) * profile)
    for festival in ("easter", "eid_al_fitr", "lunar_new_year"):
        parts[f"before {festival}"] = noisy(rng, _levels(rng) * _shopping(festival, 40))
    return _market("strictly seasonal", parts, rng)


def _levels(rng: np.random.Generator) -> np.ndarray:
    return np.exp(rng.uniform(np.log(200), np.log(2000), (SKUS_OF_A_PATTERN, 1)))


def _shopping(festival: str, days: int) -> np.ndarray:
    """Share of the days up to a festival that each month has, (78,)."""
    share = np.zeros(len(MONTHS))
    for day in festival_days(festival, MONTHS[0].year, MONTHS[-1].year + 1):
        before = pd.date_range(end=pd.Timestamp(day), periods=days)
        place = MONTHS.get_indexer(before.to_period("M").to_timestamp())
        np.add.at(share, place[place >= 0], 1 / days)
    return share


def _market(name: str, parts: dict[str, np.ndarray], rng: np.random.Generator, iso2: str = "DE") -> PatternMarket:
    parts = parts | {"regular": regular(rng)}
    pattern = np.concatenate([np.full(len(units), of, dtype=object) for of, units in parts.items()])
    return PatternMarket(name, pattern, np.concatenate(list(parts.values())), iso2)


MARKETS = {"spikes": spikes, "falls": falls_of_level, "rises": rises_of_level, "seasonal": seasonal}
