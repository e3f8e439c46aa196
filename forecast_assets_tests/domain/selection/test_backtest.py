"""A backtest: cells, actuals, every method at its own origin, and origins with too little history."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.selection.backtest import backtest, origins_left_out, with_actuals
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters
from forecast_assets.validation.schema_check import schema_check
from forecast_assets_tests.domain.small_market import MONTHS

METHODS = ["model_units", "baseline_units", "naive_units"]


def test_every_method_is_scored_on_the_same_cells_18_12_and_6_months_back(backtest_cells, earlier_features):
    cells = backtest_cells
    assert cells[METHODS].notna().all().all()
    assert not cells.duplicated(["sku", "origin_month", "horizon_months"]).any()
    horizons = cells.groupby("origin_month")["horizon_months"].agg(["min", "max"])
    assert horizons.index.tolist() == [MONTHS[62], MONTHS[68], MONTHS[74]]
    assert horizons.to_numpy().tolist() == [[1, 18], [1, 12], [1, 6]]
    skus = earlier_features.groupby("origin_month")["sku"].nunique()
    assert len(cells) == 18 * skus[MONTHS[62]] + 12 * skus[MONTHS[68]] + 6 * skus[MONTHS[74]]


def test_target_months_follow_the_origin_up_to_the_backtest_month(backtest_cells, origin):
    cells = backtest_cells
    distance = (cells["target_month"].dt.year - cells["origin_month"].dt.year) * 12
    distance += cells["target_month"].dt.month - cells["origin_month"].dt.month
    assert (distance == cells["horizon_months"]).all()
    assert cells["target_month"].max() == origin


def test_actuals_are_the_sell_in_rows_of_the_target_month(backtest_cells, tables):
    delivered = tables.sell_in.set_index(["sku", "month"])["sell_in_units"]
    keys = pd.MultiIndex.from_frame(backtest_cells[["sku", "target_month"]])
    np.testing.assert_array_equal(backtest_cells["actual_units"], delivered.reindex(keys))


def test_the_naive_forecast_is_the_same_month_a_year_before_the_origin(backtest_cells, tables):
    delivered = tables.sell_in.set_index(["sku", "month"])["sell_in_units"]
    cells = backtest_cells[backtest_cells["horizon_months"] <= 12]
    keys = pd.MultiIndex.from_arrays([cells["sku"], cells["target_month"] - pd.DateOffset(years=1)])
    expected = delivered.reindex(keys).to_numpy()
    known = np.isfinite(expected)
    np.testing.assert_array_equal(cells["naive_units"][known], np.maximum(expected[known], 0))


def test_the_baseline_of_a_cell_is_holt_winters_up_to_its_origin(backtest_cells, history):
    first = backtest_cells[backtest_cells["origin_month"] == MONTHS[62]]
    sku = first["sku"].iloc[0]
    units = history.sell_in.units[list(history.sell_in.skus).index(sku), :63]
    expected = forecast_holt_winters(units[None, :])[0]
    np.testing.assert_allclose(first[first["sku"] == sku]["baseline_units"], expected, rtol=1e-6)


def test_the_model_of_a_cell_is_refitted_on_data_up_to_its_origin(backtest_cells, earlier_features, history, recipe):
    refit_at = MONTHS[62]
    panel = history.sell_in.until(refit_at)
    fitted = fit_market_model(earlier_features[earlier_features["origin_month"] < refit_at], panel, refit_at, recipe)
    expected = forecast_units(earlier_features[earlier_features["origin_month"] == refit_at], panel, fitted)
    cells = backtest_cells[backtest_cells["origin_month"] == refit_at]
    np.testing.assert_array_equal(cells["model_units"], expected["forecast_units"])
    band = ["forecast_units_p10", "forecast_units_p90"]
    np.testing.assert_array_equal(cells[band], expected[band])


def test_segments_are_those_of_the_sku_at_the_origin_of_the_cell(backtest_cells, earlier_features):
    segments = ["category", "abc_class", "xyz_class"]
    known = earlier_features.set_index(["sku", "origin_month"])[segments]
    keys = pd.MultiIndex.from_frame(backtest_cells[["sku", "origin_month"]])
    assert (backtest_cells[segments].to_numpy() == known.loc[keys].to_numpy()).all()


def test_a_backtest_matches_its_schema_with_rows_and_without(backtest_cells, earlier_features, history, origin, recipe):
    young = earlier_features[earlier_features["origin_month"] >= MONTHS[61]]
    none = backtest(young.iloc[:0], history.sell_in, origin, recipe)
    assert len(none) == 0
    assert none.dtypes.to_dict() == backtest_cells.dtypes.to_dict()
    for cells in (backtest_cells, none):
        assert schema_check("backtest").find(cells, origin).message == ""


def test_an_origin_with_too_little_history_is_left_out_and_named(earlier_features, history, origin, recipe):
    young = earlier_features[earlier_features["origin_month"] >= MONTHS[61]]
    cells = backtest(young, history.sell_in, origin, recipe)
    assert cells["origin_month"].unique().tolist() == [MONTHS[68], MONTHS[74]]
    assert origins_left_out(cells, origin) == [MONTHS[62]]
    assert origins_left_out(cells.iloc[:0], origin) == [MONTHS[62], MONTHS[68], MONTHS[74]]


def test_of_a_whole_backtest_no_origin_is_left_out(backtest_cells, origin):
    assert origins_left_out(backtest_cells, origin) == []


def test_actuals_outside_the_panel_are_unknown_and_later_months_dropped():
    months = pd.date_range("2024-01-01", periods=3, freq="MS")
    panel = DemandPanel(np.array(["a", "b"], dtype=object), months, np.array([[1.0, 2, 3], [4, np.nan, 6]]))
    cells = pd.DataFrame(
        [("b", "2024-01-01"), ("b", "2024-02-01"), ("a", "2024-03-01"), ("gone", "2024-02-01"), ("a", "2024-04-01"),
         ("a", "2024-05-01")], columns=["sku", "target_month"],
    ).assign(target_month=lambda rows: pd.to_datetime(rows["target_month"]))  # fmt: skip
    known = with_actuals(cells, panel, pd.Timestamp("2024-04-01"))
    assert known["actual_units"].tolist() == pytest.approx([4, np.nan, 3, np.nan, np.nan], nan_ok=True)
