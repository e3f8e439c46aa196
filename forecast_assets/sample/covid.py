"""Simulated stringency and economic support indices per country, in the shape of the official OxCGRT time series.

The values are invented and only imitate the course of the pandemic; the file's columns are those of the tracker. The
reaction of demand is in ``demand.py``.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from forecast_assets.sample.countries import FIRST_MARKETS, SampleMarket
from forecast_assets.sample.timeline import stream

COLUMN_DAYS = pd.date_range("2020-01-01", "2023-02-28")  # the tracker's columns; its values end with 2022
VALUE_DAYS = pd.date_range("2020-01-01", "2022-12-31")
# Usual course of national stringency: nothing, first lockdowns, summer, second winter, slow opening, Omicron, end.
STRINGENCY_COURSE = (
    ("2020-01-01", 0), ("2020-02-15", 8), ("2020-03-10", 25), ("2020-03-24", 84), ("2020-05-05", 76),
    ("2020-06-15", 55), ("2020-08-15", 47), ("2020-10-20", 56), ("2020-11-10", 70), ("2021-01-15", 76),
    ("2021-03-31", 68), ("2021-06-15", 50), ("2021-09-15", 42), ("2021-12-20", 48),
    ("2022-02-01", 40), ("2022-04-01", 22), ("2022-08-01", 14), ("2022-12-31", 11),
)  # fmt: skip
SUPPORT_COURSE = (
    ("2020-01-01", 0), ("2020-03-20", 0), ("2020-04-10", 70), ("2021-03-31", 68), ("2021-10-01", 45),
    ("2022-03-01", 20), ("2022-12-31", 5),
)  # fmt: skip
COUNTRY_LEVEL_SD = 0.12  # log: some countries close more than others all the time
COUNTRY_WAVE_SD = 0.18  # log, per point of the course: they also differ in each wave
DECISION_DAYS = (7, 25)  # measures change every one to three weeks, so the index is a staircase
SUPPORT_STEP = 12.5  # the index takes eighths only
STATES = {
    "BR": 3,
    "CA": 3,
    "GB": 4,
    "IN": 3,
    "US": 4,
}  # countries whose states the tracker lists, with the number of states that are written


@lru_cache(maxsize=256)
def daily_stringency(seed: int, code: str, entity: str = "national") -> np.ndarray:
    """Return the read-only stringency index (0 to 100) of a country or one of its states on each of ``VALUE_DAYS``."""
    return _staircase(STRINGENCY_COURSE, stream(seed, "stringency", code, entity), 100.0, None)


def daily_support(seed: int, code: str, entity: str = "national") -> np.ndarray:
    """Return the economic support index (0 to 100) on each of ``VALUE_DAYS``."""
    return _staircase(SUPPORT_COURSE, stream(seed, "support", code, entity), 100.0, SUPPORT_STEP)


def _staircase(course: tuple, rng: np.random.Generator, top: float, step: float | None) -> np.ndarray:
    positions = (pd.DatetimeIndex([day for day, _ in course]) - VALUE_DAYS[0]).days.to_numpy()
    level = COUNTRY_LEVEL_SD * rng.standard_normal()
    points = np.array([value for _, value in course]) * np.exp(
        level + COUNTRY_WAVE_SD * rng.standard_normal(len(course))
    )
    smooth = np.interp(np.arange(len(VALUE_DAYS)), positions, points)
    decisions = np.cumsum(rng.integers(*DECISION_DAYS, len(VALUE_DAYS) // DECISION_DAYS[0]))
    decisions = np.concatenate([[0], decisions[decisions < len(VALUE_DAYS)]])
    steps = smooth[decisions][np.searchsorted(decisions, np.arange(len(VALUE_DAYS)), side="right") - 1]
    held = np.clip(steps, 0.0, top)
    values = np.round(held / step) * step if step else np.round(held, 2)
    values.setflags(write=False)
    return values


def monthly_stringency(seed: int, code: str, months: pd.DatetimeIndex) -> np.ndarray:
    """Return the mean national stringency of each month; 0 before 2020 and after 2022."""
    means = pd.Series(daily_stringency(seed, code), VALUE_DAYS).resample("MS").mean()
    return means.reindex(months, fill_value=0.0).to_numpy()


def oxcgrt_table(seed: int, index: str, markets: Sequence[SampleMarket] = FIRST_MARKETS) -> pd.DataFrame:
    """Return the wide OxCGRT table of one index for sample countries.

    Args:
        seed: The seed of the company.
        index: ``StringencyIndex`` or ``EconomicSupportIndex``.
        markets: The countries; the first forty by default.

    Returns:
        Text columns: seven ids, then one per day (``01Jan2020``), empty after 31 December 2022. Rows: each country
        (``NAT_TOTAL``) and a few states (``STATE_TOTAL``).
    """
    daily = daily_stringency if index == "StringencyIndex" else daily_support
    by_iso3 = sorted(markets, key=lambda market: market.iso3)
    ids, values = [], []
    for market in by_iso3:
        for state in range(STATES.get(market.code, 0) + 1):
            ids.append(_ids(market, state))
            values.append(daily(seed, market.code, f"state {state}" if state else "national"))
    days = pd.DataFrame(np.char.mod("%g", np.array(values)), columns=VALUE_DAYS.strftime("%d%b%Y"))
    days = days.reindex(columns=COLUMN_DAYS.strftime("%d%b%Y"), fill_value="")
    return pd.concat([pd.DataFrame(ids), days], axis=1)


def _ids(market: SampleMarket, state: int) -> dict[str, str]:
    return {
        "CountryCode": market.iso3,
        "CountryName": market.name,
        "RegionCode": f"{market.iso3}_S{state}" if state else "",
        "RegionName": f"State {state}" if state else "",
        "CityCode": "",
        "CityName": "",
        "Jurisdiction": "STATE_TOTAL" if state else "NAT_TOTAL",
    }
