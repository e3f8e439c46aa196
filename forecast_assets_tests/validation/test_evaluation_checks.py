"""Checks and figures of backtest and performance, in the terms of planners."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.validation.evaluation_checks import (
    backtest_checks,
    backtest_figures,
    figures,
    performance_checks,
    performance_figures,
)

ORIGIN = pd.Timestamp("2024-06-01")
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
    assert (finding.violations, finding.message) == (1, "WAPE of the model 15.0%, of the seasonal naive 10.0%")
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


def test_a_model_as_good_as_the_naive_is_not_worse():
    check = {check.name: check for check in backtest_checks()}["not_worse_than_naive"]
    finding = check.find(BACKTEST.assign(naive_units=BACKTEST["model_units"]), ORIGIN)
    assert finding.violations == 0
    assert finding.figures["scored_cells"] == 2


def realised(*rows: tuple[str, str, str, float, str]) -> pd.DataFrame:
    """Cells ``(sku, category, class, published units, status)`` of lag 1; each sold 100."""
    cells = pd.DataFrame(rows, columns=["sku", "category", "abc_class", "published_units", "status"])
    return cells.assign(
        month=ORIGIN, origin_month=pd.Timestamp("2024-05-01"), lag_months=1, actual_units=100.0, xyz_class="X",
        model_units=110.0, baseline_units=120.0, naive_units=150.0, source="model",
        forecast_units_p10=90.0, forecast_units_p90=110.0,
    )  # fmt: skip


def test_the_ui_shows_performance_by_category_and_class_and_counts_backfilled_cells():
    cells = realised(
        ("a", "Tea", "A", 110.0, "published"),
        ("b", "Ice", "B", 80.0, "published"),
        ("c", "Ice", "B", 1.0, "backfilled"),
    )
    shown = performance_figures(cells)
    assert shown["backfilled_cells"] == 1
    header, _, *lines = shown["by_category_and_class"].value.splitlines()
    titles = [each.strip() for each in header.strip("|").split("|")]
    assert titles[:5] == ["level", "entity", "lag", "cells", "actual_units"]
    assert {"wape_published", "bias_published", "wape_baseline"} <= set(titles)
    assert not [title for title in titles[5:] if not title.startswith(("wape_", "bias_"))]
    cells_of = [[each.strip() for each in line.strip("|").split("|")] for line in lines]
    by_entity = {(row[0], row[1]): dict(zip(titles, row, strict=True)) for row in cells_of}
    assert {level for level, _ in by_entity}.isdisjoint({"market"})
    assert float(by_entity["category", "Ice"]["bias_published"]) == -0.2
    assert float(by_entity["category", "Tea"]["wape_published"]) == 0.1


def test_a_month_without_published_forecasts_has_no_table():
    shown = performance_figures(realised().iloc[:0])
    assert shown["backfilled_cells"] == 0
    assert "by_category_and_class" not in shown


def test_performance_has_the_check_of_its_schema():
    assert [check.name for check in performance_checks()] == ["schema"]
