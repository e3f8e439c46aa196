"""The panel layout that lets one pass over the months serve series of different age.

This module holds the layout and the conversion into it. The recursions that run on it are elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from forecast_assets.domain.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class AlignedPanel:
    """Series moved to begin in row 0, longest first, so that month ``t`` touches only a leading block of columns.

    Attributes:
        units: (n_months, n_series), 0 where unknown or past the end of the series.
        unknown: Same shape, True where no value is known.
        lengths: Months from the first known month to the origin month, descending.
    """

    units: Floats
    unknown: Bools
    lengths: Ints

    @property
    def active(self) -> Ints:
        """Number of leading series that are still running in each month."""
        months = np.arange(len(self.units))
        return np.searchsorted(-self.lengths, -months, side="left")

    def first_months(self, n_months: int) -> "AlignedPanel":
        """Return the same series, cut after ``n_months`` of their own history."""
        kept = self.units[:n_months], self.unknown[:n_months]
        return AlignedPanel(*kept, lengths=np.minimum(self.lengths, n_months))

    def zeroed(self) -> "AlignedPanel":
        """Return the same months with every value 0: a recursion on it shows the effect of its starting states."""
        return AlignedPanel(np.zeros_like(self.units), self.unknown, self.lengths)


def aligned_chunks(units: Floats, skus_per_chunk: int) -> Iterator[tuple[Ints, AlignedPanel]]:
    """Cut series into aligned panels, oldest first, so that the series of a panel have about the same age.

    Args:
        units: (n_sku, n_months) ending at the origin month; every row knows at least one month.
        skus_per_chunk: Series per panel. It bounds the memory and keeps the states in cache.

    Yields:
        The rows of ``units`` and the panel with one column for each of them.
    """
    first_known = np.isfinite(units).argmax(axis=1)
    oldest_first = np.argsort(first_known, kind="stable")
    for begin in range(0, len(units), skus_per_chunk):
        rows = oldest_first[begin : begin + skus_per_chunk]
        yield rows, _align(units[rows], first_known[rows])


def _align(units: Floats, first_known: Ints) -> AlignedPanel:
    n_months = units.shape[1]
    lengths = n_months - first_known
    source = np.arange(lengths.max()) + first_known[:, None]
    moved = np.take_along_axis(units, np.minimum(source, n_months - 1), axis=1)
    moved = np.where(source < n_months, moved, np.nan).T
    unknown = ~np.isfinite(moved)
    return AlignedPanel(np.where(unknown, 0.0, moved), unknown, lengths)
