"""The forecasts every model is measured against, as rows: the planners' Holt-Winters and the seasonal naive."""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS, target_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.mark_reasons import REPLACED_EVERYWHERE
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters
from forecast_assets.domain.statistical.seasonal_naive import forecast_seasonal_naive

BASELINE_WINDOW_MONTHS = 120
# Reasons whose marks planners would correct by hand. Restrictions and stock-outs stay: they are demand as delivered.
BASELINE_REASONS = ("outlier_high", "outlier_low", *REPLACED_EVERYWHERE)


def baseline_forecasts(
    sell_in: DemandPanel, origin: pd.Timestamp, skus: Labels, horizon_months: int = HORIZON_MONTHS
) -> pd.DataFrame:
    """Forecast every SKU by Holt-Winters and seasonal naive from the last 120 months up to an origin.

    Holt-Winters reads units without outliers and at the current level. The naive forecast reads raw ones.

    Args:
        sell_in: Panel of the market that reaches the origin; later months are not read.
        origin: The last known month.
        skus: SKUs to forecast, all in the panel.
        horizon_months: Months to forecast.

    Returns:
        One row per SKU and target month: ``sku, origin_month, target_month, horizon_months, baseline_units,
        naive_units``.

    Raises:
        ValueError: If a SKU is not in the panel.
    """
    rows = pd.Index(sell_in.skus).get_indexer(pd.Index(skus))
    if (rows < 0).any():
        first = np.asarray(skus, dtype=object)[rows < 0][:5].tolist()
        raise ValueError(f"no sell-in for {(rows < 0).sum()} SKUs to forecast, first: {first}; load their sell_in")
    known = sell_in.until(origin, BASELINE_WINDOW_MONTHS).units[rows]
    cleaned = sell_in.learnable(origin, BASELINE_WINDOW_MONTHS, BASELINE_REASONS).units[rows]
    return pd.DataFrame(
        {
            "sku": np.repeat(np.asarray(skus, dtype=object), horizon_months),
            "origin_month": origin,
            "target_month": np.tile(target_months(origin, horizon_months).to_numpy(), len(skus)),
            "horizon_months": np.tile(np.arange(1, horizon_months + 1), len(skus)),
            "baseline_units": forecast_holt_winters(cleaned, horizon_months).ravel(),
            "naive_units": forecast_seasonal_naive(known, horizon_months).ravel(),
        }
    )
