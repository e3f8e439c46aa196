"""Days of festivals that move through the calendar: Easter, the Lunar New Year and the two Eids.

Their rules are centuries old, so they are known for any year, to a day. Not here: public holidays of a country, which
depend on decrees (``known_holidays``).
"""

from functools import lru_cache

import numpy as np

from forecast_assets.domain.arrays import Days
from forecast_assets.domain.calendar import easter_sundays

# Country and name in the library ``holidays``: lists without gaps, decades ahead.
LISTED = {
    "lunar_new_year": ("CN", "Chinese New Year (Spring Festival)"),
    "eid_al_fitr": ("TR", "Eid al-Fitr"),
    "eid_al_adha": ("TR", "Eid al-Adha"),
}
FESTIVALS = ("easter", *LISTED)
# Days of one festival lie closer together than this.
SAME_FESTIVAL_DAYS = 20


@lru_cache(maxsize=256)
def festival_days(name: str, first_year: int, last_year: int) -> Days:
    """Return the first day of a festival in the years ``first_year .. last_year``, sorted ``datetime64[D]``.

    Args:
        name: One of ``FESTIVALS``.
        first_year: First year.
        last_year: Last year, included.
    """
    years = range(first_year, last_year + 1)
    if name == "easter":
        return easter_sundays(np.array(years))
    import holidays

    country, text = LISTED[name]
    listed = holidays.country_holidays(country, years=years, language="en_US")
    days = np.array(sorted(day for day in listed if text in listed[day]), dtype="datetime64[D]")
    is_first = np.diff(days, prepend=days[:1] - 365) > np.timedelta64(SAME_FESTIVAL_DAYS, "D")
    first_days: Days = days[is_first]
    return first_days
