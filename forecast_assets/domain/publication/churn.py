"""Forecast churn: how much a publication changed what the one before it had said of the same months.

Planners order by the forecast; one that turns over every month costs them even where its accuracy is good.
"""

import pandas as pd

CELL = ["sku", "target_month"]
CHURN_COLUMNS = [*CELL, "horizon_months", "forecast_units", "status"]
NEAR_MONTHS = 3


def forecast_churn(now: pd.DataFrame, before: pd.DataFrame) -> dict[str, float]:
    """Change between two successive publications over the cells both have.

    ``churn = sum|f_now - f_before| / sum f_before``; ``churn_signed = sum(f_now - f_before) / sum f_before``, positive
    where the forecast was raised; ``churn_near`` and ``churn_near_signed`` over the next three months of the later
    one, for which orders are placed. Fractions.

    Args:
        now, before: ``sku, target_month, horizon_months, forecast_units, status`` of two origins. Backfilled rows were
            not published then: they do not count.

    Returns:
        ``churn_cells`` (cells both have) and the four ratios; a ratio without cells, or whose earlier forecasts sum to
        zero, is left out. Empty where one of the two has no row that counts.
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
