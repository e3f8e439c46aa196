"""The forecast of intermittent SKUs, for WAPE and bias together.

Among all forecasts with the right total, the sum of absolute errors is least where every SKU is forecast at the same
quantile of its demand: with the total as a constraint, the derivative 2 F(f) - 1 of each expected absolute error must
be equal (Lagrange). The median, which minimises WAPE alone, forecasts nothing for a SKU that sells in less than every
other month; the mean spreads units over months without a sale. Here one fixed quantile is moved to the total of the
mean, which is near that optimum and not exactly it. The blend keeps some of the mean, so that no SKU is written off.
Not here: the learners of the mean and the quantile (``gradient_boosting.py``).
"""

import numpy as np

from forecast_assets.domain.arrays import Floats

SMALLEST_RATIO, LARGEST_RATIO = 0.25, 4.0


def blend_intermittent(mean: Floats, quantile: Floats | None, sharpness: float) -> Floats:
    """The mean blended with the common quantile, moved to the total of the mean.

    Args:
        mean: (n_sku, horizon_months) expected units.
        quantile: The same shape: one quantile of each SKU's demand, in units; None: the mean alone.
        sharpness: Share of the quantile, 0 .. 1.

    Returns:
        (n_sku, horizon_months), not negative. The total is that of the mean unless the quantile's is under a quarter or
        over four times of it.
    """
    mean = np.maximum(mean, 0.0)
    if quantile is None:
        return mean
    quantile = np.maximum(quantile, 0.0)
    total = quantile.sum()
    if total <= 0.0:
        return mean
    ratio = np.clip(mean.sum() / total, SMALLEST_RATIO, LARGEST_RATIO)
    return (1.0 - sharpness) * mean + sharpness * ratio * quantile
