"""Forecast value added of one month, from the stored tables of the months around it."""

import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.demand.restatements import known_rows
from forecast_assets.domain.evaluation.value_added import (
    PRICE_MONTHS,
    forecast_value_added,
    net_sales_per_unit,
    value_added_cells,
)
from forecast_assets.domain.publication.before_overrides import units_before_overrides


def value_added_of_month(
    month: pd.Timestamp,
    performance: pd.DataFrame,
    published: pd.DataFrame,
    forecasts: pd.DataFrame,
    overrides: pd.DataFrame,
    sell_in: pd.DataFrame,
) -> pd.DataFrame:
    """Return ``forecast_value_added`` of a month; every table may hold other months, too.

    Args:
        month: The closed month.
        performance: Rows by the ``month`` forecast.
        published: Rows by ``month``, the origin, and ``target_month``; all of each origin.
        forecasts: As ``published``.
        overrides: As ``published``.
        sell_in: Rows by the ``month`` from which they are known: ``sku, sell_in_units, net_sales``.
    """
    # Of a run over many months only the origins that forecast this one.
    origins = published["month"].between(add_months(month, -HORIZON_MONTHS), add_months(month, -1))
    before = units_before_overrides(published[origins], forecasts[forecasts["target_month"] == month])
    known = known_rows(sell_in, month)
    recent = known[known["month"] > add_months(month, -PRICE_MONTHS)]
    cells = value_added_cells(
        performance[performance["month"] == month],
        before[before["target_month"] == month],
        overrides[overrides["target_month"] == month],
        net_sales_per_unit(recent),
    )
    return forecast_value_added(cells)
