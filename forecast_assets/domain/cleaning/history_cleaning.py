"""Cleaned history: extreme cells get a reason and the units that were to be expected.

Actuals stay as they are wherever they are stored or scored. Only the input of season, level and features is cleaned.
Here belong the marks and their order. Not here: shocks of a whole market (``market_shock``), the last two months
(``latest_months``), large changes of the level (``level_change``), collecting the inputs (``history_marks``). Months
before a smaller jump of the level (``level_shift``) keep their level: if they are rescaled to the new one, the engine's
WAPE on the hospital series is 0.0810 instead of 0.0804.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Ints, Labels
from forecast_assets.domain.cleaning.expected_units import expected_units, log_ratio
from forecast_assets.domain.cleaning.latest_months import latest_extremes
from forecast_assets.domain.cleaning.level_change import ratio_to_new_level
from forecast_assets.domain.cleaning.level_shift import level_shift_columns
from forecast_assets.domain.cleaning.market_shock import without_shock
from forecast_assets.domain.demand.demand_panel import known_median
from forecast_assets.domain.demand.mark_reasons import COVID, LATEST_HIGH, LATEST_LOW, OLD_LEVEL

NOT_MARKED = ""
# Two years distinguish a season from an accident. With a larger share of zeros, zero is normal for the SKU.
KNOWN_MONTHS, LARGEST_ZERO_SHARE = 24, 0.15
# An outlier is at least six times the SKU's own spread away, and half as much again or a third less than expected. That
# marks 0.05 % of the cells of M3, 0.08 % of hospital's and none of retail's, with the same WAPE to four digits. If 1 %
# of the cells are turned into accidents (x 4, x 0.2, a zero with a catch-up), 60 to 99 % are detected. WAPE returns to
# within 2 % of the untouched series (6 % on retail with x 0.2): 0.065 instead of 0.101 on hospital with x 4, 0.034
# instead of 0.068 on retail.
SPREADS, LEAST_LOG_RATIO, SMALLEST_SPREAD = 6.0, np.log(1.5), 0.03
# A SKU with more extreme months than one in twenty has volatile demand, not accidents.
LARGEST_MARKED_SHARE = 0.05
# Near zero: a tenth of what was expected, or of the usual stock. A catch-up brings at least a third more than expected.
NEAR_ZERO, CATCH_UP = 0.1, 4 / 3


def clean_history(
    units: Floats,
    calendar_months: Ints,
    stringency: Floats | None = None,
    stock: Floats | None = None,
    promoted: Bools | None = None,
) -> tuple[Floats, Labels]:
    """Return units without extremes, and the reason for each changed cell.

    The rules apply in this order; a later reason replaces an earlier one:

    - ``covid``: months of high stringency in which the market's total left its usual range. The last 6 months are
      exempt: no seasonal index uses them yet, and they are the current level. Units are moved towards the expected
      ones, by no more than the market's own deviation.
    - ``stock_out``: months with (almost) no sales while the stock was empty, or in a SKU that otherwise always sells,
      with a catch-up in the next month. Units become the expected ones. The catch-up is marked too and reduced by the
      sales it made up for.
    - ``outlier_high``, ``outlier_low``: a single month far from the expected units. Exempt are the last month, promoted
      months, and months whose neighbour or same month of another year deviates the same way. Units become the expected
      ones.
    - ``latest_high``, ``latest_low``: an extreme in the last two months that has no other reason (``latest_months``).
      Units become the expected ones.
    - ``old_level``: all months before a large change of the level (``level_change``), whatever else they are. Units
      are multiplied by new / old level. The rules before judge them at the new level.

    Args:
        units: (n, T) ending at the origin month; NaN if unknown.
        calendar_months: (T,), 1 .. 12.
        stringency: (T,) OxCGRT stringency index 0 .. 100 of the market, NaN if unknown; None without restrictions.
        stock: (n, T) stock at the end of the month, NaN if unknown; None if no stock is known.
        promoted: (n, T) bool, True if the SKU was promoted; None if not known.

    Returns:
        Cleaned units (n, T), NaN where ``units`` is, and reasons (n, T), an empty text for unchanged cells.
    """
    units = np.asarray(units, dtype=float)
    reasons = np.full(units.shape, NOT_MARKED, dtype=object)
    change = ratio_to_new_level(units, calendar_months)
    at_new_level = units * change
    ratio = _ratio_to_current_level(at_new_level, calendar_months)
    cleaned = at_new_level * ratio
    high, low, expected = latest_extremes(cleaned, calendar_months, promoted)
    if stringency is not None:
        calm, shocked = without_shock(cleaned, calendar_months, np.asarray(stringency, dtype=float))
        cleaned, reasons[shocked] = calm, COVID
    judged = _is_judged(cleaned)
    cleaned[judged], single = _single_marks(
        cleaned[judged],
        calendar_months,
        None if stock is None else np.asarray(stock)[judged],
        None if promoted is None else np.asarray(promoted)[judged],
    )
    reasons[judged] = np.where(single == NOT_MARKED, reasons[judged], single)
    high, low = high & (reasons == NOT_MARKED), low & (reasons == NOT_MARKED)
    cleaned = np.where(high | low, expected, cleaned)
    reasons[high], reasons[low] = LATEST_HIGH, LATEST_LOW
    reasons[(change != 1.0) & np.isfinite(units)] = OLD_LEVEL
    return np.where(reasons == NOT_MARKED, units, cleaned / ratio), reasons


def _ratio_to_current_level(units: Floats, calendar_months: Ints) -> Floats:
    """Return new level / old level in the months before a lasting jump of the level, (n, T); 1 in all others.

    Cells are judged at one level: usual months around a jump would otherwise look extreme.
    """
    column, ratio = level_shift_columns(units, calendar_months)
    return np.where(np.arange(units.shape[1]) < column[:, None], ratio[:, None], 1.0)


def marks_table(
    skus: Labels, months: pd.DatetimeIndex, units: Floats, cleaned: Floats, reasons: Labels
) -> pd.DataFrame:
    """Return the marked cells as rows: ``sku, month, reason, units, cleaned_units``, ordered by SKU and month."""
    row, column = np.nonzero(reasons != NOT_MARKED)
    return pd.DataFrame(
        {
            "sku": np.asarray(skus, dtype=object)[row],
            "month": months[column],
            "reason": reasons[row, column].astype(object),
            "units": units[row, column],
            "cleaned_units": cleaned[row, column],
        }
    )


def _is_judged(units: Floats) -> Bools:
    known = np.isfinite(units).sum(axis=1)
    silent = (np.isfinite(units) & ~(units > 0)).sum(axis=1)
    is_judged: Bools = (known >= KNOWN_MONTHS) & (silent <= LARGEST_ZERO_SHARE * known)
    return is_judged


def _single_marks(
    units: Floats, calendar_months: Ints, stock: Floats | None, promoted: Bools | None
) -> tuple[Floats, Labels]:
    """Mark stock-outs with their catch-up, then single outliers; return cleaned units and reasons."""
    reasons = np.full(units.shape, NOT_MARKED, dtype=object)
    if not len(units):
        return units, reasons
    expected = expected_units(units, calendar_months)
    is_out = _stock_outs(units, expected, stock)
    catch_up = _next_month(is_out) & (units >= CATCH_UP * expected) & ~is_out
    lost = np.where(is_out, expected - units, 0.0)
    made_up = np.maximum(expected, units - np.concatenate([np.zeros((len(units), 1)), lost[:, :-1]], axis=1))
    cleaned = np.where(is_out, expected, np.where(catch_up, made_up, units))
    reasons[is_out | catch_up] = "stock_out"
    changed = (reasons != NOT_MARKED).any(axis=1)
    if changed.any():
        expected[changed] = expected_units(cleaned[changed], calendar_months)
    high, low = _outliers(cleaned, expected, promoted)
    reasons[high], reasons[low] = "outlier_high", "outlier_low"
    return np.where(high | low, expected, cleaned), reasons


def _next_month(mask: Bools) -> Bools:
    """Return True for cells one month after those of the mask."""
    return np.concatenate([np.zeros((len(mask), 1), dtype=bool), mask[:, :-1]], axis=1)


def _stock_outs(units: Floats, expected: Floats, stock: Floats | None) -> Bools:
    """Return True for months with (almost) no sales because stock was missing."""
    near_zero = (units <= NEAR_ZERO * expected) & (expected > 0)
    caught_up = np.zeros_like(near_zero)
    caught_up[:, :-1] = units[:, 1:] >= CATCH_UP * expected[:, 1:]
    rare = near_zero.sum(axis=1) <= LARGEST_MARKED_SHARE * np.isfinite(units).sum(axis=1)
    is_out: Bools = near_zero & caught_up & rare[:, None]
    if stock is not None:
        usual = known_median(np.asarray(stock, dtype=float))[:, None]
        is_out |= near_zero & (usual > 0) & (stock <= NEAR_ZERO * usual)
    return is_out


def _outliers(units: Floats, expected: Floats, promoted: Bools | None) -> tuple[Bools, Bools]:
    """Return high and low outliers, (n, T) bool each."""
    ratio = log_ratio(units, expected)
    spread = np.maximum(1.4826 * known_median(np.abs(ratio)), SMALLEST_SPREAD)[:, None]
    limit = np.maximum(SPREADS * spread, LEAST_LOG_RATIO)
    extreme = np.nan_to_num(np.where(np.abs(ratio) >= limit, np.sign(ratio), 0.0))
    notable = np.nan_to_num(np.where(np.abs(ratio) >= limit / 2, np.sign(ratio), 0.0))
    single = extreme != 0
    for distance in (1, -1, 12, -12):
        single &= _shifted(notable, distance) != extreme
    single[:, -1] = False
    if promoted is not None:
        single &= ~np.asarray(promoted, dtype=bool)
    single &= ((extreme != 0).sum(axis=1) <= LARGEST_MARKED_SHARE * np.isfinite(units).sum(axis=1))[:, None]
    return single & (extreme > 0), single & (extreme < 0)


def _shifted(values: Floats, distance: int) -> Floats:
    """Return the values ``distance`` months before each month; 0 outside."""
    moved = np.zeros_like(values)
    if abs(distance) < values.shape[1]:
        if distance > 0:
            moved[:, distance:] = values[:, :-distance]
        else:
            moved[:, :distance] = values[:, -distance:]
    return moved
