"""A panel as rows, for what reads rows where the product has a table."""

import numpy as np
import pandas as pd

from forecast_assets.domain.demand.demand_panel import DemandPanel


def rows_of_panel(panel: DemandPanel, value: str = "sell_in_units", keep_unknown: bool = False) -> pd.DataFrame:
    """One row per SKU and month, sorted: sku, month, ``value``; NaN rows only if ``keep_unknown``."""
    rows = pd.DataFrame(
        {
            "sku": np.repeat(panel.skus, len(panel.months)),
            "month": np.tile(panel.months.to_numpy(), len(panel.skus)),
            value: panel.units.ravel(),
        }
    )
    return rows if keep_unknown else rows.dropna(subset=[value]).reset_index(drop=True)
