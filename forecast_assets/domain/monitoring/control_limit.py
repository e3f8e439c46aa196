"""Control limits that separate a change from noise in a monthly figure.

A limit is a one-sided prediction limit: the value that the next month exceeds with a given chance if nothing changes.
"""

import numpy as np

from forecast_assets.domain.arrays import Floats

TRAILING_MONTHS, MIN_MONTHS = 12, 8
FALSE_ALARM_RATE = 0.005
# Earlier months further out than this many robust standard deviations are moved in to it: one bad month must not hide
# the next by widening the limit.
OUTLIER = 3.0
MAD_TO_STD = 1.4826


def upper_limit(history: Floats, false_alarm_rate: float = FALSE_ALARM_RATE) -> float:
    """Return the limit that the next value exceeds with the given chance.

    The limit is ``mean + t(1 - rate, n - 1) * s * sqrt(1 + 1/n)``, the prediction interval of one further observation
    (Hahn and Meeker 1991) for independent values of one normal distribution. Mean and s are over the history, with
    outliers moved in to 3 robust standard deviations (1.4826 MAD) of the median. NaN with fewer than 8 known values.

    Args:
        history: Earlier values, (n,), on a scale with symmetric spread (logs of ratios).
        false_alarm_rate: Chance that the next value exceeds the limit if nothing changes.
    """
    from scipy.special import stdtrit

    known = np.asarray(history, dtype=float)
    known = known[np.isfinite(known)]
    if len(known) < MIN_MONTHS:
        return float("nan")
    middle = np.median(known)
    reach = OUTLIER * MAD_TO_STD * np.median(np.abs(known - middle))
    moved = np.clip(known, middle - reach, middle + reach) if reach > 0 else known
    quantile = stdtrit(len(known) - 1, 1 - false_alarm_rate)
    return float(moved.mean() + quantile * moved.std(ddof=1) * np.sqrt(1 + 1 / len(known)))


def lower_limit(history: Floats, false_alarm_rate: float = FALSE_ALARM_RATE) -> float:
    """Return the limit that the next value falls below with the given chance; see ``upper_limit``."""
    return -upper_limit(-np.asarray(history, dtype=float), false_alarm_rate)
