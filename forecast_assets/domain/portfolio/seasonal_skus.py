"""Strictly seasonal SKUs: sold in a few months of each year, at Christmas, in summer or around a festival that moves.

Here belong recognising them, their forecast and its quantiles. Not here: clocks of seasons (``season_clocks``), the
order of the rules (``portfolio_rules``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Ints
from forecast_assets.domain.evaluation.quantiles import NORMAL, around_forecast
from forecast_assets.domain.portfolio.season_clocks import CALENDAR, PLACES, Clock, clocks, expected_path

YEAR = 12
# Sold in 1 to 4 places of the season; what lies outside of them is a remainder or a return.
LARGEST_PLACES, LARGEST_REMAINDER, LEAST_PLACE = 4, 0.05, 0.02
# On the calendar each of these months sells in three of four years: rare items sell in any month.
LEAST_SOLD_SHARE = 0.75
# One season shows a season only if nothing was known long before it, and nothing was sold for months after it.
MONTHS_OF_ONE_SEASON, SILENT_AFTER_ONE = 24, 3
# Sales around a festival: from two months before to the month after it.
NEAR_FESTIVAL = np.isin(np.arange(PLACES) - PLACES // 2, [-2, -1, 0, 1])
# The festival must forecast its earlier seasons better than the calendar by a fifth.
LEAST_GAIN_OF_FESTIVAL = 0.8
LARGEST_ERROR = 0.7
# Spread of a season's month around its expectation, in logarithms; it counts as much as 4 months of the SKU's own.
USUAL_SPREAD, MONTHS_OF_USUAL, SMALLEST_SPREAD, LARGEST_SPREAD = 0.25, 4, 0.1, 1.0


@dataclasses.dataclass(frozen=True)
class SeasonalSkus:
    """The strictly seasonal SKUs of a market and their forecasts.

    Attributes:
        is_seasonal: (n,) bool.
        forecast_units: (n, horizon); 0 for the others.
        low_units: (n, horizon) least forecast of the clocks that the SKU may follow.
        high_units: (n, horizon) largest forecast of these.
        spread: (n,) spread of the logarithm of a season's month.
    """

    is_seasonal: Bools
    forecast_units: Floats
    low_units: Floats
    high_units: Floats
    spread: Floats

    def quantiles(self) -> Floats:
        """Return the quantiles (n, horizon, 19) of log-normal demand, below and above the median by another clock."""
        point, low, high = (units[..., None] for units in (self.forecast_units, self.low_units, self.high_units))
        center = np.select([NORMAL < 0, NORMAL > 0], [low, high], point)
        return around_forecast(center * np.exp(NORMAL * self.spread[:, None])[:, None, :], self.forecast_units)

    def of_rows(self, rows: Ints) -> "SeasonalSkus":
        """Return the SKUs of rows."""
        return SeasonalSkus(*(getattr(self, field.name)[rows] for field in dataclasses.fields(self)))


def seasonal_skus(units: Floats, months: pd.DatetimeIndex, horizon_months: int) -> SeasonalSkus:
    """Recognise and forecast strictly seasonal SKUs.

    A SKU is strictly seasonal if all of these hold for a clock, from its first sale on:

    - at least 12 months are known;
    - 95 % of the units are sold in at most 4 places of the season, which are not the rhythm of every n-th month;
    - on the calendar, each of these months sold in three of four years; for a festival, every season sold;
    - the last season sold;
    - there are two seasons, or one in a history of less than 24 months with 3 silent months after it.

    Of the clocks that fit, the one counts whose expectations from earlier seasons were best; with one season the
    calendar. The forecast is the weighted mean of the earlier seasons, the last one weighing half.

    Args:
        units: (n, T) up to the origin month; NaN if unknown.
        months: (T,) months of the columns.
        horizon_months: Number of months to forecast.
    """
    count, known = units.shape
    point, low, high = np.zeros((3, count, horizon_months))
    is_seasonal, spread = np.zeros(count, dtype=bool), np.full(count, USUAL_SPREAD)
    candidates = np.flatnonzero(_may_be_seasonal(units))
    timeline = pd.date_range(months[0], periods=known + horizon_months, freq="MS")
    all_clocks = clocks(timeline) if len(candidates) else []
    for row in candidates:
        paths = {clock.name: expected_path(units[row], clock) for clock in all_clocks if _follows(units[row], clock)}
        best = _best(units[row], paths)
        if best is not None:
            is_seasonal[row] = True
            ahead = np.maximum(np.nan_to_num([path[known:] for path in _possible(units[row], paths, best)]), 0.0)
            point[row], low[row], high[row] = ahead[0], ahead.min(axis=0), ahead.max(axis=0)
            spread[row] = _spread(units[row], paths[best][:known])
    return SeasonalSkus(is_seasonal, point, low, high, spread)


def _may_be_seasonal(units: Floats) -> Bools:
    """Return True for SKUs sold in at most 5 months of each year since their first sale, also in the last 14, (n,)."""
    sold = units > 0
    since = np.cumsum(sold, axis=1) > 0
    counted = (since & np.isfinite(units)).sum(axis=1)
    recently = sold[:, -(YEAR + 2) :].any(axis=1)
    enough = np.isfinite(units).sum(axis=1) >= YEAR
    maybe: Bools = enough & recently & (sold.sum(axis=1) <= 5 * np.ceil(counted / YEAR))
    return maybe


def _follows(units: Floats, clock: Clock) -> bool:
    """Return True if the SKU sells in few places of the clock's seasons only, and in each season."""
    season, place = clock.season[: len(units)], clock.place[: len(units)]
    table = np.full((season[-1] - season[0] + 1, PLACES), np.nan)
    table[season - season[0], place] = np.nan_to_num(units, nan=0.0)
    first = int(np.flatnonzero(units > 0)[0])
    table[season[:first] - season[0], place[:first]] = np.nan
    by_place = np.nansum(table, axis=0)
    active = by_place >= LEAST_PLACE * by_place.sum()
    if not 1 <= active.sum() <= LARGEST_PLACES or by_place[~active].sum() > LARGEST_REMAINDER * by_place.sum():
        return False
    if _is_rhythm(np.flatnonzero(active)):
        return False
    of_active = table[:, active]
    sold, counted = (of_active > 0).sum(axis=0), np.isfinite(of_active).sum(axis=0)
    if clock.name != CALENDAR and not NEAR_FESTIVAL[active].all():
        return False
    if counted.max() < 2:
        silent = len(units) - 1 - int(np.flatnonzero(units > 0)[-1])
        is_short = np.isfinite(units).sum() < MONTHS_OF_ONE_SEASON
        return bool(is_short and silent >= SILENT_AFTER_ONE and sold.sum() >= 2 and clock.share is None)
    if clock.name == CALENDAR:
        last = [column[np.isfinite(column)][-1] > 0 for column in of_active.T]
        return bool((sold >= LEAST_SOLD_SHARE * counted).all() and np.mean(last) >= LEAST_SOLD_SHARE)
    whole = np.isfinite(of_active).all(axis=1)
    side_by_side = np.ptp(np.flatnonzero(active)) < active.sum()
    return bool(side_by_side and whole.sum() >= 2 and (np.nansum(of_active[whole], axis=1) > 0).all())


