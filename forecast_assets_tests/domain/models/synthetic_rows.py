"""Tables of features with nothing but what training needs, whose right answers are known by construction."""

import numpy as np
import pandas as pd

from forecast_assets.domain.demand import DemandPanel

HORIZONS = range(1, 19)


def plain_features(skus, origins, statistical=1.0, theta=1.0, **columns) -> pd.DataFrame:
    """One row per SKU and origin with ``statistical_mean`` and ``theta`` in units, the same at all horizons."""
    rows = pd.DataFrame(
        {"sku": np.tile(np.array(skus, dtype=object), len(origins)), "origin_month": np.repeat(origins, len(skus))}
    )
    rows = rows.assign(observations=36.0, zero_share_24=0.0, scale_units=1.0, **columns)
    ahead = {f"statistical_mean_h{h:02d}": statistical for h in HORIZONS} | {f"theta_h{h:02d}": theta for h in HORIZONS}
    return rows.assign(**ahead)


def coded_panel(skus, months) -> DemandPanel:
    """Units that say whose and when they are: SKU i in month j sells 1000 i + j."""
    units = 1000.0 * np.arange(len(skus))[:, None] + np.arange(len(months))
    return DemandPanel(np.array(skus, dtype=object), months, units)
