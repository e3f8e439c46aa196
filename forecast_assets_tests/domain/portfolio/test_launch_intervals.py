import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.portfolio.launch_intervals import launch_errors, launch_multiples, launch_quantiles
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


AGES, ENDS = [(0, 0), (1, 2), (3, 11)], [(0.5, 2.0), (0.8, 1.5), (0.9, 1.1)]
TEN = (0.5, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 3.0)
P10, P50, P90 = 1, 9, 17


def ends(multiples):
    return {age: (of_age[P10], of_age[P90]) for age, of_age in multiples.items()}


def test_quantiles_are_those_over_launches():
    """Ten launches of one error each: one in ten lies at or below 0.5, nine in ten at or below 1.6."""
    result = launch_multiples(ratios(*TEN))[0, 0]
    assert result.tolist() == sorted([*TEN, *TEN])[:19]


def test_a_launch_of_many_months_weighs_as_much_as_one_of_few():
    many = [9.0] * 90
    result = launch_multiples(ratios(*TEN[:-1], many))[0, 0]
    assert result.tolist() == [*sorted([*TEN, *TEN])[:18], 9.0]


def test_too_few_launches_fall_back_to_all_ages_and_to_usual_ends():
    eight = ratios(*np.linspace(0.7, 1.4, 8), age=5)
    result = ends(launch_multiples(eight))
    assert result[0, 0] == result[1, 2] == result[3, 11] == pytest.approx((0.7, 1.4))
    usual = launch_multiples(eight[eight["sku"] != "S0"])
    assert ends(usual) == {(0, 0): (0.4, 2.5), (1, 2): (0.5, 2.0), (3, 11): (0.6, 1.7)}
    # Log-normal: the 75 % quantile of a normal is 0.6745 / 1.2816 of the way to its 90 % quantile.
    assert usual[1, 2][P50] == 1.0
    assert usual[1, 2][14] == pytest.approx(2 ** (0.6745 / 1.2816), rel=1e-4)
    both = pd.concat([eight, ratios(*np.linspace(0.1, 3.6, 8), age=2)])
    assert ends(launch_multiples(both))[1, 2] == pytest.approx((0.1, 3.6))
    assert ends(launch_multiples(both))[3, 11] == pytest.approx((0.7, 1.4))


def test_the_interval_contains_the_forecast_if_all_errors_have_one_sign():
    assert ends(launch_multiples(ratios(*np.linspace(1.2, 1.9, 8))))[0, 0] == pytest.approx((1.0, 1.9))
    assert ends(launch_multiples(ratios(*np.linspace(0.2, 0.9, 8))))[0, 0] == pytest.approx((0.2, 1.0))


def test_quantiles_depend_on_the_age_and_zero_stays_zero():
    multiples = {age: np.linspace(low, high, 19) for age, (low, high) in zip(AGES, ENDS, strict=True)}
    point = np.array([[0.0, 100.0], [10.0, 10.0], [10.0, 10.0]])
    quantiles = launch_quantiles(point, np.array([0, 2, 11]), multiples)
    assert quantiles[..., 0].tolist() == [[0, 50], [8, 8], [9, 9]]
    assert quantiles[..., -1].tolist() == [[0, 200], [15, 15], [11, 11]]