def _is_rhythm(places: Ints) -> bool:
    """Return True for three or more places with the same distance all around: orders every third or fourth month."""
    distances = np.diff(places, append=places[0] + PLACES)
    return len(places) > 2 and bool((distances == distances[0]).all())


def _error(units: Floats, path: Floats) -> float:
    """Return the WAPE of a path over the months that it expects; infinite if it expects none with sales."""
    both = np.isfinite(units) & np.isfinite(path[: len(units)])
    sold = units[both].sum()
    return float(np.abs(path[: len(units)] - units)[both].sum() / sold) if sold > 0 else np.inf


def _best(units: Floats, paths: dict[str, Floats]) -> str | None:
    """Return the clock with the least error over months that all expect: the calendar unless clearly beaten.

    None if the SKU follows no clock, or a festival's alone and is not forecast well by it.
    """
    fits = {name: path for name, path in paths.items() if name == CALENDAR or _error(units, path) <= LARGEST_ERROR}
    if not fits:
        return None
    expects = np.logical_and.reduce([np.isfinite(path[: len(units)]) for path in fits.values()])
    error = {name: _error(np.where(expects, units, np.nan), path) for name, path in fits.items()}
    best = min(error, key=error.__getitem__)
    return CALENDAR if CALENDAR in error and error[best] > LEAST_GAIN_OF_FESTIVAL * error[CALENDAR] else best


def _possible(units: Floats, paths: dict[str, Floats], best: str) -> list[Floats]:
    """Return the best path and, as long as fewer than two seasons were expected, those that are no worse."""
    expected = np.isfinite(paths[best][: len(units)]).sum()
    if expected >= 2 * YEAR:
        return [paths[best]]
    limit = max(_error(units, paths[best]), LARGEST_ERROR) if expected else np.inf
    return [paths[best], *(path for path in paths.values() if _error(units, path) <= limit)]


def _spread(units: Floats, path: Floats) -> float:
    """Return the spread of log(units / expected) of months with both, shrunken towards the usual one."""
    both = (units > 0) & (np.nan_to_num(path) > LEAST_PLACE * np.nanmax(units))
    logs = np.clip(np.log(units[both] / path[both]), -LARGEST_SPREAD, LARGEST_SPREAD)
    squares = (logs**2).sum() + MONTHS_OF_USUAL * USUAL_SPREAD**2
    return float(np.clip(np.sqrt(squares / (len(logs) + MONTHS_OF_USUAL)), SMALLEST_SPREAD, LARGEST_SPREAD))
