import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import month_range
from forecast_assets.domain.demand.demand_panel import DemandPanel, active_skus, demand_scale, panel_from_rows

ROWS = pd.DataFrame(
    {
        "sku": ["b", "a", "a", "b", "NULL"],
        "month": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-03-01", "2024-02-01", "2023-01-01"]),
        "sell_in_units": [5.0, 1.0, 3.0, None, 9.0],
    }
)


def test_rows_become_a_panel_with_unknown_where_a_month_is_null_or_absent():
    panel = panel_from_rows(ROWS, "2024-01-01", "2024-03-01")
    assert panel.skus.tolist() == ["a", "b"]
    np.testing.assert_array_equal(panel.units, [[1, np.nan, 3], [5, np.nan, np.nan]])


def test_given_skus_keep_their_order_and_are_unknown_without_rows():
    panel = panel_from_rows(ROWS, "2024-01-01", "2024-01-01", skus=["new", "b"])
    assert panel.skus.tolist() == ["new", "b"]
    np.testing.assert_array_equal(panel.units, [[np.nan], [5]])


def test_a_panel_equals_the_pivot_of_pandas():
    rng = np.random.default_rng(1)
    months = month_range("2022-01-01", "2023-12-01")
    cells = pd.MultiIndex.from_product([[f"s{n}" for n in range(20)], months], names=["sku", "month"]).to_frame(
        index=False
    )
    rows = cells.assign(sell_out_units=rng.random(len(cells))).sample(frac=0.7, random_state=2)
    panel = panel_from_rows(rows, months[0], months[-1], "sell_out_units")
    pivot = rows.pivot(index="sku", columns="month", values="sell_out_units").reindex(columns=months)
    np.testing.assert_array_equal(panel.units, pivot.to_numpy())
    assert panel.skus.tolist() == pivot.index.tolist()


def test_two_rows_for_a_cell_are_rejected_and_named():
    with pytest.raises(ValueError, match=r"1 cells of sell_in_units have more than one row.*b 2024-01"):
        panel_from_rows(pd.concat([ROWS, ROWS.head(1)]), "2024-01-01", "2024-03-01")


def test_two_rows_outside_the_window_are_ignored():
    assert panel_from_rows(pd.concat([ROWS, ROWS.tail(1)]), "2024-01-01", "2024-03-01").units.shape == (2, 3)


def test_no_rows_give_an_empty_panel():
    assert panel_from_rows(ROWS.head(0), "2024-01-01", "2024-03-01").units.shape == (0, 3)


def test_the_panel_until_an_origin_ends_at_it_and_keeps_the_last_months():
    panel = panel_from_rows(ROWS, "2024-01-01", "2024-03-01")
    assert panel.until("2024-02-01").months[-1] == pd.Timestamp("2024-02-01")
    np.testing.assert_array_equal(panel.until("2024-03-01", 1).units, [[3], [np.nan]])
    assert panel.until("2024-02-01", 12).units.shape == (2, 2)


def test_an_origin_outside_the_panel_is_rejected_with_its_months():
    panel = panel_from_rows(ROWS, "2024-01-01", "2024-03-01")
    with pytest.raises(ValueError, match=r"2024-04 is not in the panel \(2024-01 \.\. 2024-03\)"):
        panel.until("2024-04-01")
    with pytest.raises(ValueError, match="months must be >= 1"):
        panel.until("2024-03-01", 0)


def test_a_panel_with_a_gap_or_a_wrong_shape_cannot_be_made():
    months = pd.DatetimeIndex(["2024-01-01", "2024-03-01"])
    with pytest.raises(ValueError, match="not contiguous"):
        DemandPanel(np.array(["a"]), months, np.ones((1, 2)))
    with pytest.raises(ValueError, match="expected 1 SKUs x 2 months"):
        DemandPanel(np.array(["a"]), months, np.ones((2, 2)))


def test_the_scale_is_the_mean_of_a_year_but_not_under_a_tenth_of_three():
    sold, stopped, nothing = np.full(36, 4.0), np.r_[np.full(24, 30.0), np.zeros(12)], np.zeros(36)
    unknown, returns = np.full(36, np.nan), np.full(36, -2.0)
    np.testing.assert_allclose(demand_scale(np.array([sold, stopped, nothing, unknown, returns])), [4, 2, 1, 1, 1])


def test_the_scale_reads_known_months_only():
    assert demand_scale(np.array([[np.nan, 6.0, np.nan, 2.0]])).tolist() == [4.0]


@pytest.fixture
def panel():
    units = np.full((4, 14), np.nan)
    units[0, -1] = 0.0
    units[1, 1] = 5.0
    units[2, 2] = 5.0
    return DemandPanel(np.array(list("abcd"), dtype=object), month_range("2023-01-01", "2024-02-01"), units)


def test_a_sku_is_active_with_a_known_value_in_twelve_months_even_zero(panel):
    assert active_skus(panel, "2024-02-01").tolist() == [True, False, True, False]


def test_a_sku_that_ended_at_the_origin_is_not_forecast(panel):
    ends = pd.Series(["2024-02-01", None, "2024-03-01", None])
    assert active_skus(panel, "2024-02-01", ends).tolist() == [False, False, True, False]


def test_sales_after_the_origin_do_not_make_a_sku_active(panel):
    poisoned = DemandPanel(panel.skus, panel.months, panel.units.copy())
    poisoned.units[:, panel.months > "2023-12-01"] = 1e9
    before = active_skus(panel, "2023-12-01")
    assert before.tolist() == [False, True, True, False]
    assert active_skus(poisoned, "2023-12-01").tolist() == before.tolist()
    origin = "2023-12-01"
    np.testing.assert_array_equal(demand_scale(poisoned.until(origin).units), demand_scale(panel.until(origin).units))


def test_ends_of_another_number_of_skus_are_rejected(panel):
    with pytest.raises(ValueError, match="1 values for 4 SKUs"):
        active_skus(panel, "2024-02-01", pd.Series(["2024-02-01"]))
