"""Features of the demand around a SKU in its own market, up to the origin month: its category, and all SKUs.

The market's own data needs no delay; ``totals`` reads other markets, a month later. Levels are relative to the
aggregate's own last year, so that a large and a small category look alike.
"""

import numpy as np

from forecast_assets.domain.arrays import Floats, Ints, Labels
from forecast_assets.domain.features.windows import positive_ratio, window_features, window_mean

AGGREGATE_LAGS = 12
WINDOW_MONTHS = (3, 6)
YEAR_MONTHS = 12


def aggregate_features(units: Floats | None, measure: str, category: Labels) -> dict[str, Floats]:
    """Return lags and windows of the category's and the market's total, each (n,).

    For ``<scope>`` in ``category`` (the SKU's) and ``market``: ``<scope>_<measure>_lag_<n>_to_mean_12`` (n = 1 .. 12,
    lag 1 the origin month), ``<scope>_<measure>_mean_<n>_to_mean_12`` (3, 6), ``<scope>_<measure>_year_on_year_<n>``
    (3, 6, 12), and ``sku_share_of_category_<measure>_12``: the SKU's share of its category over the last 12 months.

    Args:
        units: (n, T) ending at the origin month, NaN where unknown; None if the market has no such data: NaN.
        measure: ``sell_in`` or ``sell_out``.
        category: (n,) category of each SKU.
    """
    units = np.full((len(category), 1), np.nan) if units is None else units
    names, member = np.unique(np.asarray(category, dtype=str), return_inverse=True)
    categories = _totals(units, member, len(names))
    market = _totals(units, np.zeros(len(units), dtype=int), 1)
    features = {name: values[member] for name, values in _total_features(categories, f"category_{measure}").items()}
    features |= {
        name: np.full(len(units), values[0]) for name, values in _total_features(market, f"market_{measure}").items()
    }
    year = window_mean(np.nan_to_num(units), YEAR_MONTHS)
    features[f"sku_share_of_category_{measure}_12"] = positive_ratio(year, window_mean(categories, YEAR_MONTHS)[member])
    return features


def _totals(units: Floats, member: Ints, count: int) -> Floats:
    """Return the sums over the SKUs of each group, (count, T); NaN in months in which none is known."""
    total, known = np.zeros((count, units.shape[1])), np.zeros((count, units.shape[1]))
    np.add.at(total, member, np.nan_to_num(units))
    np.add.at(known, member, ~np.isnan(units))
    return np.where(known > 0, total, np.nan)


def _total_features(totals: Floats, prefix: str) -> dict[str, Floats]:
    """Return the features of each total, (count,)."""
    year = window_mean(totals, YEAR_MONTHS)
    features = {}
    for lag in range(1, AGGREGATE_LAGS + 1):
        at_lag = totals[:, -lag] if lag <= totals.shape[1] else np.full(len(totals), np.nan)
        features[f"{prefix}_lag_{lag}_to_mean_12"] = positive_ratio(at_lag, year)
    for months in WINDOW_MONTHS:
        features[f"{prefix}_mean_{months}_to_mean_12"] = positive_ratio(window_mean(totals, months), year)
    growth = window_features(totals, prefix, len(totals))
    return features | {name: values for name, values in growth.items() if "_year_on_year_" in name}
