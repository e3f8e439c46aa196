"""Tables of features with nothing but what training needs, whose right answers are known by construction."""

import numpy as np
import pandas as pd

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.training_rows import ONE_STEP_ERRORS

HORIZONS = range(1, 19)


def plain_features(skus, origins, statistical=1.0, theta=1.0, **columns) -> pd.DataFrame:
    """One row per SKU and origin with ``statistical_mean``, ``ses`` and ``theta`` in units, the same at all horizons.

    The scale and the dispersion of every SKU are 1 unless given.
    """
    rows = pd.DataFrame(
        {"sku": np.tile(np.array(skus, dtype=object), len(origins)), "origin_month": np.repeat(origins, len(skus))}
    )
    usual = {
        "observations": 36.0,
        "zero_share_24": 0.0,
        "scale_units": 1.0,
        "theta_alpha": 0.3,
        "statistical_slope": 0.0,
        "seasonal_strength": 0.0,
    }
    usual |= dict.fromkeys(ONE_STEP_ERRORS, 1.0)
    forecasts = {"statistical_mean": statistical, "ses": statistical, "theta": theta}
    ahead = {f"{name}_h{h:02d}": units for name, units in forecasts.items() for h in HORIZONS}
    return rows.assign(**usual | columns | ahead)


def coded_panel(skus, months) -> DemandPanel:
    """Units that say whose and when they are: SKU i in month j sells 1000 i + j."""
    units = 1000.0 * np.arange(len(skus))[:, None] + np.arange(len(months))
    return DemandPanel(np.array(skus, dtype=object), months, units)
