"""Sell-in that later months restate: what each origin sees, by hand."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.demand.restatements import known_rows, own_rows, restates

JAN, FEB, MAR, APR, MAY = pd.date_range("2024-01-01", periods=5, freq="MS")


def stored(*rows):
    """Rows as stored: SKU, month of the partition, units, and the month that the row restates."""
    frame = pd.DataFrame(rows, columns=["sku", "month", "sell_in_units", "restated_month"])
    return frame.astype({"restated_month": "datetime64[ns]"})


# A's January was 10, then 12 from March on, then 11 from May on. B is first known in April, of February.
ROWS = stored(
    ("A", JAN, 10.0, pd.NaT),
    ("A", FEB, 20.0, pd.NaT),
    ("A", MAR, 30.0, pd.NaT),
    ("A", MAR, 12.0, JAN),
    ("A", APR, 40.0, pd.NaT),
    ("B", APR, 7.0, FEB),
    ("A", MAY, 50.0, pd.NaT),
    ("A", MAY, 11.0, JAN),
)


def seen(rows):
    return [f"{sku} {month:%m} {units:g}" for sku, month, units in rows[["sku", "month", "sell_in_units"]].to_numpy()]


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (FEB, ["A 01 10", "A 02 20"]),
        (MAR, ["A 01 12", "A 02 20", "A 03 30"]),
        (APR, ["A 01 12", "A 02 20", "B 02 7", "A 03 30", "A 04 40"]),
        (MAY, ["A 01 11", "A 02 20", "B 02 7", "A 03 30", "A 04 40", "A 05 50"]),
    ],
)
def test_an_origin_sees_the_latest_row_that_it_knows(origin, expected):
    assert seen(known_rows(ROWS, origin)) == expected


def test_own_rows_are_of_the_month_they_are_stored_with():
    assert seen(own_rows(ROWS)) == ["A 01 10", "A 02 20", "A 03 30", "A 04 40", "A 05 50"]
    plain = ROWS.drop(columns="restated_month")
    assert own_rows(plain) is plain
    assert restates(ROWS)
    assert not restates(plain)
    assert not restates(own_rows(ROWS).assign(restated_month=pd.NaT))
    assert seen(known_rows(own_rows(ROWS), FEB)) == ["A 01 10", "A 02 20"]


NO = np.nan
KNOWN = {
    JAN: [[10], [NO]],
    FEB: [[10, 20], [NO, NO]],
    MAR: [[12, 20, 30], [NO, NO, NO]],
    APR: [[12, 20, 30, 40], [NO, 7, NO, NO]],
    MAY: [[11, 20, 30, 40, 50], [NO, 7, NO, NO, NO]],
}


@pytest.mark.parametrize("origin", KNOWN)
def test_a_panel_cut_at_an_origin_has_the_units_known_then(origin):
    panel = panel_from_rows(ROWS, JAN, MAY)
    np.testing.assert_array_equal(panel.until(origin).units, KNOWN[origin])
    np.testing.assert_array_equal(panel.until(APR if origin < APR else MAY).until(origin).units, KNOWN[origin])
    if origin >= APR:  # B is not there yet before.
        np.testing.assert_array_equal(panel_from_rows(ROWS, JAN, origin).units, KNOWN[origin])


def test_the_last_months_of_a_panel_have_them_too():
    panel = panel_from_rows(ROWS, JAN, MAY)
    np.testing.assert_array_equal(panel.until(APR, 3).units, [[20, 30, 40], [7, NO, NO]])
    np.testing.assert_array_equal(panel_from_rows(ROWS, FEB, MAY).until(MAR).units, [[20, 30], [NO, NO]])


def test_units_known_at_an_origin_leave_later_months_as_they_are():
    panel = panel_from_rows(ROWS, JAN, MAY)
    np.testing.assert_array_equal(panel.units_known(FEB), [[10, 20, 30, 40, 50], [NO, NO, NO, NO, NO]])
    assert panel_from_rows(own_rows(ROWS), JAN, MAY).versions is None


def test_a_panel_of_given_skus_leaves_out_restatements_of_others():
    panel = panel_from_rows(ROWS, JAN, MAY, skus=np.array(["C", "A"], dtype=object))
    np.testing.assert_array_equal(panel.until(MAR).units, [[NO, NO, NO], [12, 20, 30]])


def test_two_rows_of_a_sku_and_month_known_from_one_month_are_rejected():
    doubled = pd.concat([ROWS, ROWS.iloc[[3]]])
    with pytest.raises(ValueError, match=r"1 cells of sell_in_units have more than one row .*: A 2024-01"):
        panel_from_rows(doubled, JAN, MAR)


def test_marks_replace_cells_after_restatements():
    marks = pd.DataFrame(
        {"month": [MAR], "sku": ["A"], "marked_month": [JAN], "reason": "outlier", "cleaned_units": 5.0}
    )
    panel = panel_from_rows(ROWS, JAN, MAY).with_marks(marks)
    np.testing.assert_array_equal(panel.learnable(MAR).units[0], [5, 20, 30])
    np.testing.assert_array_equal(panel.learnable(APR).units[0], [12, 20, 30, 40])
