"""Months, working days, public holidays and Easter as pure functions of the month.

Months are first-of-month Timestamps. Everything here is known for any month, past or future, so it may describe target
months. No demand, no policy data (see ``covid``), no fiscal calendars.
"""

from dataclasses import dataclass
from functools import lru_cache

import holidays
import numpy as np
import pandas as pd

from forecast_assets.domain.horizon import HORIZON_MONTHS as HORIZON_MONTHS

SATURDAY_SUNDAY = (5, 6)


def _month_start(month: pd.Timestamp | str) -> pd.Timestamp:
    start = pd.Timestamp(month)
    if start is pd.NaT or start != start.normalize() or start.day != 1:
        raise ValueError(f"a month is given by its first day, got {month!r}: pass for example 2024-06-01")
    return start


def month_range(first: pd.Timestamp | str, last: pd.Timestamp | str) -> pd.DatetimeIndex:
    """All months from ``first`` to ``last``, both included.

    Raises:
        ValueError: If either is not the first day of a month, or ``last`` lies before ``first``.
    """
    first, last = _month_start(first), _month_start(last)
    if last < first:
        raise ValueError(f"last month {last:%Y-%m} lies before first month {first:%Y-%m}")
    return pd.date_range(first, last, freq="MS")


def add_months(month: pd.Timestamp | str, months: int) -> pd.Timestamp:
    """The month ``months`` later (earlier when negative)."""
    return _month_start(month) + pd.DateOffset(months=int(months))


def months_between(earlier: pd.Timestamp | str, later: pd.Timestamp | str) -> int:
    """Whole months from ``earlier`` to ``later``; negative when ``later`` comes first."""
    earlier, later = _month_start(earlier), _month_start(later)
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def months_since(months: pd.Series | np.ndarray, origin: pd.Timestamp | str) -> np.ndarray:
    """Whole months from each of ``months`` to ``origin``, (n,) float; negative when ahead, NaN where NaT."""
    when = pd.DatetimeIndex(pd.to_datetime(np.asarray(months)))
    origin = _month_start(origin)
    return ((origin.year - when.year) * 12 + origin.month - when.month).to_numpy(dtype=float)


def target_months(origin: pd.Timestamp | str, horizon_months: int = HORIZON_MONTHS) -> pd.DatetimeIndex:
    """The months ``origin + 1 .. origin + horizon_months`` in order.

    Raises:
        ValueError: If ``horizon_months`` < 1.
    """
    if horizon_months < 1:
        raise ValueError(f"horizon_months must be >= 1, got {horizon_months}")
    return pd.date_range(add_months(origin, 1), periods=horizon_months, freq="MS")


@dataclass(frozen=True)
class HolidayCalendar:
    """Public holidays of a country.

    ``days`` are sorted ``datetime64[D]``, weekends included; ``weekend`` the weekday numbers off work (Monday 0);
    ``is_known`` is False when the country is unknown: then there are no holidays and the weekend is Saturday and
    Sunday.
    """

    days: np.ndarray
    weekend: tuple[int, ...]
    is_known: bool


@lru_cache(maxsize=512)
def holiday_calendar(iso2: str | None, first_year: int, last_year: int) -> HolidayCalendar:
    """Public holidays of a country in the years ``first_year .. last_year``.

    Args:
        iso2: ISO 3166-1 alpha-2 code; None, empty or unknown gives a calendar with ``is_known`` False and no holidays.
    """
    try:
        country = holidays.country_holidays(iso2 or "", years=range(first_year, last_year + 1))
    except NotImplementedError:
        return HolidayCalendar(np.array([], dtype="datetime64[D]"), SATURDAY_SUNDAY, False)
    days = np.array(sorted(country), dtype="datetime64[D]")
    return HolidayCalendar(days, tuple(sorted(country.weekend)), True)


def holidays_of_months(iso2: str | None, months: pd.DatetimeIndex) -> HolidayCalendar:
    """The ``holiday_calendar`` of the years that ``months`` touch."""
    return holiday_calendar(iso2, int(months.year.min()), int(months.year.max()))


def _month_bounds(months: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    starts = months.to_numpy().astype("datetime64[M]")
    return starts.astype("datetime64[D]"), (starts + 1).astype("datetime64[D]")


def month_lengths(months: pd.DatetimeIndex) -> np.ndarray:
    """Days of each month, (n_months,) float."""
    first, after = _month_bounds(months)
    return (after - first).astype(float)


def _working_weekmask(weekend: tuple[int, ...]) -> list[bool]:
    return [weekday not in weekend for weekday in range(7)]


def weekend_days(months: pd.DatetimeIndex, weekend: tuple[int, ...] = SATURDAY_SUNDAY) -> np.ndarray:
    """Days of each month that fall on the weekend, (n_months,) float."""
    first, after = _month_bounds(months)
    return month_lengths(months) - np.busday_count(first, after, weekmask=_working_weekmask(weekend)).astype(float)


def public_holidays(months: pd.DatetimeIndex, calendar: HolidayCalendar) -> np.ndarray:
    """Public holidays of each month, those on a weekend included, (n_months,) float; 0 where the country is unknown."""
    first, after = _month_bounds(months)
    return (np.searchsorted(calendar.days, after) - np.searchsorted(calendar.days, first)).astype(float)


def working_days(months: pd.DatetimeIndex, calendar: HolidayCalendar) -> np.ndarray:
    """Days of each month that are neither weekend nor public holiday, (n_months,) float."""
    first, after = _month_bounds(months)
    weekmask = _working_weekmask(calendar.weekend)
    return np.busday_count(first, after, weekmask=weekmask, holidays=calendar.days).astype(float)


def easter_sundays(years: np.ndarray) -> np.ndarray:
    """Western Easter Sunday of each Gregorian year as ``datetime64[D]`` (Meeus/Jones/Butcher algorithm)."""
    years = np.asarray(years, dtype=int)
    golden, century, rest = years % 19, years // 100, years % 100
    moon_correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - moon_correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    exception = (golden + 11 * epact + 22 * weekday) // 451
    days_after_22_march = epact + weekday - 7 * exception
    march_22 = (years - 1970).astype("datetime64[Y]").astype("datetime64[M]") + 2
    return march_22.astype("datetime64[D]") + 21 + days_after_22_march


def easter_days(months: pd.DatetimeIndex) -> np.ndarray:
    """Days of the Easter period (Good Friday to Easter Monday, 4 days) that fall in each month, (n_months,) float."""
    first, after = _month_bounds(months)
    sunday = easter_sundays(months.year.to_numpy())
    overlap = np.minimum(sunday + 2, after) - np.maximum(sunday - 2, first)
    return np.clip(overlap.astype(float), 0.0, 4.0)


def days_before_easter(months: pd.DatetimeIndex, days: int = 21) -> np.ndarray:
    """How many of the ``days`` up to Easter Sunday fall in each month, (n_months,) float: festive shopping."""
    first, after = _month_bounds(months)
    sunday = easter_sundays(months.year.to_numpy())
    overlap = np.minimum(sunday + 1, after) - np.maximum(sunday + 1 - days, first)
    return np.clip(overlap.astype(float), 0.0, float(days))


def easter_shift_days(months: pd.DatetimeIndex) -> np.ndarray:
    """``easter_days`` of each month minus those of the same month a year before: -4 .. 4, (n_months,) float."""
    return easter_days(months) - easter_days(months - pd.DateOffset(years=1))
