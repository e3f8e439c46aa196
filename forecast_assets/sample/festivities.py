"""Public holidays, Easter and Ramadan in the months of a country. No demand here."""

from functools import lru_cache

import holidays
import numpy as np
import pandas as pd
from dateutil.easter import easter

from forecast_assets.sample.parameters import EASTER_DAYS, RAMADAN_DAYS


def holiday_surplus(iso2: str, months: pd.DatetimeIndex) -> np.ndarray:
    """Return the public holidays on weekdays in each month, less the calendar month's mean over the years given."""
    years = range(months[0].year, months[-1].year + 1)
    days = pd.DatetimeIndex(sorted(holidays.country_holidays(iso2, years=years)))
    days = days[days.dayofweek < 5]
    count = pd.Series(days.to_period("M")).value_counts().reindex(months.to_period("M"), fill_value=0)
    values = pd.Series(count.to_numpy(float))
    return (values - values.groupby(months.month).transform("mean")).to_numpy()


def easter_share(months: pd.DatetimeIndex) -> np.ndarray:
    """Return the share of the two weeks before Easter Sunday that lies in each month (0 to 1)."""
    return _share_before([pd.Timestamp(easter(year)) for year in _years(months)], EASTER_DAYS, months)


def ramadan_share(months: pd.DatetimeIndex) -> np.ndarray:
    """Return the share of Ramadan, taken as the days before Eid al-Fitr, that lies in each month (0 to 1)."""
    return _share_before([eid for year in _years(months) for eid in _eid_dates(year)], RAMADAN_DAYS, months)


def _years(months: pd.DatetimeIndex) -> range:
    return range(months[0].year, months[-1].year + 2)


@lru_cache(maxsize=64)
def _eid_dates(year: int) -> tuple[pd.Timestamp, ...]:
    """Return the first days of Eid al-Fitr in a Gregorian year, by the holidays of the United Arab Emirates."""
    named = holidays.country_holidays("AE", years=year, language="en_US")
    days = sorted(pd.Timestamp(day) for day, name in named.items() if "Eid al-Fitr" in name and "Holiday" not in name)
    return tuple(day for i, day in enumerate(days) if i == 0 or (day - days[i - 1]).days > RAMADAN_DAYS)


def _share_before(ends: list[pd.Timestamp], length: int, months: pd.DatetimeIndex) -> np.ndarray:
    days = pd.DatetimeIndex([end - pd.Timedelta(days=back) for end in ends for back in range(1, length + 1)])
    count = pd.Series(days.to_period("M")).value_counts().reindex(months.to_period("M"), fill_value=0)
    return count.to_numpy(float) / length
