"""Months of a simulation and named random streams: the base of the other modules of the sample."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast_assets.sample.parameters import AHEAD_MONTHS, BURN_IN_MONTHS


@dataclass(frozen=True)
class Timeline:
    """Simulated months: burn-in, the delivered months ``start`` to ``stop - 1``, and the plan ahead of them."""

    months: pd.DatetimeIndex
    start: int
    stop: int

    @property
    def delivered(self) -> slice:
        """Positions of the months that are delivered."""
        return slice(self.start, self.stop)

    @property
    def size(self) -> int:
        """Number of simulated months."""
        return len(self.months)

    def month_at(self, positions: npt.ArrayLike) -> pd.DatetimeIndex:
        """Return months at positions that may lie outside the time line (a SKU launched years before it)."""
        first = self.months[0].to_period("M").ordinal
        return months_of_ordinals(first + np.asarray(positions, dtype=np.int64))


def make_timeline(last_month: str | pd.Timestamp, months: int) -> Timeline:
    """Return the time line whose last delivered month is ``last_month`` (any day of it)."""
    last = pd.Timestamp(last_month).to_period("M")
    every = pd.period_range(last - months - BURN_IN_MONTHS + 1, last + AHEAD_MONTHS, freq="M").to_timestamp()
    return Timeline(every, BURN_IN_MONTHS, BURN_IN_MONTHS + months)


def months_of_ordinals(ordinals: npt.NDArray[np.int64]) -> pd.DatetimeIndex:
    """Return first days of months counted from January 1970."""
    return pd.DatetimeIndex(np.asarray(ordinals, dtype="datetime64[M]").astype("datetime64[ns]"))


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the random generator of one named purpose, independent of the others and of their order."""
    return np.random.default_rng([seed, crc32("|".join(names).encode())])
