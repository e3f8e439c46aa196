"""Months, working days, public holidays and Easter as pure functions of the month.

Months are first-of-month Timestamps. Everything here is known for any month, past or future, so it may describe target
months. Only public holidays depend on the origin (see ``known_holidays``). No demand, no policy data (see ``covid``),
no fiscal calendars.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Days, Floats, Ints
from forecast_assets.domain.horizon import HORIZON_MONTHS as HORIZON_MONTHS
from forecast_assets.domain.known_holidays import known_from_months

SATURDAY_SUNDAY = (5, 6)


def _month_start(month: pd.Timestamp | str) -> pd.Timestamp:
    start = pd.Timestamp(month)
    if start.day != 1 or start != start.normalize():
        raise ValueError(f"expected the first day of a month, for example 2024-06-01, got {month!r}")
    return start


def month_range(first: pd.Timestamp | str, last: pd.Timestamp | str) -> pd.DatetimeIndex:
    """Return all months from ``first`` to ``last``, both included.

    Raises:
        ValueError: If either is not the first day of a month, or ``last`` lies before ``first``.
    """
    first, last = _month_start(first), _month_start(last)
    if last < first:
        raise ValueError(f"last month {last:%Y-%m} lies before first month {first:%Y-%m}")
    return pd.date_range(first, last, freq="MS")


def add_months(month: pd.Timestamp | str, months: int) -> pd.Timestamp:
    """Return the month ``months`` later, or earlier if negative."""
    return _month_start(month) + pd.DateOffset(months=int(months))


def months_between(earlier: pd.Timestamp | str, later: pd.Timestamp | str) -> int:
    """Return the whole months from ``earlier`` to ``later``, negative if ``later`` comes first."""
    earlier, later = _month_start(earlier), _month_start(later)
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def months_since(months: pd.Series | Days, origin: pd.Timestamp | str) -> Floats:
    """Return the whole months from each of ``months`` to ``origin``, (n,): negative if ahead, NaN where NaT."""
    when = pd.DatetimeIndex(pd.to_datetime(np.asarray(months)))
    origin = _month_start(origin)
    return ((origin.year - when.year) * 12 + origin.month - when.month).to_numpy(dtype=float)


def target_months(origin: pd.Timestamp | str, horizon_months: int = HORIZON_MONTHS) -> pd.DatetimeIndex:
    """Return the months ``origin + 1 .. origin + horizon_months`` in order.

    Raises:
        ValueError: If ``horizon_months`` < 1.
    """
    if horizon_months < 1:
        raise ValueError(f"horizon_months must be >= 1, got {horizon_months}")
    return pd.date_range(add_months(origin, 1), periods=horizon_months, freq="MS")


@dataclass(frozen=True)
class HolidayCalendar:
    """Public holidays and weekend of a country.

    Attributes:
        days: Public holidays, sorted ``datetime64[D]``, those on a weekend included.
        weekend: Numbers of the weekdays off work; Monday is 0.
        is_known: False if the country is unknown: no holidays, and the weekend is Saturday and Sunday.
        known_from: Month from whose end on each day is known, ``datetime64[M]``.
    """

    days: Days
    weekend: tuple[int, ...]
    is_known: bool
    known_from: Days

    def at(self, origin: pd.Timestamp | str) -> "HolidayCalendar":
        """Return the calendar as it was known at the end of an origin month."""
        is_known_then = self.known_from <= np.datetime64(_month_start(origin), "M")
        return replace(self, days=self.days[is_known_then], known_from=self.known_from[is_known_then])


@lru_cache(maxsize=512)
def holiday_calendar(iso2: str | None, first_year: int, last_year: int) -> HolidayCalendar:
    """Return the public holidays of a country in the years ``first_year .. last_year``.

    Args:
        iso2: ISO 3166-1 alpha-2 code; None, empty or unknown gives a calendar with ``is_known`` False and no holidays.
        first_year: First year.
        last_year: Last year, included.
    """
    import holidays

    try:
        country = holidays.country_holidays(iso2 or "", years=range(first_year, last_year + 1))
        days, known_from = known_from_months(iso2 or "", first_year, last_year)
    except NotImplementedError:
        none = np.array([], dtype="datetime64[D]")
        return HolidayCalendar(none, SATURDAY_SUNDAY, False, none.astype("datetime64[M]"))
    return HolidayCalendar(days, tuple(sorted(country.weekend)), True, known_from)


def holidays_of_months(iso2: str | None, months: pd.DatetimeIndex, origin: pd.Timestamp) -> HolidayCalendar:
    """Return the ``holiday_calendar`` of the years of ``months``, as it was known at an origin."""
    return holiday_calendar(iso2, int(months.year.min()), int(months.year.max())).at(origin)


def _month_bounds(months: pd.DatetimeIndex) -> tuple[Days, Days]:
    """Return the first day of each month and of the month after it."""
    starts = months.to_numpy().astype("datetime64[M]")
    return starts.astype("datetime64[D]"), (starts + 1).astype("datetime64[D]")


def month_lengths(months: pd.DatetimeIndex) -> Floats:
    """Return the days of each month, (n_months,)."""
    return months.days_in_month.to_numpy(dtype=float)


def _working_weekmask(weekend: tuple[int, ...]) -> list[bool]:
    return [weekday not in weekend for weekday in range(7)]


def public_holidays(months: pd.DatetimeIndex, calendar: HolidayCalendar) -> Floats:
    """Return the public holidays of each month, those on a weekend included, (n_months,); 0 in an unknown country."""
    first, after = _month_bounds(months)
    return (np.searchsorted(calendar.days, after) - np.searchsorted(calendar.days, first)).astype(float)


def working_days(months: pd.DatetimeIndex, calendar: HolidayCalendar) -> Floats:
    """Return the days of each month that are neither weekend nor public holiday, (n_months,)."""
    first, after = _month_bounds(months)
    weekmask = _working_weekmask(calendar.weekend)
    return np.busday_count(first, after, weekmask=weekmask, holidays=calendar.days).astype(float)


def easter_sundays(years: Ints) -> Days:
    """Return Western Easter Sunday of each Gregorian year as ``datetime64[D]`` (Meeus/Jones/Butcher algorithm)."""
    years = np.asarray(years, dtype=int)
    golden, century, rest = years % 19, years // 100, years % 100
    moon_correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - moon_correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    exception = (golden + 11 * epact + 22 * weekday) // 451
    days_after_22_march = epact + weekday - 7 * exception
    march = (years - 1970).astype("datetime64[Y]").astype("datetime64[M]") + 2
    sundays: Days = march.astype("datetime64[D]") + 21 + days_after_22_march
    return sundays


def easter_days(months: pd.DatetimeIndex) -> Floats:
    """Return the days of Easter (Good Friday to Easter Monday, 4 days) that fall in each month, (n_months,)."""
    first, after = _month_bounds(months)
    sunday = easter_sundays(months.year.to_numpy())
    overlap = np.minimum(sunday + 2, after) - np.maximum(sunday - 2, first)
    return np.clip(overlap.astype(np.float64), 0.0, 4.0)


def days_before_easter(months: pd.DatetimeIndex, days: int = 21) -> Floats:
    """Return how many of the ``days`` up to Easter Sunday, of festive shopping, fall in each month, (n_months,)."""
    first, after = _month_bounds(months)
    sunday = easter_sundays(months.year.to_numpy())
    overlap = np.minimum(sunday + 1, after) - np.maximum(sunday + 1 - days, first)
    return np.clip(overlap.astype(np.float64), 0.0, float(days))


def easter_shift_days(months: pd.DatetimeIndex) -> Floats:
    """Return ``easter_days`` of each month minus those of the same month a year before, -4 .. 4, (n_months,)."""
    return easter_days(months) - easter_days(months - pd.DateOffset(years=1))
