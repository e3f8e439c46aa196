"""A poisoned future: whatever arrives after the origin, what was computed at the origin stays bit for bit the same."""

import pandas as pd
import pytest

from forecast_assets.domain.anchors import anchor_offsets
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.market_model_storage import model_to_parts
from forecast_assets.domain.selection import backtest as backtesting
from forecast_assets.domain.selection.backtest import backtest
from forecast_assets.domain.statistical.baseline import baseline_forecasts
from forecast_assets_tests.domain.small_market import (
    MONTHS,
    WRONG,
    MarketTables,
    with_another_future,
    with_later_origins,
)

METHODS = ["model_units", "baseline_units", "naive_units"]

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def poisoned(tables, origin):
    return with_another_future(tables, origin).history()


@pytest.fixture(scope="module")
def poisoned_stack(earlier_features, poisoned):
    """Features of the training origins, of the origin, and of poisoned origins after it."""
    return with_later_origins(earlier_features, poisoned, MONTHS[[78, 79, 80, 81, 83]])


def test_the_poison_changes_every_table_after_the_origin_and_none_before(tables, origin):
    for name, after in vars(with_another_future(tables, origin)).items():
        before = vars(tables)[name]
        up_to_origin = [table[table["month"] <= origin].reset_index(drop=True) for table in (before, after)]
        pd.testing.assert_frame_equal(*up_to_origin)
        assert not after[after["month"] > origin].equals(before[before["month"] > origin]), name


@pytest.mark.parametrize("place", [30, 60, 90])
def test_features_do_not_read_the_future(tables, history, place):
    origin = MONTHS[place]
    other = with_another_future(tables, origin).history()
    expected, actual = build_features(history, origin), build_features(other, origin)
    assert len(expected) >= 30
    pd.testing.assert_frame_equal(actual, expected, check_exact=True)


EXPECTATIONS = ["expected_units_h01", "expected_orders_h18", "expected_sell_out_h09", "adjusted_sell_in_h04",
                "adjusted_same_month_h13", "promotion_probability_h18", "discount_expected_month_after_h18",
                "promotion_uplift", "sell_out_surprise", "stock_to_usual", "stock_built_12", "reference_mean_12",
                "age_from_launch_h01", "months_left_h18"]  # fmt: skip


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_the_small_market_has_values_of_every_expectation_to_be_poisoned(origin_features, name):
    assert origin_features[name].notna().any()


@pytest.mark.parametrize("place", [20, 45, 70, 95])
def test_features_of_a_range_of_months_are_those_of_each_month_alone(tables, history, place):
    origin = MONTHS[place]
    alone = tables.history(MONTHS[max(0, place - 83)], origin)
    pd.testing.assert_frame_equal(build_features(history, origin), build_features(alone, origin), check_exact=True)


def test_covid_features_need_only_the_24_months_that_a_run_loads(tables, history):
    origin = MONTHS[85]
    recent = tables.covid_policy[tables.covid_policy["month"].between(MONTHS[85 - 23], origin)]
    alone = MarketTables(**{**vars(tables), "covid_policy": recent}).history()
    pd.testing.assert_frame_equal(build_features(history, origin), build_features(alone, origin), check_exact=True)


def test_a_model_and_its_forecasts_do_not_read_the_future(
    poisoned, poisoned_stack, origin, model, history, origin_features, recipe
):
    other = fit_market_model(poisoned_stack, poisoned.sell_in, origin, recipe)
    pd.testing.assert_frame_equal(model_to_parts(other), model_to_parts(model))
    expected = forecast_units(origin_features, history.sell_in, model)
    actual = forecast_units(build_features(poisoned, origin), poisoned.sell_in, other)
    assert expected["forecast_units"].max() < WRONG / 1e3
    pd.testing.assert_frame_equal(actual, expected, check_exact=True)


def test_a_backtest_does_not_read_months_after_its_own_origin(poisoned, poisoned_stack, origin, backtest_cells, recipe):
    actual = backtest(poisoned_stack, poisoned.sell_in, origin, recipe)
    assert set(backtest_cells["origin_month"]) == {add_months(origin, -back) for back in anchor_offsets(origin)}
    pd.testing.assert_frame_equal(actual, backtest_cells, check_exact=True)


def test_each_refit_of_a_backtest_reads_only_data_known_at_its_origin(
    tables, earlier_features, origin, backtest_cells, recipe
):
    refit_at = add_months(origin, -max(anchor_offsets(origin)))
    other = with_another_future(tables, refit_at).history()
    # Without the later origins of the backtest, which only cost time.
    stack = with_later_origins(earlier_features, other, MONTHS[[60, 62, 64, 66, 70, 76]])
    poisoned_cells = backtest(stack, other.sell_in, origin, recipe)
    expected, actual = (
        cells[cells["origin_month"] == refit_at].reset_index(drop=True) for cells in (backtest_cells, poisoned_cells)
    )
    pd.testing.assert_frame_equal(actual[METHODS], expected[METHODS], check_exact=True)
    known = actual["actual_units"].notna()
    assert (actual.loc[known, "actual_units"] == WRONG).all()
    assert known.any()


def test_each_origin_of_a_backtest_reads_products_as_known_then(
    tables, earlier_features, history, origin, recipe, monkeypatch
):
    """In every other month all SKUs are said to end at once, which would make their forecasts zero."""
    # Whatever the model: one of the first origin, for all of them.
    quick = fit_market_model(earlier_features, history.sell_in, MONTHS[62], recipe)
    monkeypatch.setattr(backtesting, "fit_market_model", lambda *_: quick)
    of_backtest = [add_months(origin, -back) for back in anchor_offsets(origin)]
    known_then = tables.products[tables.products["month"].isin(of_backtest)]
    in_other_months = tables.products[~tables.products["month"].isin(of_backtest)]
    wrong = in_other_months.assign(end_month=in_other_months["month"])
    expected = backtest(earlier_features, history.sell_in, origin, recipe, known_then)
    actual = backtest(earlier_features, history.sell_in, origin, recipe, pd.concat([wrong, known_then]))
    assert (expected["model_units"] > 0).mean() > 0.9
    pd.testing.assert_frame_equal(actual, expected, check_exact=True)


def test_baselines_do_not_read_the_future(poisoned, history, origin, origin_features):
    skus = origin_features["sku"].to_numpy()
    expected = baseline_forecasts(history.sell_in, origin, skus)
    pd.testing.assert_frame_equal(baseline_forecasts(poisoned.sell_in, origin, skus), expected, check_exact=True)
