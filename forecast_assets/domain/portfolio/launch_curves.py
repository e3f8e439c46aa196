"""Launch curves of a market: the shape of the first year of earlier launches, and the season of a category.

Not here: the level of a launch (``launches``, ``launch_experience``).
"""

import dataclasses
from collections.abc import Iterable

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Ints, Labels
from forecast_assets.domain.demand.demand_panel import known_mean
from forecast_assets.domain.demand.seasonality import seasonal_indices
from forecast_assets.domain.models.recipe import INTERMITTENT_ZERO_SHARE

RAMP_MONTHS = 12
# A median over fewer launches follows one of them.
LAUNCHES_NEEDED = 5
KNOWN_OF_MATURE_YEAR = 6
# Rare items: months of life before the level, and months of a launch's own that the usual level counts as.
SETTLED_AFTER_MONTHS = 3
MONTHS_OF_RARE = 8.0
LEVEL_CURVE = np.ones(RAMP_MONTHS)


@dataclasses.dataclass(frozen=True)
class RareLaunch:
    """Mean launch of rare items: the median of a month would be zero.

    Attributes:
        curve: (12,) mean units by month of life as a multiple of the level.
        level_units: Mean units of the months 3 .. 23 of life.
    """

    curve: Floats
    level_units: float

    def level(self, units: Floats) -> float:
        """Return the level of a launch from its months so far, (age,) without season, and 8 months at the usual one."""
        known = np.isfinite(units)
        expected = self.curve[: len(units)][known].sum() + MONTHS_OF_RARE
        return float((units[known].sum() + MONTHS_OF_RARE * self.level_units) / expected)


@dataclasses.dataclass(frozen=True)
class CurveLaunches:
    """The SKUs of a market as launches.

    A SKU that replaces another takes its shelf and its stock: it starts higher than one that is new on the shelf.

    Attributes:
        units: (n, T).
        starts: (n,) columns of the first month, NaN if not observed.
        category: (n,) text.
        replaces: (n,) True if it replaces its reference.
    """

    units: Floats
    starts: Floats
    category: Labels
    replaces: Bools

    def without_season(self, seasons: dict[str, Floats], calendar_months: Ints) -> "CurveLaunches":
        """Return the same launches with their units divided by the season of their category."""
        of_sku = np.array([seasons[name] for name in self.category]).reshape(-1, 12)
        return dataclasses.replace(self, units=self.units / of_sku[:, calendar_months - 1])

    def behind(self, category: str, replaces: bool) -> Bools:
        """Return True for the earlier launches that the curve of a launch is made from, (n,); none if all are too few.

        At least 5 are needed: those of the category that replace a SKU, or do not, as it does; else such ones of the
        market; else all of the category; else all of the market.
        """
        return self._behind(mature_levels(self.units, self.starts) > 0, category, replaces)

    def _behind(self, is_mature: Bools, category: str, replaces: bool) -> Bools:
        of_kind, of_category = self.replaces == replaces, self.category == category
        for chosen in (of_kind & of_category, of_kind, of_category, np.ones(len(self.units), dtype=bool)):
            if (is_mature & chosen).sum() >= LAUNCHES_NEEDED:
                return is_mature & chosen
        return np.zeros(len(self.units), dtype=bool)

    def curves(self, wanted: Iterable[tuple[str, bool]]) -> dict[tuple[str, bool], Floats]:
        """Return the launch curve (12,) of each category, for launches that replace their reference or do not."""
        is_mature = mature_levels(self.units, self.starts) > 0
        chosen = {key: self._behind(is_mature, *key) for key in sorted(set(wanted))}
        return {key: launch_curve(self.units[rows], self.starts[rows]) for key, rows in chosen.items()}

    def rare_launch(self, category: str) -> RareLaunch | None:
        """Return the mean launch of a category of rare items, else of a market of them; None if they are not rare.

        At least 5 launches are needed. Young ones count with the months that they have.
        """
        started = np.isfinite(self.starts) & (self.starts < self.units.shape[1])
        for chosen in (started & (self.category == category), started):
            rows = np.flatnonzero(chosen)
            if len(rows) >= LAUNCHES_NEEDED:
                return _rare_launch(first_months(self.units, rows, self.starts[rows].astype(int)))
        return None


