import json

import numpy as np
import pandas as pd
import pytest

from benchmarks import sample_company
from benchmarks.sample_scores import ablation, scores, summary
from forecast_assets.domain.features.families import FAMILIES, columns_of
from forecast_assets.domain.models.recipe import Recipe

QUICK = Recipe(rounds=20, refit_rounds=10, recursive_rounds=10)


def cells_of(**methods):
    """Two markets of one SKU, lags 1 and 4, 100 units each; forecasts are off by what is given per cell."""
    actual = pd.DataFrame({"seed": 1, "market": ["A", "A", "B", "B"], "horizon_months": [1, 4, 1, 4]})
    return actual.assign(actual_units=100.0, **{name: 100.0 + np.array(error) for name, error in methods.items()})


@pytest.fixture
def cells():
    return cells_of(
        forecast_units=[10, 20, 30, 20],
        baseline_units=[20, 20, 20, 25],
        naive_units=[50, 50, 50, 50],
        expected_sell_in_units=[10, 10, 10, 10],
    )


def test_the_gap_closed_is_the_way_from_holt_winters_to_the_truth(cells):
    table = scores(cells, []).set_index("lags")
    assert table.loc["4-18", "wape_engine"] == pytest.approx(0.2)
    assert table.loc["4-18", "gap_closed"] == pytest.approx((0.225 - 0.2) / (0.225 - 0.1))
    assert table.loc["1-3", "gap_closed"] == pytest.approx(0.0)


def test_a_market_is_won_where_the_engine_is_better_than_holt_winters(cells):
    table = summary(cells).set_index("lags")
    assert table.loc["1-3", ["markets", "share_won"]].tolist() == [2, 0.5]
    assert table.loc["all", "share_won"] == 0.5


def test_a_family_helps_if_wape_rises_without_it_beyond_its_error():
    names = {"without_a": [5, 5, 5, 5], "without_b": [1, 1, -9, 5], "without_c": [0, 1, 0, 1]}
    table = ablation(cells_of(forecast_units=[1, 2, 1, 3], **names), ["a", "b", "c"]).set_index(["family", "lags"])
    assert table.loc[("a", "1-3"), "delta_wape"] == pytest.approx(0.04)
    assert table.loc[("a", "1-3"), "verdict"] == "helps"
    assert table.loc[("b", "1-3"), "verdict"] == "nothing"
    assert table.loc[("c", "1-3"), "verdict"] == "hurts"


def test_every_feature_that_depends_on_an_input_is_in_its_family():
    columns = ["sku", "scale_units", "theta_h01", "ses_h01", "sell_in_lag_1", "sell_out_lag_1", "expected_orders_h02",
               "adjusted_sell_in_h01", "promotion_planned_h03", "promoted_share_3", "pack_is_h12", "months_left_h01",
               "category_sell_in_lag_1_to_mean_12", "category_market_sell_in_growth_12", "stringency_index_mean_3",
               "all_world_sell_out_recent_ratio", "observations", "ses_one_step_mae"]  # fmt: skip
    columns_by_family = {family: columns_of(family, pd.DataFrame(columns=columns)) for family in FAMILIES}
    assert columns_by_family == {
        "sell-out": ["sell_out_lag_1", "expected_orders_h02", "promoted_share_3", "all_world_sell_out_recent_ratio"],
        "promotions": ["expected_orders_h02", "adjusted_sell_in_h01", "promotion_planned_h03", "promoted_share_3"],
        "products": ["pack_is_h12", "months_left_h01", "category_sell_in_lag_1_to_mean_12"],
        "cross-market totals": ["category_market_sell_in_growth_12", "all_world_sell_out_recent_ratio"],
        "OxCGRT": ["stringency_index_mean_3"],
        "statistical": ["ses_h01"],
    }


def test_a_small_company_is_measured_from_landing_files_to_figures(tmp_path, monkeypatch):
    two = {name: FAMILIES[name] for name in ("sell-out", "OxCGRT")}
    monkeypatch.setattr(sample_company, "Recipe", lambda: QUICK)
    monkeypatch.setattr(sample_company, "FAMILIES", two)
    out = tmp_path / "figures.json"
    sizes = ["--seeds", "3", "--markets", "1", "--skus", "25", "--months", "42", "--training-rows", "400"]
    assert sample_company.main([*sizes, "--ablation", "--out", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert [row["lags"] for row in figures["summary"]] == ["1-3", "4-18", "all"]
    assert [(row["market"], row["lags"]) for row in figures["markets"]] == [
        ("FR", "1-3"),
        ("FR", "4-18"),
        ("FR", "all"),
    ]
    for row in figures["markets"]:
        assert 0 < row["wape_truth"] < row["wape_naive"] < 2
        assert 0 < row["wape_engine"] < 2
    assert {row["family"] for row in figures["ablation"]} == set(two)
    assert {row["verdict"] for row in figures["ablation"]} == {"one market"}
    with_sell_out = {row["lags"]: row["delta_wape"] for row in figures["ablation"] if row["family"] == "sell-out"}
    assert with_sell_out["1-3"] != 0
