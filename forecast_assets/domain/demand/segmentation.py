"""Segments of SKUs: ABC by value, XYZ by variability, and the statistics of intermittent demand.

Arrays (n_sku, n_months) that end at the origin month; NaN is unknown. The thresholds stand here and nowhere else.
Features made of segments are in ``features.segments``.
"""

import numpy as np

from forecast_assets.domain.demand.demand import known_mean

ABC_MONTHS, A_SHARE, B_SHARE = 12, 0.80, 0.95
XYZ_MONTHS, XYZ_MIN_MONTHS, X_LIMIT, Y_LIMIT = 24, 12, 0.5, 1.0
ADI_LIMIT, CV2_LIMIT = 1.32, 0.49
ZERO_SHARE_MONTHS = 24


def abc_class(units: np.ndarray, skus: np.ndarray, price: np.ndarray | None = None) -> np.ndarray:
    """ABC class by value over the last 12 months, (n,) of "A", "B", "C".

    Value is units x mean price of the 12 months; a SKU without a price takes the median price of the others, and where
    no price is known value is units. SKUs are ordered by value, largest first, ties by SKU. A SKU is A while the SKUs
    before it hold less than 80 % of the value (so the first is always A), B below 95 %, else C. A value of zero or
    below is C.

    Args:
        units: (n, T).
        skus: (n,) identifiers, to break ties the same way in any row order.
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


def _mean_prices(units: np.ndarray, price: np.ndarray | None) -> np.ndarray:
    if price is None or np.isnan(price[:, -ABC_MONTHS:]).all():
        return np.ones(len(units))
    prices = known_mean(price[:, -ABC_MONTHS:])
    return np.where(np.isnan(prices), np.nanmedian(prices), prices)


def coefficient_of_variation(units: np.ndarray) -> np.ndarray:
    """Standard deviation / mean of the last 24 known months, (n,); NaN with under 12 known or a mean not positive."""
    recent = units[:, -XYZ_MONTHS:]
    mean = known_mean(recent)
    spread = np.sqrt(known_mean((recent - mean[:, None]) ** 2))
    enough = (~np.isnan(recent)).sum(axis=1) >= XYZ_MIN_MONTHS
    return np.divide(spread, mean, out=np.full(len(units), np.nan), where=enough & (mean > 0))


def xyz_class(units: np.ndarray) -> np.ndarray:
    """XYZ class by coefficient of variation, (n,): "X" up to 0.5, "Y" up to 1.0, "Z" above or where it is unknown."""
    variation = coefficient_of_variation(units)
    return np.where(variation <= X_LIMIT, "X", np.where(variation <= Y_LIMIT, "Y", "Z")).astype(object)


def _months_after_first_sale(units: np.ndarray) -> np.ndarray:
    """(n, T) bool: known months from the first sale on."""
    return (np.cumsum(units > 0, axis=1) > 0) & ~np.isnan(units)


def average_demand_interval(units: np.ndarray) -> np.ndarray:
    """ADI, (n,) >= 1: known months from the first sale to the origin / months with a sale; NaN without a sale."""
    sales = (units > 0).sum(axis=1)
    return np.divide(
        _months_after_first_sale(units).sum(axis=1), sales, out=np.full(len(units), np.nan), where=sales > 0
    )


def squared_variation_of_sizes(units: np.ndarray) -> np.ndarray:
    """CV2, (n,): (standard deviation / mean)^2 over the months with a sale; NaN where nothing was sold."""
    sizes = np.where(units > 0, units, np.nan)
    mean = known_mean(sizes)
    return known_mean((sizes - mean[:, None]) ** 2) / mean**2


def demand_class(adi: np.ndarray, cv2: np.ndarray) -> np.ndarray:
    """Syntetos-Boylan class, (n,): smooth, erratic, intermittent or lumpy; "unknown" where nothing was sold.

    Intermittent or lumpy from an ADI of 1.32 on, erratic or lumpy from a CV2 of 0.49 on (Syntetos, Boylan, Croston
    2005).
    """
    rare, varied = adi >= ADI_LIMIT, cv2 >= CV2_LIMIT
    classes = np.where(rare, np.where(varied, "lumpy", "intermittent"), np.where(varied, "erratic", "smooth"))
    return np.where(np.isnan(adi) | np.isnan(cv2), "unknown", classes).astype(object)


def zero_share(units: np.ndarray) -> np.ndarray:
    """Share of known months without a sale (zero or net return) in the last 24, (n,); NaN where none is known."""
    recent = units[:, -ZERO_SHARE_MONTHS:]
    return known_mean(np.where(np.isnan(recent), np.nan, recent <= 0))


def months_since_last_sale(units: np.ndarray) -> np.ndarray:
    """Months from the last month with a sale to the origin, (n,); 0 when it is the origin month, NaN without a sale."""
    sold = units > 0
    since = np.argmax(sold[:, ::-1], axis=1).astype(float)
    return np.where(sold.any(axis=1), since, np.nan)
