import numpy as np
import pandas as pd

from benchmarks.panel_rows import rows_of_panel
from forecast_assets.domain.demand.demand_panel import panel_from_rows

ROWS = pd.DataFrame(
    {
        "sku": ["b", "a", "a", "b"],
        "month": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-03-01", "2024-02-01"]),
        "sell_in_units": [5.0, 1.0, 3.0, None],
    }
)


def test_a_panel_turned_to_rows_and_back_is_the_same():
    panel = panel_from_rows(ROWS, "2024-01-01", "2024-03-01")
    again = panel_from_rows(rows_of_panel(panel), "2024-01-01", "2024-03-01")
    np.testing.assert_array_equal(again.units, panel.units)
    assert len(rows_of_panel(panel)) == 3
    assert len(rows_of_panel(panel, keep_unknown=True)) == 6
