import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import active_skus
from forecast_assets.domain.portfolio.announced_skus import (
    announced_forecasts,
    announced_skus,
    with_announced,
    with_announced_described,
)
from forecast_assets.domain.statistical.baseline import baseline_forecasts
from forecast_assets_tests.domain.portfolio_market import MONTHS, ORIGIN, PAST, market, products, series


def described(sku="new", **about):
    plain = {"sku": sku, "category": "tea", "launch_month": MONTHS[PAST], "end_month": pd.NaT}
    rows = pd.DataFrame([plain | about])
    return rows.astype({"launch_month": "datetime64[ns]", "end_month": "datetime64[ns]"})


@pytest.mark.parametrize(
    ("about", "is_announced"),
    [
        ({}, True),
        ({"launch_month": MONTHS[PAST + 17]}, True),
        ({"launch_month": MONTHS[PAST + 17] + pd.DateOffset(months=1)}, False),
        ({"launch_month": ORIGIN}, False),
        ({"launch_month": pd.NaT}, False),
        ({"end_month": MONTHS[PAST]}, True),
        ({"end_month": ORIGIN}, False),
        ({"sku": "sold"}, False),
        ({"sku": "once"}, False),
    ],
    ids=["next month", "last month", "too late", "origin", "not known", "one month", "never", "on sale", "long ago"],
)
@pytest.mark.parametrize("future", [np.nan, 1e9])
def test_an_announced_sku_was_never_on_sale_and_launches_in_the_horizon(about, is_announced, future):
    panel = market(future, sold=series((100, 60)), once=np.where(np.arange(PAST) < 10, 5.0, np.nan))
    assert announced_skus(panel, ORIGIN, described(**about)).tolist() == (["new"] if is_announced else [])


def test_a_sku_with_sales_only_after_the_origin_is_announced():
    panel = market(1e9, new=series(), sold=series((100, 60)))
    assert announced_skus(panel, ORIGIN, described()).tolist() == ["new"]
    assert active_skus(panel, ORIGIN).tolist() == [False, True]


def test_the_panel_gets_a_row_of_unknown_months_for_those_it_does_not_have():
    panel = market(a=series((100, 60)), b=series()).until(ORIGIN)
    wider = with_announced(panel, np.array(["b", "c"], dtype=object))
    assert wider.skus.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(wider.units[:2], panel.units)
    assert np.isnan(wider.units[2]).all()


def test_the_baseline_of_an_announced_sku_is_zero():
    panel = with_announced(market(a=series((100, 60))), np.array(["c"], dtype=object))
    result = baseline_forecasts(panel, ORIGIN, np.array(["a", "c"], dtype=object))
    of_announced = result[result["sku"] == "c"]
    assert of_announced[["baseline_units", "naive_units"]].to_numpy().tolist() == [[0.0, 0.0]] * 18


def test_the_model_forecasts_zero_for_an_announced_sku():
    result = announced_forecasts(np.array(["c", "d"], dtype=object), ORIGIN)
    assert result.groupby("sku")["target_month"].apply(list).to_dict() == {sku: list(MONTHS[PAST:]) for sku in "cd"}
    assert result["horizon_months"].tolist() == [*range(1, 19)] * 2
    assert not result[["forecast_units", "forecast_units_p10", "forecast_units_p90"]].to_numpy().any()
    assert announced_forecasts(np.array([], dtype=object), ORIGIN).empty


def test_an_announced_sku_has_the_missing_inputs_of_the_market():
    features = pd.DataFrame(
        {"sku": ["a"], "category": ["ice"], "abc_class": ["A"], "xyz_class": ["X"], "inputs_missing": ["sell_out"]}
    )
    known = products(market(c=series(), d=series()), d={"category": None})
    rows = with_announced_described(features, np.array(["c", "d"], dtype=object), known)
    assert rows.to_numpy().tolist() == [
        ["a", "ice", "A", "X", "sell_out"],
        ["c", "tea", "C", "Z", "sell_out"],
        ["d", "UNKNOWN", "C", "Z", "sell_out"],
    ]
