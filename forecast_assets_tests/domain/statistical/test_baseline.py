import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.statistical.baseline import baseline_forecasts
from forecast_assets.validation.schema_check import schema_check

MONTHS = pd.date_range("2010-01-01", periods=160, freq="MS")
ORIGIN = MONTHS[150]


@pytest.fixture
def panel():
    units = np.vstack([np.tile(np.arange(1.0, 13), 14)[:160], np.full(160, 7.0), np.zeros(160)])
    return DemandPanel(np.array(["calendar", "flat", "zero"], dtype=object), MONTHS, units)


def test_each_sku_has_18_months_in_the_order_asked_for(panel):
    rows = baseline_forecasts(panel, ORIGIN, np.array(["zero", "calendar"], dtype=object))
    assert schema_check("baseline_forecasts").find(rows, ORIGIN).message == ""
    assert rows["sku"].tolist() == ["zero"] * 18 + ["calendar"] * 18
    assert rows["horizon_months"].tolist() == list(range(1, 19)) * 2
    assert rows["target_month"].iloc[[0, 17]].tolist() == [MONTHS[151], pd.Timestamp("2024-01-01")]


def test_a_sku_that_sells_the_number_of_the_month_is_forecast_by_it(panel):
    rows = baseline_forecasts(panel, ORIGIN, np.array(["calendar"], dtype=object))
    assert rows["naive_units"].tolist() == rows["target_month"].dt.month.tolist()
    np.testing.assert_allclose(rows["baseline_units"], rows["target_month"].dt.month, rtol=0.01)


def test_flat_and_silent_skus_stay_what_they_are(panel):
    rows = baseline_forecasts(panel, ORIGIN, np.array(["flat", "zero"], dtype=object)).set_index("sku")
    np.testing.assert_allclose(rows.loc["flat", ["baseline_units", "naive_units"]], 7.0, rtol=1e-4)
    assert (rows.loc["zero", ["baseline_units", "naive_units"]] == 0).all().all()


def test_only_the_last_120_months_up_to_the_origin_are_looked_at(panel):
    skus = panel.skus
    outside = np.where((MONTHS > ORIGIN) | (MONTHS[31] > MONTHS), 1e9, panel.units)
    expected = baseline_forecasts(panel, ORIGIN, skus)
    actual = baseline_forecasts(DemandPanel(skus, MONTHS, outside), ORIGIN, skus)
    pd.testing.assert_frame_equal(actual, expected, check_exact=True)


@pytest.mark.parametrize(("reason", "is_read"), [("outlier_high", True), ("latest_high", True), ("covid", False)])
def test_holt_winters_reads_units_without_outliers_and_the_naive_forecast_raw_ones(panel, reason, is_read):
    at = MONTHS[148]
    spiked = DemandPanel(
        panel.skus, MONTHS, np.where((at == MONTHS) & (panel.skus == "flat")[:, None], 900, panel.units)
    )
    mark = {"month": ORIGIN, "sku": "flat", "marked_month": at, "reason": reason, "cleaned_units": 7.0}
    marked = spiked.with_marks(pd.DataFrame([mark]))
    plain, raw, read = (
        baseline_forecasts(known, ORIGIN, np.array(["flat"], dtype=object)) for known in (panel, spiked, marked)
    )
    np.testing.assert_array_equal(read["baseline_units"], (plain if is_read else raw)["baseline_units"])
    np.testing.assert_array_equal(read["naive_units"], raw["naive_units"])


def test_a_sku_missing_from_the_panel_is_rejected(panel):
    with pytest.raises(ValueError, match=r"no sell-in for 1 SKUs to forecast, first: \['stranger'\]"):
        baseline_forecasts(panel, ORIGIN, np.array(["flat", "stranger"], dtype=object))


def test_no_sku_gives_an_empty_table_of_the_same_types(panel):
    nobody = baseline_forecasts(panel, ORIGIN, panel.skus[:0])
    assert len(nobody) == 0
    assert schema_check("baseline_forecasts").find(nobody, ORIGIN).message == ""
