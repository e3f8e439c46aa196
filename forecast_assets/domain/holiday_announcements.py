"""Months in which one-off and newly introduced public holidays were announced, by country and first day.

The library of public holidays has no such dates. A day that is not listed here counts from its own month on, so a
missing entry hides a holiday from earlier origins but never leaks one. Sources: acts, proclamations and government
announcements, named beside each entry.
"""

ANNOUNCED = {
    "AU": {
        "2022-09-22": "2022-09",  # day of mourning; Prime Minister, 11 September 2022
    },
    "BR": {
        "2024-11-20": "2023-12",  # Consciência Negra; Lei 14.759 of 21 December 2023
    },
    "DE": {
        "2017-10-31": "2016-12",  # 500 years of Reformation; acts of the states, all before the end of 2016
    },
    "GB": {
        "2011-04-29": "2010-11",  # royal wedding; Prime Minister, 23 November 2010
        "2012-06-05": "2010-01",  # Diamond Jubilee; announced 5 January 2010
        "2022-06-03": "2020-11",  # Platinum Jubilee; DCMS, 12 November 2020
        "2022-09-19": "2022-09",  # state funeral; 10 September 2022
        "2023-05-08": "2022-11",  # coronation; Prime Minister, 6 November 2022
    },
    "IE": {
        "2022-03-18": "2022-01",  # day of remembrance; government, 19 January 2022
        "2023-02-06": "2022-01",  # Saint Brigid; government, 19 January 2022
    },
    "JP": {
        "2016-08-11": "2014-05",  # Mountain Day; act of 23 May 2014
        "2019-05-01": "2018-12",  # accession; act of 8 December 2018
        "2019-10-22": "2018-12",  # enthronement; the same act
        "2020-07-24": "2018-06",  # Sports Day, renamed and moved; act of 13 June 2018
    },
    "NZ": {
        "2022-06-24": "2021-02",  # Matariki; Prime Minister, 4 February 2021
        "2022-09-26": "2022-09",  # memorial day of the Queen; Prime Minister, 12 September 2022
        "2023-06-05": "2022-09",  # King's Birthday, the Queen's before; accession, 8 September 2022
    },
    "US": {
        "2021-06-18": "2021-06",  # Juneteenth; Public Law 117-17, 17 June 2021
    },
}
