import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.cleaning.history_cleaning import clean_history, marks_table
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.demand.seasonality import seasonal_indices
from forecast_assets.domain.statistical.seasonal_smoothing import forecast_statistical
from forecast_assets_tests.domain.portfolio_market import MONTHS, ORIGIN, PAST, UNKNOWN, market, series

CALENDAR = MONTHS[:PAST].month.to_numpy()
STEADY = series((100, 60))


def with_cells(units, **cells):
    """The series with cells ``m<column>`` replaced."""
    changed = units.copy()
    for name, value in cells.items():
        changed[int(name[1:])] = value
    return changed


def cleaned(units, **known):
    values, reasons = clean_history(units[None], CALENDAR, **known)
    return values[0], {int(at): reasons[0, at] for at in np.flatnonzero(reasons[0] != "")}


@pytest.mark.parametrize(("units", "reason"), [(500, "outlier_high"), (15, "outlier_low")])
def test_a_month_far_from_its_neighbours_becomes_the_expected_units(units, reason):
    values, marks = cleaned(with_cells(STEADY, m30=units))
    assert marks == {30: reason}
    assert values[30] == pytest.approx(100, rel=0.05)
    assert (np.delete(values, 30) == 100).all()


@pytest.mark.parametrize(
    "units",
    [
        with_cells(STEADY, m30=145),
        with_cells(STEADY, m30=500, m31=450),
        with_cells(STEADY, m59=250),
        np.where(CALENDAR == 12, 500.0, 100.0),
        with_cells(STEADY, m23=260, m35=260),
        with_cells(STEADY, m10=500, m21=500, m30=500, m44=500),
        100 * np.exp(np.random.default_rng(1).normal(0, 0.5, PAST)),
        with_cells(np.tile([0.0, 40], 30), m31=4000),
        series((100, 15), (900, 1), (100, 7)),
        with_cells(STEADY, m10=0, m11=200, m21=0, m22=200, m32=0, m33=200, m43=0, m44=200),
    ],
    ids=[
        "moderate",
        "two in a row",
        "last",
        "season",
        "same month twice",
        "often",
        "noise",
        "intermittent",
        "young",
        "out of stock as a habit",
    ],
)
def test_possible_demand_is_left_unchanged(units):
    values, marks = cleaned(units)
    assert marks == {}
    np.testing.assert_array_equal(values, units)


def test_a_promoted_month_is_no_outlier():
    promoted = np.zeros((1, PAST), dtype=bool)
    promoted[0, 30] = True
    assert cleaned(with_cells(STEADY, m30=500), promoted=promoted)[1] == {}
    assert cleaned(with_cells(STEADY, m30=500), promoted=~promoted)[1] == {30: "outlier_high"}


def test_a_zero_month_with_a_catch_up_is_a_stock_out_without_lost_units():
    values, marks = cleaned(with_cells(STEADY, m30=0, m31=200))
    assert marks == {30: "stock_out", 31: "stock_out"}
    assert values[30:32] == pytest.approx([100, 100], rel=0.05)


def test_a_short_catch_up_stays_at_the_expected_units():
    values, marks = cleaned(with_cells(STEADY, m30=0, m31=150))
    assert marks == {30: "stock_out", 31: "stock_out"}
    assert values[31] == pytest.approx(100, rel=0.05)


def test_a_zero_month_without_a_catch_up_is_an_outlier_unless_out_of_stock():
    units = with_cells(STEADY, m30=0)
    assert cleaned(units)[1] == {30: "outlier_low"}
    stock = np.full((1, PAST), 200.0)
    assert cleaned(units, stock=stock)[1] == {30: "outlier_low"}
    stock[0, 30] = 5
    values, marks = cleaned(units, stock=stock)
    assert marks == {30: "stock_out"}
    assert values[30] == pytest.approx(100, rel=0.05)


def test_an_empty_stock_of_a_sku_that_sold_is_no_stock_out():
    stock = np.full((1, PAST), 200.0)
    stock[0, 30] = 0
    assert cleaned(STEADY, stock=stock)[1] == {}


def test_a_stock_out_in_the_last_month_is_known_by_the_stock_alone():
    stock = np.full((1, PAST), 200.0)
    stock[0, 59] = 0
    assert cleaned(with_cells(STEADY, m59=0), stock=stock)[1] == {59: "stock_out"}
    assert cleaned(with_cells(STEADY, m59=0))[1] == {59: "latest_low"}


def test_a_jump_of_the_level_is_no_extreme_and_keeps_its_units():
    units = series((100, 45), (300, 15))
    values, marks = cleaned(units)
    assert marks == {}
    np.testing.assert_array_equal(values, units)


def test_an_outlier_before_a_jump_becomes_the_units_expected_before_it():
    values, marks = cleaned(with_cells(series((100, 45), (300, 15)), m20=900))
    assert marks == {20: "outlier_high"}
    assert values[20] == pytest.approx(100, rel=0.05)


SHOCKED = [26, 27, 28]


def shocked_market(stringent=SHOCKED):
    """Ten SKUs of 100 that halve in three months and one that doubles; stringency 80 in some months."""
    units = np.full((11, PAST), 100.0)
    units[:10, SHOCKED] = 50
    units[10, SHOCKED] = 200
    stringency = np.zeros(PAST)
    stringency[stringent] = 80
    return units, stringency


