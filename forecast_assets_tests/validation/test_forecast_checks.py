"""Checks of a forecast before planners see it."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.evaluation.quantiles import with_every_quantile
from forecast_assets.validation.evaluation_checks import backtest_checks, backtest_figures, figures
from forecast_assets.validation.forecast_checks import (
    forecasts_checks,
    horizon_complete,
    overrides_applied,
    successors_named,
)
from forecast_assets_tests.repository_settings import loaded

ORIGIN = pd.Timestamp("2024-06-01")
MONTHS = pd.date_range("2023-01-01", ORIGIN, freq="MS")


def forecasts(units: float = 10.0, skus: tuple[str, ...] = ("A", "B")) -> pd.DataFrame:
    horizons = range(1, 19)
    cells = pd.DataFrame(
        [(sku, ORIGIN, ORIGIN + pd.DateOffset(months=h), h) for sku in skus for h in horizons],
        columns=["sku", "origin_month", "target_month", "horizon_months"],
    )
    interval = {"forecast_units_p10": 0.0, "forecast_units_p90": units}
    return with_every_quantile(cells.assign(forecast_units=units, baseline_units=units, **interval))


def checks(last_year: float = 10.0):
    """Checks of a market whose two SKUs sold the same every month of last year, and 1,000 times that before."""
    rows = pd.DataFrame([(sku, month) for sku in ("A", "B") for month in MONTHS], columns=["sku", "month"])
    rows["sell_in_units"] = np.where(rows["month"] > MONTHS[-13], last_year, last_year * 1000)
    panel = panel_from_rows(rows, MONTHS[0], ORIGIN)
    return {check.name: check for check in forecasts_checks(panel, loaded().checks)}


def test_a_whole_horizon_passes():
    assert horizon_complete().find(forecasts(), ORIGIN).violations == 0


def test_a_missing_month_is_found_by_sku():
    table = forecasts()
    finding = horizon_complete().find(table[(table["sku"] != "B") | (table["horizon_months"] != 7)], ORIGIN)
    assert (finding.violations, finding.rows["sku"].tolist()) == (1, ["B"])
    assert finding.message == "1 SKUs without exactly 18 months ahead"


def test_a_month_given_twice_is_found():
    table = forecasts()
    assert horizon_complete().find(pd.concat([table, table.head(1)]), ORIGIN).violations == 1


def test_a_horizon_that_is_not_target_minus_origin_is_found():
    table = forecasts()
    shifted = table.assign(target_month=table["target_month"] + pd.DateOffset(months=1))
    finding = horizon_complete().find(shifted, ORIGIN)
    assert finding.violations == 36
    assert finding.message == "horizon_months is not target minus the origin 2024-06"


def test_a_forecast_of_another_origin_is_found():
    assert horizon_complete().find(forecasts(), pd.Timestamp("2024-05-01")).violations == 36


def test_overrides_without_a_forecast_to_replace_are_named_and_block_nothing():
    overrides = pd.DataFrame(
        {
            "sku": ["A", "A", "NOPE"],
            "target_month": [ORIGIN + pd.DateOffset(months=months) for months in (1, 19, 2)],
            "author": ["Ann", None, "Bo"],
        }
    )
    check = overrides_applied(overrides)
    finding = check.find(forecasts(), ORIGIN)
    assert (finding.violations, check.blocking) == (2, False)
    assert finding.message == (
        "2 overrides have no forecast to replace and are not published: SKU A for 2026-01 by unknown; SKU NOPE for "
        "2024-08 by Bo. Correct the SKU"
    )
    assert overrides_applied(overrides.head(1)).find(forecasts(), ORIGIN).violations == 0
    assert overrides_applied(overrides.head(0)).find(forecasts(), ORIGIN).violations == 0


@pytest.mark.parametrize("value", [-1.0, np.nan])
@pytest.mark.parametrize("column", ["forecast_units", "forecast_units_p05", "forecast_units_p90", "baseline_units"])
def test_a_negative_or_missing_number_is_found_in_each_column(column, value):
    table = forecasts()
    table.loc[3, column] = value
    finding = checks()["no_negatives"].find(table, ORIGIN)
    assert finding.violations == 1
    assert finding.message == "1 cells with a negative or missing number"


@pytest.mark.parametrize(
    ("units", "ratio", "violations"), [(10.0, 1.0, 0), (29.9, 2.99, 0), (30.1, 3.01, 1), (3.4, 0.34, 0), (3.3, 0.33, 1)]
)
def test_the_next_year_is_held_against_the_last_twelve_months_and_no_earlier_one(units, ratio, violations):
    finding = checks()["total_plausible"].find(forecasts(units), ORIGIN)
    assert finding.violations == violations
    assert finding.figures["ratio_to_last_year"] == pytest.approx(ratio)


def test_an_implausible_total_says_both_sums_and_how_to_widen_the_limit():
    message = checks()["total_plausible"].find(forecasts(40.0), ORIGIN).message
    assert message == (
        "next 12 months sum to 960 units, the last 12 to 240: ratio 4.00, expected 0.33 to 3.00. "
        "Check the largest SKUs, or widen FORECAST_MAX_FORECAST_RATIO"
    )


def test_a_year_without_units_has_no_ratio_and_only_warns():
    finding = checks(last_year=0.0)["total_plausible"].find(forecasts(), ORIGIN)
    assert (finding.violations, finding.is_warning) == (1, True)


BACKTEST = pd.DataFrame(
    {"actual_units": [100.0, 100.0], "model_units": [90.0, 120.0], "baseline_units": [100.0, 150.0]}
    | {"naive_units": [80.0, 100.0]}
)


def test_figures_are_wape_and_bias_over_the_scored_cells():
    unknown = pd.DataFrame({"actual_units": [np.nan]} | {name: [1e9] for name in BACKTEST.columns[1:]})
    measured = figures(pd.concat([BACKTEST, unknown]), {"model": "model_units", "naive": "naive_units"})
    assert measured == pytest.approx(
        {"scored_cells": 2, "wape_model": 0.15, "bias_model": 0.05, "wape_naive": 0.1, "bias_naive": -0.1}
    )


def test_nothing_scored_gives_no_ratio():
    assert figures(BACKTEST.assign(actual_units=np.nan), {"model": "model_units"}) == {"scored_cells": 0}
    assert figures(BACKTEST.assign(actual_units=0.0), {"model": "model_units"}) == {"scored_cells": 2}


def test_a_model_worse_than_the_naive_is_told_but_stops_nothing():
    check = {check.name: check for check in backtest_checks()}["not_worse_than_naive"]
    finding = check.find(BACKTEST, ORIGIN)
    assert not check.blocking
    assert (finding.violations, finding.message) == (1, "WAPE of the model 0.1500, of the seasonal naive 0.1000")
    assert check.find(BACKTEST.assign(model_units=100.0), ORIGIN).violations == 0


def test_a_backtest_without_cells_says_why():
    check = {check.name: check for check in backtest_checks()}["not_worse_than_naive"]
    finding = check.find(BACKTEST.iloc[:0], ORIGIN)
    assert finding.message == "nothing to score: too little history for a backtest"
    assert finding.is_warning


def cells_of_three_origins():
    """Forty SKUs, each 100 units at three origins: model 10 above, in its band at two of three, baseline 20 below."""
    origins = [ORIGIN - pd.DateOffset(months=back) for back in (18, 12, 6)]
    keys = [(f"s{number}", origin) for number in range(40) for origin in origins]
    cells = pd.DataFrame(keys, columns=["sku", "origin_month"])
    low = np.where(cells["origin_month"] == origins[0], 105.0, 95.0)
    return cells.assign(
        actual_units=100.0, model_units=110.0, forecast_units_p10=low, forecast_units_p90=120.0, baseline_units=80.0,
        naive_units=150.0,
    )  # fmt: skip


def test_the_ui_plots_wape_bias_coverage_and_the_test_of_a_backtest():
    shown = backtest_figures(cells_of_three_origins(), ORIGIN)
    numbers = {name: round(value, 6) for name, value in shown.items() if name != "verdict"}
    assert numbers == {
        "scored_cells": 120, "wape_model": 0.1, "bias_model": 0.1, "wape_baseline": 0.2, "bias_baseline": -0.2,
        "wape_naive": 0.5, "bias_naive": 0.5, "coverage_80_model": round(2 / 3, 6), "wape_ratio_to_baseline": 0.5,
        "wape_ratio_p05": 0.5, "wape_ratio_p95": 0.5, "probability_better_than_baseline": 1.0, "origins": 3, "skus": 40,
    }  # fmt: skip
    assert shown["verdict"] == "better"


def test_the_ui_names_the_origins_left_out():
    cells = cells_of_three_origins()
    shown = backtest_figures(cells[cells["origin_month"] > "2023-01-01"], ORIGIN)
    assert shown["origins_left_out"] == "2022-12: too little history"
    assert (shown["origins"], shown["verdict"]) == (2, "not decidable")


def test_a_backtest_without_a_cell_has_only_counts_and_the_origins_left_out():
    assert backtest_figures(cells_of_three_origins().iloc[:0], ORIGIN) == {
        "scored_cells": 0, "origins": 0, "skus": 0, "verdict": "not decidable",
        "origins_left_out": "2022-12, 2023-06, 2023-12: too little history",
    }  # fmt: skip


def test_proposed_successors_are_named_with_the_way_to_accept_them():
    since = pd.Timestamp("2024-05-01")
    proposed = pd.DataFrame({"predecessor": ["A"], "successor": ["B"], "since": [since], "level_ratio": [1.0]})
    finding = successors_named(proposed, is_accepted=False).find(forecasts(), ORIGIN)
    assert finding.violations == 1
    assert "A -> B from 2024-05 on" in finding.message
    assert "FORECAST_SUCCESSORS_ACCEPTED=true" in finding.message
    assert successors_named(proposed, is_accepted=True).find(forecasts(), ORIGIN).violations == 0
    assert successors_named(proposed.head(0), is_accepted=False).find(forecasts(), ORIGIN).violations == 0
    assert not successors_named(proposed, is_accepted=False).blocking
