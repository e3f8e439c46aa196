"""Forecast churn: the change between two publications for the same months.

Planners order by the forecast. A forecast that changes every month has a cost, even if its accuracy is good.
"""

import pandas as pd

CELL = ["sku", "target_month"]
CHURN_COLUMNS = [*CELL, "horizon_months", "forecast_units", "status"]
NEAR_MONTHS = 3


def forecast_churn(now: pd.DataFrame, before: pd.DataFrame) -> dict[str, float]:
    """Compute the change between two successive publications over their common cells.

    - ``churn = sum|f_now - f_before| / sum f_before``;
    - ``churn_signed = sum(f_now - f_before) / sum f_before``, positive if the forecast was raised;
    - ``churn_near``, ``churn_near_signed``: the same over the next three months of the later publication, for which
      orders are placed.

    Args:
        now: ``sku, target_month, horizon_months, forecast_units, status`` of an origin. Backfilled rows do not count,
            because they were not published at the time.
        before: The same of an earlier origin.

    Returns:
        ``churn_cells`` (common cells) and the four ratios as fractions. A ratio without cells, or whose earlier
        forecasts sum to zero, is left out. Empty if one publication has no row that counts.
    """
    now, before = (table[table["status"] != "backfilled"] for table in (now, before))
    if now.empty or before.empty:
        return {}
    cells = now[[*CELL, "horizon_months", "forecast_units"]].merge(
        before[[*CELL, "forecast_units"]], on=CELL, suffixes=("", "_before"), validate="1:1"
    )
    near = cells[cells["horizon_months"] <= NEAR_MONTHS]
    return {"churn_cells": len(cells)} | _ratios(cells, "churn") | _ratios(near, "churn_near")


def _ratios(cells: pd.DataFrame, name: str) -> dict[str, float]:
    change, before = cells["forecast_units"] - cells["forecast_units_before"], cells["forecast_units_before"].sum()
    if before == 0:
        return {}
    return {name: float(change.abs().sum() / before), f"{name}_signed": float(change.sum() / before)}