def launch_curve(units: Floats, starts: Floats) -> Floats:
    """Return the units in month 0 .. 11 after the first sale as a multiple of the mature level, (12,).

    It is the median over launches of their units / the mean of months 12 .. 23. A launch counts with 24 months of
    history from its start and 6 known months, above zero in total, in the second year. With fewer than 5 launches it is
    the mature level from the first month on.

    Args:
        units: (n, T), without season.
        starts: (n,) columns of the first month, NaN if not observed.
    """
    mature = mature_levels(units, starts)
    counts = np.flatnonzero(mature > 0)
    if len(counts) < LAUNCHES_NEEDED:
        return LEVEL_CURVE
    first = first_months(units, counts, starts[counts].astype(int))[:, :RAMP_MONTHS]
    median = _known_medians(first / mature[counts, None])
    return np.maximum(np.where(np.isfinite(median), median, 1.0), 0.0)


def first_months(units: Floats, rows: Ints, starts: Ints) -> Floats:
    """Return the units of launches in their first 24 months, (n, 24); NaN where unknown and after the last month.

    Args:
        units: (n_sku, T).
        rows: (n,) rows of the launches.
        starts: (n,) columns of their first months.
    """
    column = starts[:, None] + np.arange(2 * RAMP_MONTHS)
    first = units[rows[:, None], np.minimum(column, units.shape[1] - 1)]
    return np.where(column < units.shape[1], first, np.nan)


def _rare_launch(first: Floats) -> RareLaunch | None:
    """Return the mean of the first 24 months of launches, (n, 24); None if no more than 15 % are without a sale."""
    settled = first[:, SETTLED_AFTER_MONTHS:]
    level = float(known_mean(settled.ravel()[None])[0])
    zeros, known = float((settled == 0).sum()), float(np.isfinite(settled).sum())
    if not level > 0 or zeros <= INTERMITTENT_ZERO_SHARE * known:
        return None
    curve = known_mean(first[:, :RAMP_MONTHS].T) / level
    return RareLaunch(np.where(np.isfinite(curve), curve, 1.0), level)


def _known_medians(values: Floats) -> Floats:
    """Return the median of each column without its NaN, (columns,); NaN if a column has nothing else."""
    ordered, last = np.sort(values, axis=0), np.maximum(np.isfinite(values).sum(axis=0) - 1, 0)
    column = np.arange(values.shape[1])
    # NaN is sorted to the end.
    medians: Floats = 0.5 * (ordered[last // 2, column] + ordered[last - last // 2, column])
    return medians


def mature_levels(units: Floats, starts: Floats) -> Floats:
    """Return the mean of months 12 .. 23 after each start, (n,).

    NaN with fewer than 24 months since the start, or fewer than 6 known months in the second year.
    """
    mature = np.full(len(units), np.nan)
    settled = np.flatnonzero(units.shape[1] - starts >= 2 * RAMP_MONTHS)
    columns = starts[settled].astype(int)[:, None] + np.arange(RAMP_MONTHS, 2 * RAMP_MONTHS)
    second_year = units[settled[:, None], columns]
    enough = np.isfinite(second_year).sum(axis=1) >= KNOWN_OF_MATURE_YEAR
    mature[settled] = np.where(enough, known_mean(second_year), np.nan)
    return mature


def pooled_season(units: Floats, calendar_months: Ints) -> Floats:
    """Return the common seasonal index of SKUs, (12,), January first, each with the same weight; 1 without SKUs."""
    level = known_mean(units)
    counts = level > 0
    if not counts.any():
        return np.ones(12)
    pooled = pd.DataFrame(units[counts] / level[counts, None]).mean().to_numpy()
    season: Floats = seasonal_indices(pooled[None], calendar_months).index[0]
    return season
