"""Anchor months: quarter ends at which a recipe is refitted and backtested.

They are the same for the three months of a quarter, and each serves again two and four quarters later. What was learned
at one from what was known then is learned once (``domain/models/anchor_fits.py``).
"""

import pandas as pd

# Eighteen months back every lag can be scored, the later anchors add the shorter lags: lags 1 to 6 have all three.
MONTHS_BACK = (18, 12, 6)
QUARTER_MONTHS = 3
# Origins that a model learns from, and those that a refit does: as many as a model has before its earliest anchor. The
# numbers are fixed, so that a refit depends on its origin alone.
TRAINING_ORIGINS = 60
EARLIEST_ANCHOR_MONTHS = max(MONTHS_BACK) + QUARTER_MONTHS - 1
REFIT_ORIGINS = TRAINING_ORIGINS - EARLIEST_ANCHOR_MONTHS


def anchor_offsets(origin: pd.Timestamp) -> tuple[int, ...]:
    """Return how many months before the origin its three anchors lie, the earliest first.

    They are the last quarter ends at least 18, 12 and 6 months before: 18, 12 and 6 at a quarter end, else one or two
    months more.
    """
    since_quarter_end = origin.month % QUARTER_MONTHS
    return tuple(months + since_quarter_end for months in MONTHS_BACK)
