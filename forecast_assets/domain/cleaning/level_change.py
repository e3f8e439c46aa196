"""Large changes of a SKU's level for good: another unit, a customer won or lost, a new pack.

Here belongs the month from which the new level counts, and the factor that brings earlier months to it. Smaller jumps
are in ``level_shift``: months before them keep their units.
"""

import numpy as np

from forecast_assets.domain.arrays import Bools, Floats, Ints
from forecast_assets.domain.demand.demand_panel import known_median
from forecast_assets.domain.demand.seasonality import SEASON_LENGTH, seasonal_indices

# Two extreme months are no level. The third one at the same new level is the first that counts.
LEAST_MONTHS = 3
# At least a tripling or a fall to a third, and five times the spread of the year-on-year changes.
LEAST_LOG_CHANGE, LEAST_SPREADS, SMALLEST_SPREAD = np.log(3.0), 5.0, 0.03
# Share of the months that are sold now and a year before, and of those since the change nearer to the new level.
SOLD_SHARE, NEAR_SHARE = 0.75, 0.9
# The new level may drift by this share of the change. A SKU that falls on is fading, not at a new level.
LARGEST_DRIFT = 0.25
CHANGES = 3


def has_new_level(units: Floats, calendar_months: Ints) -> Bools:
    """Return True for SKUs whose level changed for good within the months given, (n,) bool."""
    changed: Bools = (ratio_to_new_level(units, calendar_months) != 1.0).any(axis=1)
    return changed


def ratio_to_new_level(units: Floats, calendar_months: Ints) -> Floats:
    """Return new level / old level for each month before a large change, (n, T); 1 from it on and without one.

    The change from the same month of the year before has no season. A month is the first one of a new level if all of
    these hold for these changes, in logarithms:

    - their median in the 3 to 12 months from it on is at least log 3, and 5 x their spread, away from the median in the
      year before, which is less than half as far from 0;
    - the 3 months on either side lie at least half as far apart;
    - nine in ten of the months from it on are nearer to the new level, and three in four can be compared;
    - from 4 months on, the halves of the months from it on differ by at most a quarter of the change.

    The factor is the median of the year from it on / that of the year before, each without season. Up to 3 changes
    are found, the most abrupt one first.

    Args:
        units: (n, T) ending at the origin month; NaN if unknown.
        calendar_months: (T,), 1 .. 12.
    """
    ratio = np.ones(units.shape)
    rows = np.arange(len(units))
    for _ in range(CHANGES):
        column, change = _largest_changes(units[rows] * ratio[rows])
        rows, column, change = rows[column >= 0], column[column >= 0], change[column >= 0]
        if not len(rows):
            break
        is_before = np.arange(units.shape[1]) < column[:, None]
        ratio[rows] *= np.where(is_before, np.exp(change)[:, None], 1.0)
        measured = _measured_ratio(units[rows] * ratio[rows], calendar_months, is_before)
        ratio[rows] *= np.where(is_before, measured[:, None], 1.0)
    return ratio


def _largest_changes(units: Floats) -> tuple[Ints, Floats]:
    """Return the first column of the most abrupt new level, (n,) int, -1 without one, and the change of its log."""
    column, change = np.full(len(units), -1), np.zeros(len(units))
    first = SEASON_LENGTH + LEAST_MONTHS
    if units.shape[1] < first + LEAST_MONTHS:
        return column, change
    logs = np.log(np.where(units > 0, units, np.nan))
    yearly = logs[:, SEASON_LENGTH:] - logs[:, :-SEASON_LENGTH]
    threes = np.lib.stride_tricks.sliding_window_view(yearly, LEAST_MONTHS, axis=1)
    low, high = threes.min(axis=-1), threes.max(axis=-1)
    before, after = np.s_[:, :-LEAST_MONTHS], np.s_[:, LEAST_MONTHS:]
    gap = np.nan_to_num(np.maximum(low[after] - high[before], low[before] - high[after]))
    # A gap is rare: only these months are looked at one by one, the widest last.
    found = np.argwhere(gap >= LEAST_LOG_CHANGE / 2)
    for row, start in found[np.argsort(gap[tuple(found.T)], kind="stable")]:
        step = _change_at(yearly[row], start + LEAST_MONTHS, gap[row, start])
        if step:
            column[row], change[row] = start + first, step
    return column, change


def _change_at(yearly: Floats, at: int, gap: float) -> float:
    """Return the change of the log level at a position of the year-on-year changes, 0 if it is none."""
    before, after = yearly[max(0, at - SEASON_LENGTH) : at], yearly[at : at + SEASON_LENGTH]
    if min(np.isfinite(before).mean(), np.isfinite(after).mean()) < SOLD_SHARE:
        return 0.0
    usual, now = float(np.nanmedian(before)), float(np.nanmedian(after))
    step = now - usual
    around = np.concatenate([before - usual, after - now])
    spread = max(float(np.nanmedian(np.abs(around))), SMALLEST_SPREAD)
    is_large = min(abs(step), abs(now)) >= max(LEAST_LOG_CHANGE, LEAST_SPREADS * spread)
    stays = np.mean(np.sign(step) * (after[np.isfinite(after)] - usual) > abs(step) / 2) >= NEAR_SHARE
    half = len(after) // 2
    drift = np.nanmedian(after[-half:]) - np.nanmedian(after[:half]) if half > 1 else 0.0
    is_level = stays and abs(drift) <= LARGEST_DRIFT * abs(step)
    return step if is_large and is_level and abs(usual) < abs(step) / 2 and gap >= abs(step) / 2 else 0.0


def _measured_ratio(units: Floats, calendar_months: Ints, is_before: Bools) -> Floats:
    """Return the median of the year from the change on / that of the year before it, without season, (n,)."""
    adjusted = units / seasonal_indices(units, calendar_months).of_months(calendar_months)
    column = is_before.sum(axis=1)[:, None]
    months = np.arange(units.shape[1])
    year_after = (months >= column) & (months < column + SEASON_LENGTH)
    year_before = is_before & (months >= column - SEASON_LENGTH)
    after, before = (known_median(np.where(year, adjusted, np.nan)) for year in (year_after, year_before))
    measured: Floats = after / before
    return measured
