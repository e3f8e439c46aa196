"""Features of the Covid policy of a market, known at the origin: the same value for all its SKUs.

The tracker is never read for target months. ``domain/demand/covid.py`` defines the indices outside the tracker.
"""

import numpy as np

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.features.windows import change_over, window_mean

CHANGE_MONTHS = 3


def covid_features(stringency_index: Floats, economic_support_index: Floats, n_sku: int) -> dict[str, Floats]:
    """Return four features per index, each (n_sku,).

    ``<index>_last_month``, ``<index>_mean_3``, ``<index>_mean_12`` and ``<index>_change_3`` (last month minus 3 months
    before).

    Args:
        stringency_index: (T,) monthly index of the market, 0..100, ending at the origin month, NaN where unknown.
        economic_support_index: The same for the economic support.
        n_sku: Number of SKUs.
    """
    features: dict[str, Floats] = {}
    indices = {"stringency_index": stringency_index, "economic_support_index": economic_support_index}
    for name, values in indices.items():
        series = np.asarray(values, dtype=float)[None, :]
        of_market = {
            f"{name}_last_month": series[:, -1],
            f"{name}_mean_3": window_mean(series, 3),
            f"{name}_mean_12": window_mean(series, 12),
            f"{name}_change_{CHANGE_MONTHS}": change_over(series, CHANGE_MONTHS),
        }
        features |= {feature: np.full(n_sku, value[0]) for feature, value in of_market.items()}
    return features
