"""The benchmark of pooling: ratios by hand, sums first, and the cut of a file into markets."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.pooling import pooled_model_of, ratios, size_of, worst_market
from benchmarks.pooling_markets import markets_of_case
from benchmarks.protocol import cases
from forecast_assets.domain.models.recipe import Recipe

ROWS = pd.DataFrame(
    {
        "market": ["A", "A", "B"], "series": [10, 10, 60], "holt_winters": [10.0, 30.0, 50.0],
        "own": [10.0, 20.0, 40.0], "pooled": [20.0, 20.0, 20.0], "adapted": [8.0, 19.0, 44.0],
    }
)  # fmt: skip


def test_ratios_are_sums_of_errors_over_those_of_holt_winters():
    ratio_by_market = ratios(ROWS, "market")
    assert ratio_by_market.loc["A"].to_dict() == {"own": 0.75, "pooled": 1.0, "adapted": 0.675}
    assert ratios(ROWS.assign(all="all"), "all").loc["all", "own"] == pytest.approx(70 / 90)


def test_the_worst_market_is_the_one_that_adapting_costs_most():
    code, loss = worst_market(ROWS)
    assert (code, loss) == ("B", pytest.approx(0.1))


def test_markets_are_small_middling_or_large():
    assert [size_of(series) for series in (49, 50, 149, 150)] == ["under 50 SKUs", "50 to 150", "50 to 150", "larger"]


@pytest.fixture(scope="module")
def case():
    months = pd.date_range("2018-01-01", periods=58, freq="MS")
    rng = np.random.default_rng(5)
    tables = [
        pd.DataFrame({"market": market, "sku": sku, "month": months, "y": rng.poisson(50, len(months)).astype(float)})
        for market, skus in (("A", "abcd"), ("B", "xyz")) for sku in skus
    ]  # fmt: skip
    return cases(pd.concat(tables, ignore_index=True), 18, 1, 12)[0]


def test_each_market_has_its_own_series_and_what_all_teach_is_cut_a_month_before_the_origin(case):
    markets = markets_of_case(case)
    assert {market.code: len(market.panel.skus) for market in markets} == {"A": 4, "B": 3}
    assert {market.features["origin_month"].max() for market in markets} == {pd.Timestamp("2021-04-01")}
    quick = Recipe(rounds=3, training_rows=1000, refit_rounds=2, recursive_rounds=2, min_recursive_rows=50)
    model = pooled_model_of(markets, quick)
    assert model.cutoff == pd.Timestamp("2021-03-01")
    assert model.skus == {"A": 4, "B": 3}
