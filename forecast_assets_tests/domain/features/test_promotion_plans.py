import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.features.promotion_plans import plan_features

ORIGIN = pd.Timestamp("2024-06-01")
SKUS = np.array(["a", "b"], dtype=object)


def promotions(*rows):
    table = pd.DataFrame(rows, columns=["sku", "promotion_month", "is_promoted", "discount_pct"])
    return table.assign(promotion_month=pd.to_datetime(table["promotion_month"]))


PLANS = promotions(
    ("a", "2024-06-01", 1.0, None),
    ("b", "2024-05-01", 1.0, 50.0),
    ("a", "2024-07-01", 1.0, 20.0),
    ("b", "2024-08-01", None, 15.0),
    ("a", "2024-08-01", 0.0, None),
    ("not sold here", "2024-09-01", 1.0, 5.0),
)


def test_plans_are_put_to_their_sku_and_target_month():
    features = plan_features(PLANS, SKUS, ORIGIN)
    assert features["promoted_last_month"].tolist() == [1, 0]
    assert features["promotion_planned_h01"].tolist() == [1, 0]
    assert features["discount_planned_h01"].tolist() == [20, 0]
    assert features["promotion_planned_h02"].tolist() == [0, 1]
    assert features["discount_planned_h02"].tolist() == [0, 15]


def test_a_month_without_a_plan_is_zero_and_beyond_the_plans_unknown():
    features = plan_features(PLANS, SKUS, ORIGIN)
    assert features["promotion_planned_h03"].tolist() == [0, 0]
    for horizon in range(4, 19):
        assert np.isnan(features[f"promotion_planned_h{horizon:02d}"]).all()
        assert np.isnan(features[f"discount_planned_h{horizon:02d}"]).all()


def test_a_promotion_of_unknown_discount_has_no_discount():
    features = plan_features(promotions(("a", "2024-07-01", 1.0, None)), SKUS, ORIGIN)
    assert features["promotion_planned_h01"].tolist() == [1, 0]
    np.testing.assert_array_equal(features["discount_planned_h01"], [np.nan, 0])


@pytest.mark.parametrize("none", [None, promotions()])
def test_a_market_without_promotions_has_the_same_columns_all_unknown(none):
    features = plan_features(none, SKUS, ORIGIN)
    assert list(features) == list(plan_features(PLANS, SKUS, ORIGIN))
    assert all(values.shape == (2,) and np.isnan(values).all() for values in features.values())


def test_promotions_up_to_the_origin_leave_target_months_unknown():
    features = plan_features(PLANS[PLANS["promotion_month"] <= ORIGIN], SKUS, ORIGIN)
    assert features["promoted_last_month"].tolist() == [1, 0]
    assert np.isnan(features["promotion_planned_h01"]).all()


def test_plans_after_the_last_target_month_change_no_plan_within_reach():
    far = promotions(("a", "2026-01-01", 1.0, 99.0))
    expected, actual = (plan_features(table, SKUS, ORIGIN) for table in (PLANS, pd.concat([PLANS, far])))
    for name in expected:
        if name.endswith(("h01", "h02", "h03", "last_month")):
            np.testing.assert_array_equal(actual[name], expected[name], err_msg=name)


def test_two_plans_for_a_sku_and_month_are_rejected():
    with pytest.raises(ValueError, match="promotions: 1 SKUs and months have two rows"):
        plan_features(pd.concat([PLANS, PLANS.head(1)]), SKUS, ORIGIN)
