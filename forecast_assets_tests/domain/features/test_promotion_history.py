import numpy as np

from forecast_assets.domain.demand.promotions import PromotionCalendar
from forecast_assets.domain.features.promotion_history import promotion_history_features


def test_promotion_features_are_read_from_the_calendar():
    probability = np.zeros((1, 12 + 15))
    probability[0, [0, 10]] = 1.0
    probability[0, [12, 13, 14]] = [1.0, 0.5, 0.25]
    calendar = PromotionCalendar(12, probability, np.full((1, 27), 0.2), np.linspace(1, 0, 15), np.array([0.3]))
    features = {name: values[0] for name, values in promotion_history_features(calendar, horizon_months=14).items()}
    assert features["promoted_months_12"] == 2
    assert features["usual_discount"] == 0.3
    assert features["promotion_probability_h02"] == 0.5
    assert features["discount_expected_h02"] == 0.1
    assert features["discount_expected_month_before_h02"] == 0.2
    assert features["discount_expected_month_after_h02"] == 0.05
    assert features["promotions_planned_share_h01"] == 1.0
    # Months 0 and 10 of the last year are the calendar months of horizons 1 and 11, and of 13 again.
    same = {h: features[f"discount_same_month_h{h:02d}"] for h in (1, 2, 11, 13, 14)}
    assert same == {1: 0.2, 2: 0.0, 11: 0.2, 13: 0.2, 14: 0.0}


def test_a_same_month_before_the_first_month_is_unknown():
    calendar = PromotionCalendar(3, np.zeros((1, 6)), np.zeros((1, 6)), np.zeros(3), np.array([0.2]))
    features = promotion_history_features(calendar, horizon_months=2)
    assert np.isnan(features["discount_same_month_h01"][0])
