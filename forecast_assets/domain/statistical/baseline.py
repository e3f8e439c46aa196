"""The forecasts every model is measured against: the planners' Holt-Winters and the seasonal naive, as rows."""

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS, target_months
from forecast_assets.domain.demand.demand import DemandPanel
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters
from forecast_assets.domain.statistical.seasonal_naive import forecast_seasonal_naive

BASELINE_WINDOW_MONTHS = 120


def baseline_forecasts(sell_in: DemandPanel, origin: pd.Timestamp, skus: np.ndarray) -> pd.DataFrame:
    """Holt-Winters and seasonal naive of every SKU at an origin, from the last 120 months up to it.

    Args:
        sell_in: Panel of the market that reaches the origin; later months are not read.
        origin: Last month known.
        skus: SKUs to forecast, all in the panel.

    Returns:
        One row per SKU and target month: ``sku, origin_month, target_month, horizon_months, baseline_units,
        naive_units``.

    Raises:
        ValueError: If a SKU is not in the panel.
    """
    places = pd.Index(sell_in.skus).get_indexer(skus)
    if (places < 0).any():
        first = np.asarray(skus, dtype=object)[places < 0][:5].tolist()
        raise ValueError(f"no sell-in for {(places < 0).sum()} SKUs to forecast, first: {first}; load their sell_in")
    known = sell_in.until(origin, BASELINE_WINDOW_MONTHS).units[places]
    return pd.DataFrame(
        {
            "sku": np.repeat(np.asarray(skus, dtype=object), HORIZON_MONTHS),
            "origin_month": origin,
            "target_month": np.tile(target_months(origin).to_numpy(), len(skus)),
            "horizon_months": np.tile(np.arange(1, HORIZON_MONTHS + 1), len(skus)),
            "baseline_units": forecast_holt_winters(known, HORIZON_MONTHS).ravel(),
            "naive_units": forecast_seasonal_naive(known, HORIZON_MONTHS).ravel(),
        }
    )
