"""Months of a simulation and named random streams: what every other module of the sample needs and nothing more."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
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
        return len(self.months)

    def month_at(self, positions: np.ndarray) -> pd.DatetimeIndex:
        """Months at positions that may lie outside the time line (a SKU launched years before it)."""
        first = self.months[0].to_period("M").ordinal
        return pd.PeriodIndex.from_ordinals(first + np.asarray(positions, dtype=np.int64), freq="M").to_timestamp()


def make_timeline(last_month: str | pd.Timestamp, months: int) -> Timeline:
    """Time line whose last delivered month is ``last_month`` (any day of it)."""
    last = pd.Timestamp(last_month).to_period("M")
    every = pd.period_range(last - months - BURN_IN_MONTHS + 1, last + AHEAD_MONTHS, freq="M").to_timestamp()
    return Timeline(every, BURN_IN_MONTHS, BURN_IN_MONTHS + months)


def stream(seed: int, *names: str) -> np.random.Generator:
    """Random generator of one named purpose: independent of the others and of the order in which they are asked for."""
    return np.random.default_rng([seed, crc32("|".join(names).encode())])
