"""Realised performance: the sell-in of a closed month beside each forecast of it that was published earlier."""

import pandas as pd

COLUMNS = [
    "sku", "origin_month", "lag_months", "actual_units", "published_units", "model_units", "baseline_units",
    "naive_units", "status", "source", "category", "abc_class", "xyz_class",
]  # fmt: skip

# Columns of the published forecasts that are read: eighteen months of every quantile would be five times as much.
PUBLISHED_COLUMNS = [
    "sku", "origin_month", "target_month", "horizon_months", "forecast_units", "model_units", "baseline_units",
    "naive_units", "status", "source", "category", "abc_class", "xyz_class",
]  # fmt: skip


def performance(month: pd.Timestamp, sell_in: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of one target month, one row per SKU and lag.

    Args:
        month: The closed month.
        sell_in: ``sku, sell_in_units`` of the month.
        published: Published forecasts of earlier origins, any target months.

    Returns:
        The columns of the ``performance`` table. ``actual_units`` is NaN if sell-in is unknown or absent. Such cells
        are not scored.
    """
    of_month = published[published["target_month"] == month]
    cells = of_month.merge(sell_in[["sku", "sell_in_units"]], on="sku", how="left", validate="m:1")
    cells = cells.rename(
        columns={
            "sell_in_units": "actual_units",
            "forecast_units": "published_units",
            "horizon_months": "lag_months",
        }
    )
    return cells[COLUMNS].sort_values(["sku", "lag_months"], ignore_index=True)
