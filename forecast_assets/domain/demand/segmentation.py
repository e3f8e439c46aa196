"""Segments of SKUs: ABC by value, XYZ by variability, and the statistics of intermittent demand.

Arrays are (n_sku, n_months) and end at the origin month; NaN is unknown. All thresholds are here. Not here: features
made of segments (``features.segments``).
"""

import numpy as np

from forecast_assets.domain.arrays import Bools, Floats, Labels
from forecast_assets.domain.demand.demand_panel import known_mean

ABC_MONTHS, A_SHARE, B_SHARE = 12, 0.80, 0.95
XYZ_MONTHS, XYZ_MIN_MONTHS, X_LIMIT, Y_LIMIT = 24, 12, 0.5, 1.0
ADI_LIMIT, CV2_LIMIT = 1.32, 0.49
ZERO_SHARE_MONTHS = 24


def abc_class(units: Floats, skus: Labels, price: Floats | None = None) -> Labels:
    """Return the ABC class by value over the last 12 months, (n,) of "A", "B", "C".

    Value is units x mean price of the 12 months. A SKU without a price takes the median price of the others; if no
    price is known, value is units. SKUs are ordered by value, largest first, ties by SKU. A SKU is A while the SKUs
    before it have less than 80 % of the value (so the first is always A), B below 95 %, else C. A value of zero or
    below is C.

    Args:
        units: (n, T).
        skus: (n,) SKU codes, which break ties the same way in any row order.
        price: (n, T) aligned with ``units``, or None.
    """
    value = np.maximum(np.nansum(units[:, -ABC_MONTHS:], axis=1) * _mean_prices(units, price), 0.0)
    order = np.lexsort((np.asarray(skus, dtype=str), -value))
    ranked = value[order]
    before = np.cumsum(ranked) - ranked
    total = ranked.sum()
    classes = np.where(before < A_SHARE * total, "A", np.where(before < B_SHARE * total, "B", "C"))
    result = np.empty(len(value), dtype=object)
    result[order] = np.where(ranked > 0, classes, "C")
    return result


def _mean_prices(units: Floats, price: Floats | None) -> Floats:
    if price is None or np.isnan(price[:, -ABC_MONTHS:]).all():
        return np.ones(len(units))
    prices = known_mean(price[:, -ABC_MONTHS:])
    return np.where(np.isnan(prices), np.nanmedian(prices), prices)


def coefficient_of_variation(units: Floats) -> Floats:
    """Return standard deviation / mean of the last 24 months, (n,).

    NaN with fewer than 12 known months, or if the mean is not positive.
    """
    recent = units[:, -XYZ_MONTHS:]
    mean = known_mean(recent)
    spread = np.sqrt(known_mean((recent - mean[:, None]) ** 2))
    enough = (~np.isnan(recent)).sum(axis=1) >= XYZ_MIN_MONTHS
    variation: Floats = np.divide(spread, mean, out=np.full(len(units), np.nan), where=enough & (mean > 0))
    return variation


def xyz_class(units: Floats) -> Labels:
    """Return the XYZ class by coefficient of variation, (n,): "X" up to 0.5, "Y" up to 1.0, "Z" above or unknown."""
    variation = coefficient_of_variation(units)
    return np.where(variation <= X_LIMIT, "X", np.where(variation <= Y_LIMIT, "Y", "Z")).astype(object)


def _months_after_first_sale(units: Floats) -> Bools:
    """Return True for known months from the first sale on, (n, T) bool."""
    return (np.cumsum(units > 0, axis=1) > 0) & ~np.isnan(units)


def average_demand_interval(units: Floats) -> Floats:
    """Return known months from the first sale to the origin / months with a sale (ADI), (n,) >= 1; NaN without one."""
    sales = (units > 0).sum(axis=1)
    months = _months_after_first_sale(units).sum(axis=1)
    interval: Floats = np.divide(months, sales, out=np.full(len(units), np.nan), where=sales > 0)
    return interval


def squared_variation_of_sizes(units: Floats) -> Floats:
    """Return (standard deviation / mean)^2 over the months with a sale (CV2), (n,); NaN without a sale."""
    sizes = np.where(units > 0, units, np.nan)
    mean = known_mean(sizes)
    return known_mean((sizes - mean[:, None]) ** 2) / mean**2


def demand_class(adi: Floats, cv2: Floats) -> Labels:
    """Return the Syntetos-Boylan class, (n,): smooth, erratic, intermittent or lumpy; "unknown" without a sale.

    Intermittent or lumpy from an ADI of 1.32 on, erratic or lumpy from a CV2 of 0.49 on (Syntetos, Boylan, Croston
    2005).
    """
    rare, varied = adi >= ADI_LIMIT, cv2 >= CV2_LIMIT
    classes = np.where(rare, np.where(varied, "lumpy", "intermittent"), np.where(varied, "erratic", "smooth"))
    return np.where(np.isnan(adi) | np.isnan(cv2), "unknown", classes).astype(object)


def zero_share(units: Floats) -> Floats:
    """Return the share of known months without a sale (zero or net return) in the last 24, (n,); NaN if none known."""
    recent = units[:, -ZERO_SHARE_MONTHS:]
    return known_mean(np.where(np.isnan(recent), np.nan, recent <= 0))


def months_since_last_sale(units: Floats) -> Floats:
    """Return the months from the last sale to the origin, (n,); 0 for a sale in the origin month, NaN without one."""
    sold = units > 0
    since = np.argmax(sold[:, ::-1], axis=1).astype(float)
    return np.where(sold.any(axis=1), since, np.nan)
