"""Figures and pictures that people see first on an event."""

import base64
import re

import numpy as np
import pandas as pd
import pytest

from forecast_assets.defs.shown_figures import error_by_lag, forecast_figures, model_figures, page_figures, picture

JUNE = pd.Timestamp("2024-06-01")


def svg(metadata) -> str:
    return base64.b64decode(re.search(r"base64,([^)]+)", metadata.value)[1]).decode()


def test_forecasts_show_units_of_a_year_beside_holt_winters_and_a_picture():
    months = pd.date_range("2024-07-01", periods=18, freq="MS")
    table = pd.DataFrame({"target_month": months, "forecast_units": 11.0, "baseline_units": 10.0})
    figures = forecast_figures(table, JUNE)
    assert list(figures) == ["units_next_12_months", "months_ahead", "difference_from_holt_winters"]
    assert figures["units_next_12_months"].value == 132
    assert figures["difference_from_holt_winters"].value == "+10.0%"
    assert svg(figures["months_ahead"]).count("<polyline") == 2
    assert "forecast (blue), Holt-Winters (orange); top: 11" in figures["months_ahead"].value


def test_without_a_baseline_there_is_no_difference():
    table = pd.DataFrame({"target_month": [JUNE], "forecast_units": [0.0], "baseline_units": [0.0]})
    assert "difference_from_holt_winters" not in forecast_figures(table, JUNE)


def test_a_picture_spans_from_zero_to_the_highest_value_and_leaves_unknown_points_out():
    drawn = svg(picture([np.array([0.0, 10.0, np.nan])], ["units"]))
    assert picture([np.array([1234567.0])], ["units"]).value.endswith("top: 1,234,567")
    points = re.search(r'points="([^"]+)"', drawn)[1]
    assert points == "6,74 180,6"


def test_performance_shows_the_error_by_lag_without_backfilled_rows():
    cells = pd.DataFrame(
        {
            "lag_months": [2, 1, 1], "actual_units": 100.0, "published_units": [120.0, 110.0, 900.0],
            "baseline_units": [150.0, 130.0, 100.0], "status": ["published", "published", "backfilled"],
        }
    )  # fmt: skip
    text = error_by_lag(cells)["wape_by_lag"].value
    assert "top: 0.5" in text
    assert error_by_lag(cells[cells["status"] == "backfilled"]) == {}


@pytest.mark.parametrize("url", ["https://r.example.com/store", "https://r.example.com/store/"])
def test_a_page_has_an_address_and_a_preview(url):
    rows = pd.DataFrame({"name": ["a|b", *"cdefgh"], "units": [1234.5, 0.123456, float("nan"), 1, 2, 3, 4]})
    figures = page_figures(url, "company_report/x.html", rows, "markets")
    assert figures["page"].url == "https://r.example.com/store/company_report/x.html"
    preview = figures["markets"].value
    assert "1,234" in preview
    assert "0.123" in preview
    assert "a\\|b" in preview
    assert preview.count("\n") == 2 + 5 - 1
    assert list(page_figures("", "x", rows, "markets")) == ["markets"]


def test_a_model_shows_units_wape_and_bias_of_its_refits_a_picture_and_its_features():
    errors = pd.DataFrame({
        "horizon_months": [1, 2], "actual_units": [100.0, 300.0], "absolute_actual_units": [100.0, 300.0],
        "absolute_error_units": [20.0, 20.0], "error_units": [-20.0, 0.0],
    })  # fmt: skip
    gains = pd.Series({f"f{number}": 0.1 for number in range(9)}).rename({"f0": "sell_in|lag"})
    figures = model_figures(errors, gains)
    assert list(figures)[:4] == ["units_of_refits", "wape_of_refits", "bias_of_refits", "wape_by_horizon"]
    assert [figures[name].value for name in list(figures)[:3]] == [400.0, 0.1, -0.05]
    assert figures["wape_by_horizon"].value.endswith("top: 0.2")
    assert figures["importance"].value.count("10.0%") == 8
    assert "sell_in|lag" not in figures["importance"].value


def test_a_model_without_refits_shows_its_features_alone():
    assert list(
        model_figures(pd.DataFrame(columns=["actual_units", "absolute_actual_units"]), pd.Series({"a": 1.0}))
    ) == ["importance"]