def test_a_shock_of_the_market_is_taken_out_of_the_skus_that_went_along():
    units, stringency = shocked_market()
    values, reasons = clean_history(units, CALENDAR, stringency)
    assert (reasons[:10, SHOCKED] == "covid").all()
    assert (reasons == "covid").sum() == 30
    # The total fell from 1100 to 700; each SKU is moved up by at most that.
    assert values[:10, SHOCKED] == pytest.approx(np.full((10, 3), 50 * 1100 / 700), rel=0.1)
    np.testing.assert_array_equal(values[10], units[10])


def test_a_shock_is_not_learned_as_season():
    units, stringency = shocked_market()
    values, _ = clean_history(units[:10], CALENDAR, stringency)
    assert np.ptp(seasonal_indices(values, CALENDAR).index) < 0.1 * np.ptp(seasonal_indices(units, CALENDAR).index)


@pytest.mark.parametrize("stringent", [[], [40, 41, 42]])
def test_a_shock_needs_both_restrictions_and_a_deviation(stringent):
    units, stringency = shocked_market(stringent)
    _, reasons = clean_history(units, CALENDAR, stringency)
    assert not (reasons == "covid").any()


def test_the_last_six_months_keep_their_shock_because_it_is_the_level():
    units = np.full((10, PAST), 100.0)
    units[:, 50:] = 70
    stringency = np.where(np.arange(PAST) >= 50, 80.0, 0.0)
    _, reasons = clean_history(units, CALENDAR, stringency)
    assert (reasons[:, 54:] == "").all()
    assert (reasons[:, 50:54] != "").all()


def test_unknown_months_stay_unknown_and_actuals_stay_as_they_are():
    units = np.array([with_cells(STEADY, m10=UNKNOWN, m30=500), series((100, 3)), np.full(PAST, UNKNOWN)])
    before = units.copy()
    values, reasons = clean_history(units, CALENDAR)
    np.testing.assert_array_equal(units, before)
    np.testing.assert_array_equal(np.isnan(values), np.isnan(units))
    assert (reasons != "").sum() == 1


def test_the_last_two_months_and_an_old_level_have_reasons_of_their_own():
    values, marks = cleaned(with_cells(STEADY, m20=500, m58=5000, m59=5000))
    assert marks == {20: "outlier_high", 58: "latest_high", 59: "latest_high"}
    assert values[[20, 58, 59]] == pytest.approx(100, rel=0.1)
    values, marks = cleaned(with_cells(series((1200, 52), (100, 8)), m20=9000, m59=0))
    assert marks == dict.fromkeys(range(52), "old_level") | {59: "latest_low"}
    assert values == pytest.approx(100, rel=0.1)


def test_marks_are_listed_by_sku_and_month_with_both_numbers():
    units = np.array([STEADY, with_cells(STEADY, m30=500)])
    values, reasons = clean_history(units, CALENDAR)
    table = marks_table(np.array(["a", "b"]), MONTHS[:PAST], units, values, reasons)
    assert table.drop(columns="cleaned_units").to_dict("records") == [
        {"sku": "b", "month": MONTHS[30], "reason": "outlier_high", "units": 500.0}
    ]
    assert table["cleaned_units"].tolist() == [values[1, 30]]


def test_cleaning_a_sku_does_not_depend_on_the_others():
    rng = np.random.default_rng(3)
    units = 100 * np.exp(rng.normal(0, 0.05, (20, PAST)))
    units[::3, 30] *= 6
    together, _ = clean_history(units, CALENDAR)
    alone = np.concatenate([clean_history(row[None], CALENDAR)[0] for row in units])
    np.testing.assert_array_equal(together, alone)
    assert (together != units).any()


def test_cleaning_at_an_origin_does_not_depend_on_later_months():
    skus = {"a": with_cells(STEADY, m30=500), "b": with_cells(STEADY, m59=140), "c": series((100, 45), (300, 15))}
    result = [
        clean_history(market(future, **skus).until(ORIGIN).units, CALENDAR) for future in (UNKNOWN, 0.0, 100.0, 1e9)
    ]
    assert (result[0][1] != "").any(axis=1).tolist() == [True, False, False]
    for values, reasons in result[1:]:
        np.testing.assert_array_equal(values, result[0][0])
        np.testing.assert_array_equal(reasons, result[0][1])


@pytest.mark.real_data
@pytest.mark.parametrize("source", ["hospital", "aus_retail"])
def test_real_demand_is_hardly_marked_and_forecast_no_worse(source, real_data):
    rows = pd.read_parquet(real_data / "bench" / f"{source}.parquet")
    rows = rows.assign(sku=rows["market"] + rows["sku"], sell_in_units=rows["y"])
    panel = panel_from_rows(rows, rows["month"].min(), rows["month"].max())
    units, calendar, actual = panel.units[:, :-18], panel.months.month.to_numpy()[:-18], panel.units[:, -18:]
    values, reasons = clean_history(units, calendar)
    assert (reasons != "").mean() < 0.01
    raw, clean = (
        np.nansum(np.abs(forecast_statistical(history, calendar).mean - actual)) for history in (units, values)
    )
    assert clean <= raw
