"""A shock of a whole market, such as the restrictions of 2020: when it was one, and the units without it.

Here belongs what months of high stringency did to a market's demand. Not here: the stringency index itself and what is
made of it as a feature (``covid``).
"""

import numpy as np

from forecast_assets.domain.cleaning.expected import expected_units, log_ratio, offset_units

# OxCGRT: most of 2020 and 2021 in most countries lies above, recommendations alone below.
HIGH_STRINGENCY = 40.0
# The total must leave its usual range by a tenth, and by three times its spread in calm months.
LEAST_LOG_SHOCK, SPREADS = np.log(1.1), 3.0
CALM_MONTHS_NEEDED, SHOCK_WINDOW_MONTHS = 24, 25
# The last 6 months have no ratio to the year around them: no season is learned from them, and they are the level now.
RECENT_MONTHS = 6
ESTABLISHED_SHARE = 0.9


def market_shock(units: np.ndarray, calendar_months: np.ndarray, stringency: np.ndarray) -> np.ndarray:
    """Log of the market's total by its total in calm months, (T,); 0 in months that are no shock.

    A month is a shock if its stringency is at least 40 and the total of the SKUs known in 90 % of the months deviates
    from the median of the calm months in two years around, with the season of the calm months, by at least 10 % and
    three spreads. The last 6 months are none; no month is with fewer than 24 calm ones.
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


def without_shock(
    units: np.ndarray, calendar_months: np.ndarray, stringency: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Units with the market's shock taken out, and the changed cells, (n, T) each.

    In a month of shock a SKU that deviates from its own calm months in the market's direction is moved back towards
    them, by no more than the market's deviation. A SKU that went the other way stays as it is.
    """
    shock = market_shock(units, calendar_months, stringency)
    if not shock.any():
        return units, np.zeros(units.shape, dtype=bool)
    expected = _expected_in_calm(units, calendar_months, stringency >= HIGH_STRINGENCY)
    own = np.nan_to_num(log_ratio(units, expected))
    correction = np.clip(own, np.minimum(shock, 0.0), np.maximum(shock, 0.0))
    changed = (correction != 0.0) & (units > 0)
    # The logarithms are of units plus an offset, so that is what the correction divides.
    offset = np.nan_to_num(offset_units(expected))
    return np.where(changed, (units + offset) / np.exp(correction) - offset, units), changed


def _deviation(units: np.ndarray, calendar_months: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Log of units by what the calm months around make expect."""
    return log_ratio(units, _expected_in_calm(units, calendar_months, high))


def _expected_in_calm(units: np.ndarray, calendar_months: np.ndarray, high: np.ndarray) -> np.ndarray:
    return expected_units(np.where(high, np.nan, units), calendar_months, SHOCK_WINDOW_MONTHS)
