"""Traits of a SKU that its weights in the blend may depend on, from its features at the origin.

Here belong the traits alone. What is learned from them is in ``sku_weights.py``.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.models.training_rows import dispersion_units

# The fourth power sets strongly seasonal SKUs apart: the recursive boosting is worst at them.
TRAITS = ("seasonal_strength_4", "seasonal_strength", "noise", "months")
USUAL_NOISE, LARGEST_LOG_NOISE = 0.1, 2.0
MOST_MONTHS, LONG_HISTORY_MONTHS = 120, 40


def sku_traits(features: pd.DataFrame) -> Floats:
    """Return the traits of each row, (n, ``TRAITS``), never NaN.

    Args:
        features: ``seasonal_strength`` (0 .. 1), the one-step errors, ``scale_units`` and ``observations``. Noise is
            the logarithm of the typical one-step error over a tenth of the SKU's level. Months are known ones, up to
            120, in multiples of 40.
    """
    # An experiment may leave the statistical features out: then the strength is 0 for all SKUs.
    strength = features.reindex(columns=["seasonal_strength"])["seasonal_strength"].fillna(0.0).to_numpy(float)
    noise = dispersion_units(features) / features["scale_units"].to_numpy(float)
    log_noise = np.log(np.maximum(noise, np.finfo(float).tiny) / USUAL_NOISE)
    months = np.minimum(features["observations"].to_numpy(float), MOST_MONTHS) / LONG_HISTORY_MONTHS
    traits: Floats = np.column_stack(
        [strength**4, strength, np.clip(np.nan_to_num(log_noise), -LARGEST_LOG_NOISE, LARGEST_LOG_NOISE), months]
    )
    return traits
