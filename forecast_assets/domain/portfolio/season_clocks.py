"""Clocks that a strictly seasonal SKU may follow: the calendar, or a festival that moves.

A clock gives each month a season and a place within it. Here belong clocks and the path of expectations that one gives
a SKU. Not here: the choice of the clock and the forecast (``seasonal_skus``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Days, Floats, Ints
from forecast_assets.domain.festivals import FESTIVALS, festival_days

# A season weighs half of the one after it. With the last season alone, as in the seasonal naive, the error is 20 %
# larger if seasons differ by chance.
WEIGHT_OF_SEASON_BEFORE = 0.5
PLACES = 12
CALENDAR = "calendar"
# Weeks of shopping that end with the festival, in days; the month of fasting ends with the Eid.
SHOPPING_DAYS = (30, 45, 60)


@dataclasses.dataclass(frozen=True)
class Clock:
    """Season and place of each month; T known months and those of the horizon.

    Attributes:
        name: ``calendar``, a festival, or a festival and a number of shopping days.
        season: (T + horizon,) number of the season, ascending.
        place: (T + horizon,) 0 .. 11 within the season.
        share: (T + horizon,) share of the season's units that the days of the month get; None: learned per place.
    """

    name: str
    season: Ints
    place: Ints
    share: Floats | None = None


def clocks(months: pd.DatetimeIndex) -> list[Clock]:
    """Return the calendar's clock, then those of the festivals, over months; the last ones may be after the origin."""
    found = [Clock(CALENDAR, months.year.to_numpy(), months.month.to_numpy() - 1)]
    for name in FESTIVALS:
        days = festival_days(name, int(months.year.min()) - 1, int(months.year.max()) + 1)
        at = days.astype("datetime64[M]").astype(int)
        month = months.to_numpy().astype("datetime64[M]").astype(int)
        # The season of a month is the festival that is at most 5 months back or 6 ahead.
        season = np.searchsorted(at + PLACES // 2 - 1, month)
        place = np.clip(month - at[season] + PLACES // 2, 0, PLACES - 1)
        found.append(Clock(name, season, place))
        for length in SHOPPING_DAYS:
            share = _share_of_days(months, days[season], length)
            found.append(Clock(f"{name}, {length} days", season, place, share))
    return found


def _share_of_days(months: pd.DatetimeIndex, day: Days, length: int) -> Floats:
    """Return the share of the ``length`` days before a festival that each month has."""
    first = months.to_numpy().astype("datetime64[D]")
    after = (months.to_numpy().astype("datetime64[M]") + 1).astype("datetime64[D]")
    overlap = np.minimum(day, after) - np.maximum(day - length, first)
    share: Floats = np.clip(overlap.astype(float), 0.0, None) / length
    return share


def expected_path(units: Floats, clock: Clock) -> Floats:
    """Return the units expected in each month from the seasons before it, (T + horizon,); NaN without one.

    A month is expected to sell the weighted mean of the same place in earlier seasons, or its share of the weighted
    mean of their totals. Only seasons whose months are all known have a total.

    Args:
        units: (T,) known months; NaN if unknown.
        clock: Over T + horizon months.
    """
    seasons = clock.season - clock.season[0]
    table = np.full((seasons[-1] + 1, PLACES), np.nan)
    table[seasons[: len(units)], clock.place[: len(units)]] = units
    expected: Floats
    if clock.share is None:
        expected = _of_earlier(table)[seasons, clock.place]
        return expected
    begun = np.array([clock.share[seasons == season].sum() for season in range(seasons[-1] + 1)])
    is_whole = np.isfinite(table).all(axis=1) | _is_over(clock.share, seasons, len(units))
    total = np.where(is_whole & (begun > 0.99), np.nansum(table, axis=1), np.nan)
    expected = _of_earlier(total[:, None])[seasons, 0] * clock.share
    return expected


def _is_over(share: Floats, seasons: Ints, known: int) -> Bools:
    """Return True for seasons whose shopping days are all in known months."""
    ahead = np.zeros(seasons[-1] + 1)
    np.add.at(ahead, seasons[known:], share[known:])
    is_over: Bools = ahead == 0.0
    return is_over


def _of_earlier(table: Floats) -> Floats:
    """Return the weighted mean of the known rows before each row, by column, (seasons, places)."""
    total, weight = np.zeros((2, table.shape[1]))
    means = np.full(table.shape, np.nan)
    for season, row in enumerate(table):
        np.divide(total, weight, out=means[season], where=weight > 0)
        known = np.isfinite(row)
        total = (total + np.where(known, row, 0.0)) * WEIGHT_OF_SEASON_BEFORE
        weight = (weight + known) * WEIGHT_OF_SEASON_BEFORE
    return means
