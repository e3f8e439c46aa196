"""Shocks of a whole market, such as the restrictions of 2020: their months, and the units without them.

Here belongs the effect of high stringency on a market's demand. Not here: the stringency index (``demand/covid.py``)
and its features.
"""

import numpy as np

from forecast_assets.domain.arrays import Bools, Floats, Ints
from forecast_assets.domain.cleaning.expected_units import expected_units, log_ratio, offset_units

# OxCGRT: most of 2020 and 2021 in most countries is above, mere recommendations are below.
HIGH_STRINGENCY = 40.0
# The total must leave its usual range by a tenth, and by three times its spread in calm months.
LEAST_LOG_SHOCK, SPREADS = np.log(1.1), 3.0
CALM_MONTHS_NEEDED, SHOCK_WINDOW_MONTHS = 24, 25
# The last 6 months have no ratio to the year around them: no season uses them, and they are the current level.
RECENT_MONTHS = 6
ESTABLISHED_SHARE = 0.9


def market_shock(units: Floats, calendar_months: Ints, stringency: Floats) -> Floats:
    """Return log(market total / total expected from calm months), (T,); 0 in months without a shock.

    A month is a shock if its stringency is at least 40 and the market's total deviates by at least 10 % and three
    spreads. The total is over SKUs known in 90 % of the months. It is compared with the median of the calm months in
    the two years around, times the season of the calm months. The last 6 months are never a shock. With fewer than 24
    calm months there is none.
    """
    none = np.zeros(units.shape[1])
    high = stringency >= HIGH_STRINGENCY
    established = np.isfinite(units).mean(axis=1) >= ESTABLISHED_SHARE
    if not high.any() or (~high).sum() < CALM_MONTHS_NEEDED or not established.any():
        return none
    total = np.nansum(units[established], axis=0)[None]
    deviation = _deviation(total, calendar_months, high)[0]
    spread = 1.4826 * np.nanmedian(np.abs(deviation[~high])) if np.isfinite(deviation[~high]).any() else np.inf
    is_shock = high & (np.abs(deviation) >= max(LEAST_LOG_SHOCK, SPREADS * spread))
    is_shock[-RECENT_MONTHS:] = False
    return np.where(is_shock, deviation, none)


def without_shock(units: Floats, calendar_months: Ints, stringency: Floats) -> tuple[Floats, Floats]:
    """Return units without the market's shock, and True for the changed cells, (n, T) each.

    In a month of shock a SKU may deviate from its own calm months in the market's direction. It is moved back towards
    them, by no more than the market's deviation. A SKU that deviates the other way is unchanged.
    """
    shock = market_shock(units, calendar_months, stringency)
    if not shock.any():
        return units, np.zeros(units.shape, dtype=bool)
    expected = _expected_in_calm(units, calendar_months, stringency >= HIGH_STRINGENCY)
    own = np.nan_to_num(log_ratio(units, expected))
    correction = np.clip(own, np.minimum(shock, 0.0), np.maximum(shock, 0.0))
    changed = (correction != 0.0) & (units > 0)
    # The logarithms are of units plus an offset, so the correction divides that sum.
    offset = np.nan_to_num(offset_units(expected))
    return np.where(changed, (units + offset) / np.exp(correction) - offset, units), changed


def _deviation(units: Floats, calendar_months: Ints, high: Bools) -> Floats:
    """Return log(units / units expected from the calm months around)."""
    return log_ratio(units, _expected_in_calm(units, calendar_months, high))


def _expected_in_calm(units: Floats, calendar_months: Ints, high: Bools) -> Floats:
    return expected_units(np.where(high, np.nan, units), calendar_months, SHOCK_WINDOW_MONTHS)
