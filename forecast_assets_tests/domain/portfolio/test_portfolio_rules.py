import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.quantiles import DISTRIBUTION, QUANTILE_COLUMNS
from forecast_assets.domain.portfolio.portfolio_rules import (
    PORTFOLIO_RULES,
    apply_portfolio,
    portfolio_rules,
)
from forecast_assets.schemas.forecasts import PORTFOLIO_RULE_NAMES as STORED_RULES
from forecast_assets_tests.domain.portfolio_market import (
    MONTHS,
    ORIGIN,
    PAST,
    UNKNOWN,
    market,
    model_forecasts,
    products,
    series,
)

STEADY = series((100, 60))
BACK_AFTER_A_YEAR = series((100, 44), (0, 12), (60, 4))
FADING = series((100, 54), (20, 3), (10, 3))
EVERY_FOURTH_MONTH = np.tile([0.0, 0, 0, 8], 15)
JUMPED = series((100, 45), (300, 15))


def rule_of(units, others=None, **described):
    panel = market(a=units, **(others or {}))
    return portfolio_rules(panel, np.array(["a"]), ORIGIN, products(panel, a=described))[0]


def forecast_of(units, others=None, model=None, **described):
    """Forecast, low and high of the 18 months of SKU a, and its rule."""
    panel = market(a=units, **(others or {}))
    result = apply_portfolio(model_forecasts(["a"], **(model or {})), panel, ORIGIN, products(panel, a=described))
    assert (result["forecast_units_p05"] >= 0).all()
    assert (result[list(QUANTILE_COLUMNS)].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert result["forecast_units"].between(result["forecast_units_p10"], result["forecast_units_p90"]).all()
    (rule,) = result["rule"].unique()
    ends = ["forecast_units", "forecast_units_p10", "forecast_units_p90"]
    return (*(result[name].to_numpy() for name in ends), rule)


def like_items(count):
    return {f"like{at}": series((100 * (at + 1), 60)) for at in range(count)}


def test_the_list_of_rules_is_the_one_that_the_stored_tables_allow():
    assert set(PORTFOLIO_RULES) == set(STORED_RULES)


@pytest.mark.parametrize(
    ("units", "described", "rule"),
    [
        (STEADY, {}, "regular"),
        (EVERY_FOURTH_MONTH, {}, "intermittent"),
        (JUMPED, {}, "level_shift"),
        (series((1200, 57), (100, 3)), {}, "level_shift"),
        (series((1200, 55), (100, 5)), {}, "level_shift"),
        (FADING, {}, "dying"),
        (BACK_AFTER_A_YEAR, {}, "returned"),
        (series((100, 48), (0, 12)), {}, "all_zero"),
        (STEADY, {"end_month": MONTHS[PAST]}, "end_of_life"),
        (series((50, 3)), {}, "new_without_relative"),
    ],
)
def test_each_case_alone_gets_its_rule(units, described, rule):
    assert rule_of(units, **described) == rule


def test_an_extreme_of_the_last_month_is_no_sign_of_a_rule():
    panel = market(a=series((100, 59), (-5000, 1)))
    assert portfolio_rules(panel, np.array(["a"]), ORIGIN, products(panel))[0] == "dying"
    mark = {"month": ORIGIN, "sku": "a", "marked_month": ORIGIN, "reason": "latest_low", "cleaned_units": 100.0}
    marked = panel.with_marks(pd.DataFrame([mark]))
    assert portfolio_rules(marked, np.array(["a"]), ORIGIN, products(panel))[0] == "regular"


def test_an_end_after_the_horizon_is_no_end_yet():
    assert rule_of(STEADY, end_month=MONTHS[PAST + 17]) == "end_of_life"
    assert rule_of(STEADY, end_month=MONTHS[PAST + 17] + pd.DateOffset(months=1)) == "regular"


def test_a_new_sku_is_compared_with_its_reference_or_else_with_like_items():
    assert rule_of(series((50, 3)), like_items(3), reference_sku="like0") == "new_with_reference"
    assert rule_of(series((50, 3)), like_items(3)) == "new_with_like_items"
    assert rule_of(series((50, 3)), like_items(2)) == "new_without_relative"
    assert rule_of(series((50, 3)), like_items(3), category="coffee") == "new_without_relative"


def test_a_sku_is_new_for_eleven_months():
    assert rule_of(series((50, 11)), like_items(3)) == "new_with_like_items"
    assert rule_of(series((50, 12)), like_items(3)) == "regular"


def test_few_known_months_of_an_old_sku_are_short_history_and_no_launch():
    unknown_for_years = series((50, 6))
    assert rule_of(unknown_for_years, like_items(3), launch_month=pd.Timestamp("2010-01-01")) == "short_history"


def test_a_market_that_has_just_begun_has_short_histories_and_no_launches():
    panel = market(a=STEADY)
    known = products(panel)
    assert portfolio_rules(panel, np.array(["a"]), MONTHS[10], known).tolist() == ["short_history"]
    assert portfolio_rules(panel, np.array(["a"]), MONTHS[11], known).tolist() == ["regular"]


def test_an_end_goes_before_everything_else():
    for units in (FADING, BACK_AFTER_A_YEAR, EVERY_FOURTH_MONTH, series((0, 60)), series((50, 3))):
        assert rule_of(units, end_month=MONTHS[PAST + 3]) == "end_of_life"


def test_a_launch_without_a_sale_is_new_only_with_a_relative():
    launched = series((0, 2))
    described = {"launch_month": MONTHS[PAST - 2]}
    assert rule_of(launched, like_items(3), **described) == "new_with_like_items"
    assert rule_of(launched, **described) == "all_zero"


def test_an_intermittent_sku_that_jumps_is_intermittent():
    assert rule_of(np.concatenate([EVERY_FOURTH_MONTH[:45], 5 * EVERY_FOURTH_MONTH[45:]])) == "intermittent"


@pytest.mark.parametrize("units", [STEADY, EVERY_FOURTH_MONTH, JUMPED])
def test_regular_intermittent_and_shifted_skus_keep_the_exact_model(units):
    low_end, predicted, high_end = np.sort(np.random.default_rng(0).uniform(0, 200, (3, 18)), axis=0)
    point, low, high, _ = forecast_of(units, model={"units": predicted, "low": low_end, "high": high_end})
    assert point.tolist() == predicted.tolist()
    assert low.tolist() == low_end.tolist()
    assert high.tolist() == high_end.tolist()


def test_the_forecast_is_zero_after_a_known_end_and_unchanged_before():
    point, low, high, rule = forecast_of(STEADY, end_month=MONTHS[PAST + 1])
    assert rule == "end_of_life"
    assert point.tolist() == [100, 100] + [0] * 16
    assert low.tolist() == [80, 80] + [0] * 16
    assert high.tolist() == [130, 130] + [0] * 16


def test_a_new_sku_with_an_end_is_forecast_as_new_until_it():
    point, *_, rule = forecast_of(series((50, 3)), {"b": series((200, 60))}, reference_sku="b", end_month=MONTHS[PAST])
    # Three months of its own weigh 3 to 1: (50^3 x 200)^(1/4), about 70.7.
    assert point[0] == pytest.approx((50**3 * 200) ** 0.25)
    assert point[1:].tolist() == [0] * 17
    assert rule == "end_of_life"


def test_a_silent_sku_is_forecast_zero_with_an_interval_of_zero():
    for model in ({}, {"units": 0.0, "low": 0.0, "high": 7.0}):
        point, low, high, rule = forecast_of(series((100, 48), (0, 12)), model=model)
        assert rule == "all_zero"
        assert not np.concatenate([point, low, high]).any()


def test_a_dying_sku_loses_a_tenth_every_month_and_its_interval_with_it():
    point, low, high, rule = forecast_of(FADING)
    assert rule == "dying"
    assert point[:3] == pytest.approx([90, 81, 72.9])
    assert low[:3] == pytest.approx([72, 64.8, 58.32])
    assert high[:3] == pytest.approx([117, 105.3, 94.77])


def test_a_returned_sku_is_forecast_at_the_level_since_its_return():
    point, low, high, rule = forecast_of(BACK_AFTER_A_YEAR)
    assert rule == "returned"
    assert point == pytest.approx(np.full(18, 60.0))
    assert (low[0], high[0]) == pytest.approx((48, 78))


def test_the_interval_of_a_return_is_at_most_five_times_the_models():
    model = {"units": 1.0, "low": 0.0, "high": 3.0}
    point, low, high, _ = forecast_of(BACK_AFTER_A_YEAR, model=model)
    assert (point[0], low[0], high[0]) == pytest.approx((60, 55, 70))


def test_a_return_keeps_the_interval_of_a_zero_model_forecast():
    model = {"units": 0.0, "low": 0.0, "high": 3.0}
    point, low, high, _ = forecast_of(BACK_AFTER_A_YEAR, model=model)
    assert (point[0], low[0], high[0]) == pytest.approx((60, 60, 63))


def test_the_interval_of_a_launch_does_not_depend_on_the_model():
    """No launch before: the usual widths, 0.6 and 1.7 at an age of three months."""
    for model in ({}, {"units": 1.0, "low": 0.0, "high": 3.0}):
        point, low, high, _ = forecast_of(series((50, 3)), {"b": series((50, 60))}, model, reference_sku="b")
        assert (point[0], low[0], high[0]) == pytest.approx((50, 30, 85))


def test_an_announced_sku_is_zero_with_an_interval_of_zero_until_its_launch():
    nothing = {"units": 0.0, "low": 0.0, "high": 0.0}
    described = {"reference_sku": "b", "launch_month": MONTHS[PAST + 2]}
    point, low, high, rule = forecast_of(series(), {"b": series((100, 60))}, nothing, **described)
    assert rule == "new_with_reference"
    assert point == pytest.approx([0, 0] + [100] * 16)
    assert low == pytest.approx([0, 0] + [40] * 16)
    assert high == pytest.approx([0, 0] + [250] * 16)


def test_an_announced_sku_is_not_silent_and_may_be_end_of_life():
    announced = {"launch_month": MONTHS[PAST + 2], "category": "coffee"}
    assert rule_of(series(), {"b": STEADY}, **announced) == "new_without_relative"
    assert rule_of(series((0, 5)), {"b": STEADY}, **announced) == "new_without_relative"
    point, *_, rule = forecast_of(
        series(), {"b": STEADY}, reference_sku="b", launch_month=MONTHS[PAST], end_month=MONTHS[PAST + 1]
    )
    assert (rule, point.tolist()) == ("end_of_life", [100, 100] + [0] * 16)


def test_rows_come_back_in_their_order_with_everything_else_untouched():
    panel = market(a=STEADY, b=series((0, 60)), c=FADING)
    given = model_forecasts(["c", "a", "b"]).sample(frac=1, random_state=1).assign(other=range(54))
    before = given.copy()
    result = apply_portfolio(given, panel, ORIGIN, products(panel))
    pd.testing.assert_frame_equal(given, before)
    untouched = [name for name in given if name not in DISTRIBUTION]
    pd.testing.assert_frame_equal(result[untouched], given[untouched])
    assert result.groupby("sku")["rule"].unique().str.join("").to_dict() == {
        "a": "regular",
        "b": "all_zero",
        "c": "dying",
    }
    by_cell = result.set_index(["sku", "horizon_months"])["forecast_units"]
    assert by_cell[("a", 7)] == 100
    assert by_cell[("b", 7)] == 0
    assert by_cell[("c", 2)] == pytest.approx(81)


def test_no_forecasts_give_no_rows_and_a_column_of_rules():
    panel = market(a=STEADY)
    assert apply_portfolio(model_forecasts([]), panel, ORIGIN, products(panel))["rule"].tolist() == []


def test_a_sku_without_its_whole_horizon_is_named():
    panel = market(a=STEADY, b=STEADY)
    partial = model_forecasts(["a", "b"]).iloc[:-1]
    with pytest.raises(ValueError, match=r"the 18 months after the origin once; got 35 rows of 2 SKUs.*\['b'\]"):
        apply_portfolio(partial, panel, ORIGIN, products(panel))
    twice = model_forecasts(["a"]).assign(horizon_months=1)
    with pytest.raises(ValueError, match="18 months after the origin once"):
        apply_portfolio(twice, panel, ORIGIN, products(panel))


def test_a_sku_without_sell_in_is_named():
    panel = market(a=STEADY)
    with pytest.raises(ValueError, match=r"no sell-in for 1 SKUs to forecast, first: \['stranger'\]"):
        portfolio_rules(panel, np.array(["a", "stranger"]), ORIGIN, products(panel))


def test_a_sku_without_a_product_row_has_no_attributes_and_still_a_rule():
    panel = market(a=STEADY, b=series((50, 3)))
    rules = portfolio_rules(panel, panel.skus, ORIGIN, products(panel).iloc[:1])
    assert rules.tolist() == ["regular", "new_without_relative"]


def test_rules_and_forecasts_do_not_read_the_future():
    skus = {"a": STEADY, "b": BACK_AFTER_A_YEAR, "c": FADING, "d": series((0, 60)), "e": series((50, 3)), "f": JUMPED}
    skus |= {f"g{at}": series((80, 30 + at)) for at in range(6)}
    asked = model_forecasts(list(skus))
    result = []
    for future in (UNKNOWN, 0.0, 1e9):
        panel = market(future, **skus)
        result.append(apply_portfolio(asked, panel, ORIGIN, products(panel, e={"reference_sku": "a"})))
    assert result[0]["rule"].nunique() == 6
    for other in result[1:]:
        pd.testing.assert_frame_equal(other, result[0], check_exact=True)
