"""Performance of an imaginary market whose accuracy is known: stationary, or worse from a month on.

Sales are lognormal around each SKU's own level; what was published and Holt-Winters err by lognormal factors around
that level. The month as a whole errs, too: all SKUs share a factor, correlated from month to month.
"""

import numpy as np
import pandas as pd

LAST = pd.Timestamp("2024-06-01")


def simulated_performance(
    seed: int,
    *,
    months: int = 15,
    skus: int = 60,
    sales_spread: float = 0.35,
    forecast_spread: float = 0.20,
    shared_spread: float = 0.04,
    shared_correlation: float = 0.0,
    worse_months: int = 0,
    worse_by: float = 1.0,
    bias: float = 0.0,
) -> pd.DataFrame:
    """Cells of lags 1 to 3; in the last ``worse_months`` the published error is ``worse_by`` times as large.

    ``bias`` is a share that the published forecast is too high by in those months.
    """
    generator = np.random.default_rng(seed)
    level = np.exp(generator.normal(6, 1.2, skus))
    shared = np.zeros(months)
    steps = generator.normal(0, shared_spread, months)
    for month in range(months):
        before = shared[month - 1] if month else 0.0
        shared[month] = shared_correlation * before + np.sqrt(1 - shared_correlation**2) * steps[month]
    actual = level * np.exp(generator.normal(-(sales_spread**2) / 2, sales_spread, (months, skus)) + shared[:, None])
    error = generator.normal(-(forecast_spread**2) / 2, forecast_spread, (2, months, skus))
    error = error + generator.normal(0, 0.05, (3, 2, months, skus))
    of_lag = level * np.exp(error)
    published, baseline = of_lag[:, 0], of_lag[:, 1]
    is_worse = (np.arange(months) >= months - worse_months)[:, None]
    scale = np.where(is_worse, worse_by, 1.0)
    published = actual + (published - actual) * scale + np.where(is_worse, bias, 0.0) * actual
    at = pd.date_range(end=LAST, periods=months, freq="MS")
    parts = [
        pd.DataFrame(
            {
                "month": np.repeat(at, skus),
                "sku": np.tile([f"S{number:03d}" for number in range(skus)], months),
                "lag_months": lag,
                "origin_month": np.repeat(at - pd.DateOffset(months=lag), skus),
                "actual_units": actual.ravel(),
                "published_units": np.maximum(published[lag - 1], 0).ravel(),
                "baseline_units": baseline[lag - 1].ravel(),
                "status": "published",
            }
        )
        for lag in (1, 2, 3)
    ]
    return pd.concat(parts, ignore_index=True)
