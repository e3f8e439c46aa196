"""Features of the Covid policy of a market, known at the origin: the same value for all its SKUs.

The tracker is never read for target months. What an index means outside the tracker is decided in ``domain.covid``.
"""

import numpy as np

from forecast_assets.domain.features.windows import change_over, window_mean

CHANGE_MONTHS = 3


def covid_features(
    stringency_index: np.ndarray, economic_support_index: np.ndarray, n_sku: int
) -> dict[str, np.ndarray]:
    """``<index>_last_month``, ``_mean_3``, ``_mean_12`` and ``_change_3`` (last month minus 3 months before), (n_sku,).

    Args:
        stringency_index, economic_support_index: (T,) monthly indices of the market (0..100) ending at the origin
            month, NaN where there is no data.
    """
    features: dict[str, np.ndarray] = {}
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
