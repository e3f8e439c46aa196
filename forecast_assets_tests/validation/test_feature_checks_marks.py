"""Checks of history marks: few, and cells of the history."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.validation.feature_checks import marks_checks

MONTHS = pd.date_range("2024-01-01", periods=20, freq="MS")
ORIGIN = MONTHS[18]
PANEL = DemandPanel(np.array(["a", "b"], dtype=object), MONTHS, np.arange(40, dtype=float).reshape(2, 20))


def marks(*rows, reason="outlier_high"):
    table = pd.DataFrame(rows, columns=["sku", "marked_month", "units"]).astype({"sku": object, "units": float})
    return table.assign(reason=reason, cleaned_units=1.0, marked_month=pd.to_datetime(table["marked_month"]))


def finding(name, table):
    (check,) = (check for check in marks_checks(PANEL) if check.name == name)
    return check.find(table, ORIGIN)


@pytest.mark.parametrize(
    "wrong",
    [
        ("a", MONTHS[5], 6),
        ("z", MONTHS[5], 5),
        ("a", MONTHS[19], 19),
        ("a", pd.Timestamp("2023-01-01"), 5),
        # Units of the last SKU, and of the last month: no cell of a SKU or month that is not there.
        ("z", MONTHS[5], 25),
        ("a", pd.Timestamp("2023-01-01"), 18),
    ],
)
def test_a_mark_that_is_no_delivered_cell_up_to_the_origin_is_refused(wrong):
    assert finding("marks_in_history", marks(("a", MONTHS[5], 5), ("b", MONTHS[18], 38))).violations == 0
    assert finding("marks_in_history", marks(("a", MONTHS[5], 5), wrong)).violations == 1


def test_more_accidents_than_one_cell_in_twenty_are_seen_and_covid_does_not_count():
    """38 known cells: one is 2.6 %, two are 5.3 %."""
    two = [("a", MONTHS[5], 5), ("b", MONTHS[6], 26)]
    assert finding("few_marked", marks(two[0])).violations == 0
    result = finding("few_marked", marks(*two))
    assert (result.violations, result.is_warning) == (1, True)
    assert finding("few_marked", marks(*two, reason="covid")).violations == 0


def test_marks_match_their_schema_or_say_what_does_not():
    table = marks(("a", MONTHS[5], 5))[["sku", "marked_month", "reason", "units", "cleaned_units"]]
    assert finding("schema", table).violations == 0
    assert finding("schema", table.assign(reason="level_shift")).violations == 1


def test_marks_of_the_first_sku_and_month_are_in_the_history():
    assert finding("marks_in_history", marks(("a", MONTHS[0], 0))).violations == 0
    assert finding("marks_in_history", marks(("a", MONTHS[0], 1))).message == (
        "1 marks differ from the units known at 2025-07"
    )


def few_marked(panel, table):
    (check,) = (check for check in marks_checks(panel) if check.name == "few_marked")
    return check.find(table, panel.months[-1])


def test_one_cell_in_twenty_is_few():
    panel = DemandPanel(np.array(["a", "b"], dtype=object), MONTHS[:10], np.ones((2, 10)))
    result = few_marked(panel, marks(("a", MONTHS[5], 1)))
    assert (result.violations, result.figures) == (0, {"marks": 1, "accident_share": 0.05})
    third = few_marked(PANEL, marks(("a", MONTHS[5], 5), ("b", MONTHS[5], 25), ("b", MONTHS[6], 26)))
    assert third.figures["accident_share"] == 0.075


def test_a_market_without_known_cells_has_no_share():
    panel = DemandPanel(np.array(["a"], dtype=object), MONTHS[:10], np.full((1, 10), np.nan))
    assert few_marked(panel, marks()).violations == 0
    assert few_marked(panel, marks(("a", MONTHS[5], 5))).figures["accident_share"] == 1.0
    # A share is shown to five places: one of 27 cells.
    panel = DemandPanel(
        np.array(["a"], dtype=object), pd.date_range("2022-01-01", periods=27, freq="MS"), np.ones((1, 27))
    )
    assert few_marked(panel, marks(("a", MONTHS[0], 1))).figures["accident_share"] == 0.03704
