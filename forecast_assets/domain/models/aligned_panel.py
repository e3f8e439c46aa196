"""The panel layout that lets one pass over the months serve series of different age.

Here belong the layout and the way into it. Not here: any recursion that runs on it.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AlignedPanel:
    """Series moved to begin in row 0, longest first, so that month ``t`` touches only a leading block of columns.

    Attributes:
        units: (n_months, n_series), 0 where unknown or past the end of the series.
        unknown: Same shape, True where no value is known.
        lengths: Months from the first known month to the origin month, descending.
    """

    units: np.ndarray
    unknown: np.ndarray
    lengths: np.ndarray

    @property
    def active(self) -> np.ndarray:
        """How many leading series are still running in each month."""
        months = np.arange(len(self.units))
        return np.searchsorted(-self.lengths, -months, side="left")

    def first_months(self, n_months: int) -> "AlignedPanel":
        """The same series, cut after ``n_months`` of their own history."""
        kept = self.units[:n_months], self.unknown[:n_months]
        return AlignedPanel(*kept, lengths=np.minimum(self.lengths, n_months))

    def silenced(self) -> "AlignedPanel":
        """The same months with every value 0: what the recursion makes of its starting states alone."""
        return AlignedPanel(np.zeros_like(self.units), self.unknown, self.lengths)


def align(units: np.ndarray) -> tuple[AlignedPanel, np.ndarray]:
    """Move every series to begin in row 0 and sort by length, longest first.

    Args:
        units: (n_sku, n_months) ending at the origin month; every row knows at least one month.

    Returns:
        The panel, and the row of ``units`` each of its columns came from.
    """
    n_months = units.shape[1]
    first_known = np.isfinite(units).argmax(axis=1)
    order = np.argsort(first_known, kind="stable")
    lengths = n_months - first_known[order]
    source = np.arange(lengths.max(initial=0))[None, :] + first_known[order][:, None]
    inside = source < n_months
    moved = np.take_along_axis(units[order], np.minimum(source, n_months - 1), axis=1)
    moved = np.where(inside, moved, np.nan).T
    unknown = ~np.isfinite(moved)
    return AlignedPanel(np.where(unknown, 0.0, moved), unknown, lengths), order
