"""Rules of readiness on markets small enough to judge by eye."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.selection import readiness
from forecast_assets.domain.selection.readiness import FAIL, PASS, WARN, ReadinessFinding, is_ready
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters

SINCE = pd.Timestamp("2021-01-01")


def months(count: int, first=SINCE) -> list[pd.Timestamp]:
    return list(pd.date_range(first, periods=count, freq="MS"))


def cells(model: float, baseline: float, naive: float, skus: int = 30, actual: float = 100.0) -> pd.DataFrame:
    """Three origins of every SKU with the same forecasts."""
    rows = [(f"S{sku}", origin) for sku in range(skus) for origin in months(3)]
    frame = pd.DataFrame(rows, columns=["sku", "origin_month"])
    return frame.assign(actual_units=actual, model_units=model, baseline_units=baseline, naive_units=naive)


@pytest.mark.parametrize(("count", "result"), [(23, FAIL), (24, WARN), (43, WARN), (44, PASS)])
def test_history_is_judged_by_the_months_the_backtest_needs(count, result):
    assert readiness.history_depth(months(count)).result == result


def test_a_month_that_was_not_delivered_is_named():
    finding = readiness.gaps([month for month in months(12) if month.month not in (4, 5, 9)], SINCE)
    assert (finding.result, finding.observed) == (FAIL, "3 months: 2021-04 to 2021-05 (2 months), 2021-09")


def test_a_market_that_began_after_since_gets_the_right_since():
    finding = readiness.gaps(months(12, pd.Timestamp("2021-06-01")), SINCE)
    assert finding.result == FAIL
    assert finding.next_step.startswith("set since to 2021-06")


def test_a_delivery_behind_the_last_closed_month_warns_with_the_distance():
    assert readiness.timeliness(months(12), pd.Timestamp("2022-02-01")).observed.endswith("2 behind")
    assert readiness.timeliness(months(12), pd.Timestamp("2021-12-01")).result == PASS


@pytest.mark.parametrize(("listed", "result"), [({"A", "B"}, PASS), ({"A"}, WARN), ({"B"}, FAIL)])
def test_products_are_judged_by_the_units_without_a_row(listed, result):
    sell_in = pd.DataFrame({"sku": ["A", "A", "B"], "sell_in_units": [500.0, 460.0, 40.0]})
    finding = readiness.product_coverage(sell_in, listed, greatest_unknown_share=0.05)
    assert finding.result == result


@pytest.mark.parametrize(("delivered", "result"), [({"A", "B"}, PASS), ({"A"}, WARN), (set(), WARN)])
def test_sell_out_of_a_part_of_the_units_warns(delivered, result):
    sell_in = pd.DataFrame({"sku": ["A", "B"], "sell_in_units": [79.0, 21.0]})
    assert readiness.sell_out_coverage(sell_in, delivered).result == result


@pytest.mark.parametrize(
    ("model", "baseline", "naive", "wape", "bias"),
    [
        (102.0, 110.0, 120.0, PASS, PASS),
        (110.0, 110.0, 120.0, PASS, WARN),
        (109.0, 108.0, 120.0, FAIL, WARN),  # every SKU is worse: the interval lies above 1
        (124.0, 130.0, 120.0, FAIL, WARN),  # worse than naive; a bias beyond 20 %, but Holt-Winters has more
        (121.0, 119.0, 150.0, FAIL, FAIL),
    ],
)
def test_the_model_is_judged_against_holt_winters_and_naive(model, baseline, naive, wape, bias):
    finding = readiness.accuracy(cells(model, baseline, naive), "model", is_model=True)
    assert [(finding.check, finding.result) for finding in finding] == [("WAPE", wape), ("bias", bias)]


def test_sell_in_alone_never_passes_and_never_fails():
    for model in (102.0, 150.0):
        finding = readiness.accuracy(cells(model, 110.0, 120.0), "smoothed", is_model=False)
        assert {finding.result for finding in finding if finding.check == "WAPE"} == {WARN}
        assert FAIL not in {finding.result for finding in finding}


def test_a_backtest_without_a_scored_month_warns():
    (finding,) = readiness.accuracy(cells(1.0, 1.0, 1.0, actual=np.nan), "model", is_model=True)
    assert (finding.result, finding.observed) == (WARN, "no month could be scored")


def test_the_quick_backtest_does_not_read_the_future():
    generator = np.random.default_rng(5)
    index = pd.date_range("2021-01-01", periods=48, freq="MS")
    units = 100 + 20 * np.sin(np.arange(48) / 12 * 2 * np.pi) + generator.normal(0, 3, (4, 48))
    panel = DemandPanel(np.array(list("ABCD"), dtype=object), index, units)
    poisoned = units.copy()
    poisoned[:, 30:] = 1e9  # after the earliest origin, 18 months before the last month
    finding = readiness.statistical_backtest(panel, index[-1])
    dark = readiness.statistical_backtest(DemandPanel(panel.skus, index, poisoned), index[-1])
    earliest = finding["origin_month"] == index[29]
    assert earliest.sum() == 4 * 18
    columns = ["sku", "target_month", "model_units", "baseline_units", "naive_units"]
    pd.testing.assert_frame_equal(finding.loc[earliest, columns], dark.loc[dark["origin_month"] == index[29], columns])
    one = finding[earliest & (finding["sku"] == "B")]["baseline_units"].to_numpy()
    np.testing.assert_allclose(one, forecast_holt_winters(units[1:2, :30], 18)[0])


def test_a_market_too_young_for_any_origin_has_no_cells():
    index = pd.date_range("2023-01-01", periods=17, freq="MS")
    panel = DemandPanel(np.array(["A"], dtype=object), index, np.ones((1, 17)))
    assert readiness.statistical_backtest(panel, index[-1]).empty


def test_only_failures_keep_a_market_from_being_ready():
    assert is_ready([ReadinessFinding("a", PASS, ""), ReadinessFinding("b", WARN, "")])
    assert not is_ready([ReadinessFinding("a", PASS, ""), ReadinessFinding("b", FAIL, "")])
    assert readiness.shadow_cycles(months(2)).result == WARN
    assert readiness.shadow_cycles(months(3)).result == PASS
