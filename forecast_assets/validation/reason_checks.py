"""Checks of the reasons of forecasts: every published cell has one, and the parts add up."""

import numpy as np
import pandas as pd

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.reasons.forecast_reasons import last_units
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck, violating

# A wrong explanation is worth a warning. It does not fail a cycle that has published its forecasts.
PARTS_ADD_UP = CheckDeclaration(
    "parts_add_up",
    "Every published cell has a reason; its units add up to forecast minus the same month of last year.",
    blocking=False,
)
CELL = ["sku", "target_month"]
# Units, for sums of numbers of up to millions.
TOLERANCE = 1e-6


def reason_checks(published: pd.DataFrame, sell_in: DemandPanel) -> list[TableCheck]:
    """Return the checks of ``forecast_reasons``.

    Args:
        published: ``published_forecasts`` of the origin.
        sell_in: The market's panel up to the origin.
    """
    cells = published.sort_values(CELL)
    last = last_units(sell_in, cells["sku"].unique()).ravel()
    expected = cells[CELL].assign(difference=cells["forecast_units"].to_numpy(float) - last)

    def find(table: pd.DataFrame, _: pd.Timestamp) -> Finding:
        sums = table.groupby(CELL)["units"].sum().reset_index()
        both = expected.merge(sums, on=CELL, how="left", validate="1:1")
        off = (both["units"] - both["difference"]).abs() > TOLERANCE * np.maximum(both["difference"].abs(), 1.0)
        wrong = both[both["units"].isna() | off]
        return violating(wrong, f"{len(wrong)} cells whose parts do not add up to forecast minus last year's units")

    return [schema_check("forecast_reasons"), PARTS_ADD_UP.rule(find)]
