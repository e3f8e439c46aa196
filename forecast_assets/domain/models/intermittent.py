"""The forecast of intermittent SKUs, for WAPE and bias together.

Among all forecasts with the right total, the sum of absolute errors is least if every SKU is forecast at the same
quantile of its demand. With the total as a constraint, the derivative 2 F(f) - 1 of each expected absolute error must
be equal (Lagrange). The median, which minimises WAPE alone, is zero for a SKU that sells in less than every other
month. The mean spreads units over months without a sale. Here one fixed quantile is scaled to the total of the mean,
which is near that optimum. The blend keeps some of the mean, so that no SKU is forecast at zero forever.
The learners of the mean and the quantile are in ``gradient_boosting.py``.
"""

import numpy as np

from forecast_assets.domain.arrays import Floats

SMALLEST_RATIO, LARGEST_RATIO = 0.25, 4.0


def blend_intermittent(mean: Floats, quantile: Floats | None, sharpness: float) -> Floats:
    """Blend the mean with the common quantile, scaled to the total of the mean.

    Args:
        mean: (n_sku, horizon_months) expected units.
        quantile: The same shape, one quantile of each SKU's demand in units; None: return the mean alone.
        sharpness: Share of the quantile, 0 .. 1.

    Returns:
        (n_sku, horizon_months), not negative. Its total equals that of the mean if the quantile's total is between a
        quarter and four times of it.
    """
    mean = np.maximum(mean, 0.0)
    if quantile is None:
        return mean
    quantile = np.maximum(quantile, 0.0)
    total = float(quantile.sum())
    if total <= 0.0:
        return mean
    ratio = min(max(float(mean.sum()) / total, SMALLEST_RATIO), LARGEST_RATIO)
    return (1.0 - sharpness) * mean + sharpness * ratio * quantile
