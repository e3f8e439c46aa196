import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.portfolio.launch_intervals import launch_errors, launch_interval, launch_widths
from forecast_assets_tests.domain.portfolio_market import MONTHS, ORIGIN, market, products, series


def errors_of(future=np.nan, described=None, **skus):
    panel = market(future, **skus)
    return launch_errors(panel.until(ORIGIN), products(panel, **(described or {})))


def ratios(*of_launches, age=0):
    """Errors of launches with one or more ratios each."""
    rows = [
        {"sku": f"S{position}", "age_months": age, "horizon_months": 1 + step, "ratio": ratio}
        for position, values in enumerate(of_launches)
        for step, ratio in enumerate(np.atleast_1d(values))
    ]
    return pd.DataFrame(rows)


def test_an_earlier_launch_is_forecast_again_as_it_would_have_been():
    """Launched 10 months ago at 150 with a reference of 100: seen from 12 months ago, and from 9, 6 and 3 months ago.

    Before the launch 100 is forecast; after k months (150^k x 100)^(1/(k+1)).
    """
    result = errors_of(described={"a": {"reference_sku": "b"}}, a=series((150, 10)), b=series((100, 60)))
    assert set(result["sku"]) == {"a"}
    by_age = result.groupby("age_months")["ratio"]
    expected = {age: 150 / (150**age * 100) ** (1 / (age + 1)) for age in (0, 1, 4, 7)}
    assert by_age.min().to_dict() == pytest.approx(expected)
    assert by_age.max().to_dict() == pytest.approx(expected)
    # Seen before its launch it is forecast up to 18 months ahead; after a month of it nine months are known.
    assert result[result["age_months"] == 0]["horizon_months"].max() == 18
    assert result[result["age_months"] == 1]["horizon_months"].tolist() == list(range(1, 10))


def test_months_before_the_launch_are_no_error():
    result = errors_of(described={"a": {"reference_sku": "b"}}, a=series((150, 10)), b=series((100, 60)))
    seen_from = result[result["age_months"] == 0].groupby("horizon_months").size()
    # 12 months before the last one the launch is the third month ahead; nearer ones do not exist.
    assert seen_from.index.min() == 3


def test_errors_of_earlier_launches_do_not_read_the_future():
    skus = {"a": series((150, 10)), "b": series((100, 60)), "c": series((30, 30))}
    described = {"a": {"reference_sku": "b"}}
    pd.testing.assert_frame_equal(errors_of(1e9, described, **skus), errors_of(np.nan, described, **skus))


def test_a_market_without_launches_or_with_little_history_has_no_errors():
    assert errors_of(a=series((100, 60))).empty
    panel = market(a=series((100, 60)), b=series((50, 3))).until(MONTHS[8])
    assert launch_errors(panel, products(panel)).empty


def test_widths_are_the_tenth_and_the_ninetieth_percentile_over_launches():
    """Ten launches of one error each: one in ten lies at or below 0.5, nine in ten at or below 1.6."""
    result = launch_widths(ratios(0.5, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 3.0))
    assert result[0, 0] == (0.5, 1.6)


def test_a_launch_of_many_months_weighs_as_much_as_one_of_few():
    many = [9.0] * 90
    result = launch_widths(ratios(0.5, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, many))
    assert result[0, 0] == (0.5, 1.6)


def test_too_few_launches_fall_back_to_all_ages_and_to_usual_widths():
    eight = ratios(*np.linspace(0.7, 1.4, 8), age=5)
    result = launch_widths(eight)
    assert result[0, 0] == result[1, 2] == result[3, 11] == pytest.approx((0.7, 1.4))
    assert launch_widths(eight[eight["sku"] != "S0"]) == {(0, 0): (0.4, 2.5), (1, 2): (0.5, 2.0), (3, 11): (0.6, 1.7)}
    both = pd.concat([eight, ratios(*np.linspace(0.1, 3.6, 8), age=2)])
    assert launch_widths(both)[1, 2] == pytest.approx((0.1, 3.6))
    assert launch_widths(both)[3, 11] == pytest.approx((0.7, 1.4))


def test_the_interval_contains_the_forecast_if_all_errors_have_one_sign():
    assert launch_widths(ratios(*np.linspace(1.2, 1.9, 8)))[0, 0] == pytest.approx((1.0, 1.9))
    assert launch_widths(ratios(*np.linspace(0.2, 0.9, 8)))[0, 0] == pytest.approx((0.2, 1.0))


def test_the_interval_depends_on_the_age_and_zero_stays_zero():
    widths = {(0, 0): (0.5, 2.0), (1, 2): (0.8, 1.5), (3, 11): (0.9, 1.1)}
    point = np.array([[0.0, 100.0], [10.0, 10.0], [10.0, 10.0]])
    low, high = launch_interval(point, np.array([0, 2, 11]), widths)
    assert low.tolist() == [[0, 50], [8, 8], [9, 9]]
    assert high.tolist() == [[0, 200], [15, 15], [11, 11]]
