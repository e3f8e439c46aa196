"""Life cycle of a SKU as its units show it: silent, fading, back after a gap, ended; and the forecast changes.

Arrays are (n_sku, n_months) and end at the origin month; NaN is unknown. Here belong the signs of a phase and the
forecast changes it calls for. Not here: launches (``launches``), shifts of the level (``level_shift``), the order of
the rules (``portfolio_rules``).
"""

import numpy as np

from forecast_assets.domain.arrays import Bools, Floats, Ints
from forecast_assets.domain.demand.demand_panel import known_mean
from forecast_assets.domain.demand.seasonality import seasonal_indices
from forecast_assets.domain.statistical.seasonal_smoothing import forecast_statistical

# A year decides whether a seasonal item comes back. After 12 silent months 8 to 16 % of the following months have a
# sale (car parts, three origins), so an interval of [0, 0] has the coverage of an 80 % interval.
SILENT_MONTHS = 12
# Fading: the last 6 months below a quarter of the 12 before, still falling, of a SKU that had sold steadily. Looser
# limits catch intermittent demand that comes back: bias -0.4 to -0.8 before any fading (car parts).
FADING_MONTHS, FADING_SHARE, FADING_DECLINE, FADING_ZERO_SHARE = 6, 0.25, 0.75, 0.15
# A tenth a month leaves 15 % after 18 months; neutral for WAPE on the three car parts it meets (0.996 to 0.994).
FADE_PER_MONTH = 0.9
# Back: at least 3 sales since the gap, in three of four months, of a SKU that sold in half of the months before.
# Without these conditions, 28 % of the car parts are "back"; using only the months after the gap costs 15 % of WAPE.
SALES_SINCE_RETURN, SHARE_SOLD_SINCE, SHARE_SOLD_BEFORE = 3, 0.75, 0.5


def is_silent(units: Floats) -> Bools:
    """Return True if nothing was sold in the last 12 months, (n,) bool; unknown months and returns count as silent."""
    silent: Bools = (units[:, -SILENT_MONTHS:] > 0).sum(axis=1) == 0
    return silent


def is_fading(units: Floats, calendar_months: Ints) -> Bools:
    """Return True if a SKU that sold steadily declines towards zero, (n,) bool.

    All conditions must hold, on units / seasonal index:

    - the mean of the last 6 months is below a quarter of that of the 12 before;
    - the mean of the last 3 months is at most 0.75 x that of the 3 before;
    - at most 15 % of the known months of the 18 before the last 6 are without a sale;
    - at least 18 of the last 24 months are known.
    """
    adjusted = units / seasonal_indices(units, calendar_months).of_months(calendar_months)
    recent, before = adjusted[:, -FADING_MONTHS:], adjusted[:, -3 * FADING_MONTHS : -FADING_MONTHS]
    steady = units[:, -4 * FADING_MONTHS : -FADING_MONTHS]
    zero_share = known_mean(np.where(np.isnan(steady), np.nan, steady <= 0))
    half = FADING_MONTHS // 2
    fading: Bools = (
        (known_mean(recent) < FADING_SHARE * known_mean(before))
        & (known_mean(recent[:, half:]) <= FADING_DECLINE * known_mean(recent[:, :half]))
        & (zero_share <= FADING_ZERO_SHARE)
        & (np.isfinite(units[:, -4 * FADING_MONTHS :]).sum(axis=1) >= 3 * FADING_MONTHS)
    )
    return fading


def faded(forecasts: Floats) -> Floats:
    """Return forecasts (n, horizon) times 0.9 per month ahead: 0.9, 0.81, 0.729 ..."""
    return forecasts * FADE_PER_MONTH ** np.arange(1, forecasts.shape[1] + 1)


def return_column(units: Floats) -> Ints:
    """Return the column of the first sale after the latest gap of at least 12 silent months, (n,) int; -1 if none.

    The return must be within the last 12 months, with at least 3 sales since, in 3 of 4 months. The SKU must have sold
    in half of the known months before the gap. Months before the first known one are no gap; unknown months within a
    gap are silent.
    """
    n_months = units.shape[1]
    column = np.arange(n_months)
    sold = units > 0
    last_sale = np.maximum.accumulate(np.where(sold, column, -1), axis=1)
    sale_before = np.concatenate([np.full((len(units), 1), -1), last_sale[:, :-1]], axis=1)
    is_return = sold & (sale_before >= 0) & (column - sale_before > SILENT_MONTHS)
    latest = np.where(is_return, column, -1).max(axis=1, initial=-1)
    gap_begins = np.where(latest >= 0, sale_before[np.arange(len(units)), np.maximum(latest, 0)] + 1, 0)
    since = np.where(column >= latest[:, None], sold, np.nan)
    before = np.where((column < gap_begins[:, None]) & ~np.isnan(units), sold, np.nan)
    back = (
        (latest >= n_months - SILENT_MONTHS)
        & (np.nansum(since, axis=1) >= SALES_SINCE_RETURN)
        & (np.nan_to_num(known_mean(since)) >= SHARE_SOLD_SINCE)
        & (np.nan_to_num(known_mean(before)) >= SHARE_SOLD_BEFORE)
    )
    return np.where(back, latest, -1)


def level_since(units: Floats, calendar_months: Ints, first_column: Ints, horizon_months: int) -> Floats:
    """Return forecasts (n, horizon) by exponential smoothing of the months from ``first_column`` (n,) on, no season.

    A return is younger than a year, and the seasonal index of an interrupted year would include the gap.
    """
    ignored = np.arange(units.shape[1]) < first_column[:, None]
    return forecast_statistical(np.where(ignored, np.nan, units), calendar_months, horizon_months).ses


def is_after_end(months_until_end: Floats, horizon_months: int) -> Bools:
    """Return True for months ahead that are after the end, (n, horizon) bool; all False if the end is NaN.

    Args:
        months_until_end: (n,), 1 if the month after the origin is the last one on sale.
        horizon_months: Months ahead.
    """
    return np.arange(1, horizon_months + 1) > months_until_end[:, None]
