"""Extremes in the last months of a history, which no later month confirms or corrects yet.

Here belongs judging the last two months. Not here: extremes with months on both sides (``history_cleaning``), and the
level from the third extreme month on (``level_change``).
"""

import numpy as np

from forecast_assets.domain.arrays import Bools, Floats, Ints
from forecast_assets.domain.cleaning.expected_units import expected_units, log_ratio
from forecast_assets.domain.demand.demand_panel import known_mean, known_median
from forecast_assets.domain.demand.seasonality import seasonal_indices

# A third extreme month in a row is a new level.
LATEST_MONTHS = 2
# Less history shows no usual month; the level is that of the half year before the judged months.
KNOWN_MONTHS, LEVEL_MONTHS = 14, 6
LARGEST_ZERO_SHARE, LARGEST_EXTREME_SHARE = 0.15, 0.05
# At least a tripling or a fall to a third, and six times the SKU's own spread.
LEAST_LOG_RATIO, SPREADS, SMALLEST_SPREAD = np.log(3.0), 6.0, 0.03
# A festival moves by at most a month from year to year.
SAME_SEASON_MONTHS = (11, 12, 13, 23, 24, 25)


def latest_extremes(units: Floats, calendar_months: Ints, promoted: Bools | None = None) -> tuple[Bools, Bools, Floats]:
    """Return high and low extremes of the last two months, (n, T) bool each, and the units expected there, (n, T).

    A month is extreme if it is at least three times the expected units, or a third of them, and six times the SKU's
    spread away. More units returned than sold are extreme too. Exempt are months that follow a month on the way to
    them, promoted months, and those with a similar month a year or two before, give or take a month. SKUs with fewer
    than 14 known months, with more than 15 % of them without a sale, or with extremes in more than one of twenty are
    not judged.

    Args:
        units: (n, T) ending at the origin month; NaN if unknown.
        calendar_months: (T,), 1 .. 12.
        promoted: (n, T) bool, True if the SKU was promoted; None if not known.
    """
    marked, expected = np.zeros((2, *units.shape), dtype=bool), np.full(units.shape, np.nan)
    earlier = units[:, :-LATEST_MONTHS]
    known = np.isfinite(earlier)
    silent = (known & ~(earlier > 0)).sum(axis=1)
    judged = np.flatnonzero((known.sum(axis=1) >= KNOWN_MONTHS) & (silent <= LARGEST_ZERO_SHARE * known.sum(axis=1)))
    if not len(judged):
        return marked[0], marked[1], expected
    rows = units[judged]
    expected[judged, -LATEST_MONTHS:] = _expected_latest(rows, calendar_months)
    before = expected_units(earlier[judged], calendar_months[:-LATEST_MONTHS])
    ratio = log_ratio(rows, np.concatenate([before, expected[judged, -LATEST_MONTHS:]], axis=1))
    spread = np.maximum(1.4826 * known_median(np.abs(ratio[:, :-LATEST_MONTHS])), SMALLEST_SPREAD)[:, None]
    limit = np.maximum(SPREADS * spread, LEAST_LOG_RATIO)
    direction = _directions(rows, ratio, limit)
    if promoted is not None:
        direction[promoted[judged, -LATEST_MONTHS:]] = 0
    marked[0][judged, -LATEST_MONTHS:], marked[1][judged, -LATEST_MONTHS:] = direction > 0, direction < 0
    return marked[0], marked[1], expected


def _expected_latest(units: Floats, calendar_months: Ints) -> Floats:
    """Return the median level of the half year before the last two months, times their season, (n, 2)."""
    earlier = units.copy()
    earlier[:, -LATEST_MONTHS:] = np.nan
    season = seasonal_indices(earlier, calendar_months).of_months(calendar_months)
    level = known_median((earlier / season)[:, -LATEST_MONTHS - LEVEL_MONTHS : -LATEST_MONTHS])
    expected: Floats = level[:, None] * season[:, -LATEST_MONTHS:]
    return expected


def _directions(units: Floats, ratio: Floats, limit: Floats) -> Floats:
    """Return 1 for high and -1 for low extremes of the last two months, (n, 2), else 0."""
    earlier = ratio[:, :-LATEST_MONTHS]
    steady = known_mean(np.where(np.isfinite(earlier), np.abs(earlier) >= limit, np.nan)) <= LARGEST_EXTREME_SHARE
    no_returns = (units[:, :-LATEST_MONTHS] < 0).mean(axis=1) <= LARGEST_EXTREME_SHARE
    directions = np.zeros((len(units), LATEST_MONTHS))
    before = np.nan_to_num(ratio[:, -LATEST_MONTHS - 1])
    for place in range(LATEST_MONTHS):
        at = units.shape[1] - LATEST_MONTHS + place
        own = np.nan_to_num(ratio[:, at])
        sign = np.sign(own)
        far = np.abs(own) >= limit[:, 0]
        # Half-way in the month before: the SKU grows or fades. From an extreme month on the run is one event.
        abrupt = sign * (own - before) >= limit[:, 0] / 2
        recurs = np.zeros(len(units), dtype=bool)
        for distance in SAME_SEASON_MONTHS:
            if distance <= at:
                recurs |= sign * np.nan_to_num(ratio[:, at - distance]) >= limit[:, 0] / 2
        directions[:, place] = np.where(far & abrupt & ~recurs & steady, sign, 0.0)
        returned = (units[:, at] < 0) & np.isfinite(ratio[:, at]) & no_returns & steady
        directions[returned, place] = -1.0
        before = np.where(directions[:, place] != 0.0, before, own)
    return directions
