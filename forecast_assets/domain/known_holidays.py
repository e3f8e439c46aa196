"""Public holidays as they were known at an origin month.

The library ``holidays`` lists days without saying since when each was known. Its lists of today therefore leak: a state
funeral or a new national day would be a holiday of a target month years before somebody decided on it. The rule, by
the library's own data:

- A day whose name was a holiday before is known ahead: its rule existed. So is a renamed one: a holiday on the same
  day of both years before.
- A day whose name is new (one-off, or the first year of a new holiday) counts from its own month on, or from the month
  in which it was announced, if ``holiday_announcements`` lists it. Later years of it are known from then on as well.
- A day that is decreed for one year (the library's special days) counts from its own month on, or its announcement.
- Decrees of each year (three years in a row) and working days moved by decree count from December of the year before.

Only days ahead of the origin are judged: those that have passed are known in any case.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np

from forecast_assets.domain.arrays import Days
from forecast_assets.domain.holiday_announcements import ANNOUNCED

# Names of rare holidays, such as those of a change of government every six years, are found this far back.
YEARS_BACK = 12
YEARS_IN_A_ROW = 3
# A holiday on the same date in this many years before is the same one under another name.
YEARS_OF_A_DATE = 2
# Notes behind a name: observed, estimated, moved from another day.
NOTE = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")


@lru_cache(maxsize=512)
def known_from_months(iso2: str, first_year: int, last_year: int) -> tuple[Days, Days]:
    """Return the public holidays of a country in years, and the month from whose end on each is known.

    Args:
        iso2: ISO 3166-1 alpha-2 code that the library knows.
        first_year: First year.
        last_year: Last year, included.

    Returns:
        Days (``datetime64[D]``, sorted) and months (``datetime64[M]``), of one length.

    Raises:
        NotImplementedError: If the library has no such country.
    """
    import holidays

    years = range(first_year - YEARS_BACK, last_year + 1)
    # One language on every machine: names are compared. Countries without it have names of their own.
    listed = holidays.country_holidays(iso2, years=years, language="en_US")
    names = {day: _base_names(listed[day]) for day in sorted(listed)}
    first = _first_days(names)
    decreed, moved = _decreed_days(
        listed.special_public_holidays or {} if hasattr(listed, "special_public_holidays") else {}
    )
    announced = _announced(iso2, names)
    days = [day for day in names if first_year <= day.year <= last_year]
    months = []
    for day in days:
        if day in moved or (day in decreed and _is_decreed_each_year(day, names, decreed)):
            known = f"{day.year - 1}-12"
        elif day in decreed:
            known = f"{day:%Y-%m}"
        else:
            earlier = [day.replace(year=day.year - YEARS_OF_A_DATE)] if _is_renamed(day, names) else []
            known = min(f"{since:%Y-%m}" for since in [*earlier, *(first[name] for name in names[day])])
        months.append(min([known, *(announced[name] for name in names[day] if name in announced)]))
    return np.array(days, dtype="datetime64[D]"), np.array(months, dtype="datetime64[M]")


def _base_names(text: str) -> frozenset[str]:
    """Return the names of a day without notes: the library joins those that fall on one day by ``; ``."""
    return frozenset(_without_notes(name) for name in text.split("; "))


def _without_notes(name: str) -> str:
    before = ""
    while name != before:
        before, name = name, NOTE.sub("", name)
    return name


def _first_days(names: Mapping[date, frozenset[str]]) -> dict[str, date]:
    first: dict[str, date] = {}
    for day, of_day in names.items():
        for name in of_day:
            first.setdefault(name, day)
    return first


def _decreed_days(special: Mapping[int, Any]) -> tuple[set[date], set[date]]:
    """Return the library's special days: those with a name, and those moved from another day."""
    named: set[date] = set()
    moved: set[date] = set()
    for year, entries in special.items():
        for month, day, *what in entries if isinstance(entries[0], tuple) else (entries,):
            (named if isinstance(what[0], str) else moved).add(date(year, month, day))
    return named, moved


def _is_decreed_each_year(day: date, names: Mapping[date, frozenset[str]], decreed: set[date]) -> bool:
    years = {other.year for other in decreed if other in names and names[other] & names[day]}
    return all(day.year - back in years for back in range(1, YEARS_IN_A_ROW + 1))


def _is_renamed(day: date, names: Mapping[date, frozenset[str]]) -> bool:
    if (day.month, day.day) == (2, 29):
        return False
    return all(day.replace(year=day.year - back) in names for back in range(1, YEARS_OF_A_DATE + 1))


def _announced(iso2: str, names: Mapping[date, frozenset[str]]) -> dict[str, str]:
    """Return the month of the announcement of the names that are listed."""
    return {
        name: month for day, month in ANNOUNCED.get(iso2, {}).items() for name in names.get(date.fromisoformat(day), ())
    }
