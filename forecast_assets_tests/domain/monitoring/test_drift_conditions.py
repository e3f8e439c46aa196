"""Bounds of the drift rule: how many SKUs and months it needs, which features count, and what it shows."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.monitoring import drift
from forecast_assets.domain.monitoring.drift import (
    bins_for,
    drift_verdicts,
    population_stability_index,
    psi_limit,
)

JUNE = pd.Timestamp("2024-06-01")


def market(month, skus=30, **columns):
    """SKUs with the values 0, 1, 2 .. in every feature, or one value for all."""
    values = {name: np.arange(skus, dtype=float) if value is None else value for name, value in columns.items()}
    return pd.DataFrame({"sku": [f"S{number}" for number in range(skus)], "month": month, **values})


def before(months=6, skus=30, **columns):
    ends = pd.date_range(end=JUNE - pd.DateOffset(months=1), periods=months, freq="MS")
    return pd.concat([market(month, skus, **columns) for month in ends], ignore_index=True)


def verdicts(now, reference):
    return {each.subject: each for each in drift_verdicts(now, reference, JUNE)}


@pytest.mark.parametrize(("skus", "bins"), [(30, 4), (49, 4), (50, 5), (99, 9), (100, 10), (5000, 10)])
def test_a_bin_has_about_ten_skus(skus, bins):
    assert bins_for(skus) == bins


def test_thirty_skus_and_six_months_are_enough():
    feature = {"sell_in_lag_1": None}
    assert verdicts(market(JUNE, **feature), before(**feature))["sell-in level"].is_alarm is False
    few = verdicts(market(JUNE, 29, **feature), before(**feature))["sell-in level"]
    assert (few.is_alarm, few.headline) == (None, "29 SKUs, 6 months to compare with; needs 30 and 6")
    assert verdicts(market(JUNE, **feature), before(5, **feature))["sell-in level"].is_alarm is None


def test_a_feature_with_one_value_in_both_does_not_count_and_one_that_became_unknown_does():
    constant = {"sell_in_lag_1": 7.0, "price_to_mean_12": np.nan, "sell_out_lag_1": 1.0}
    by_subject = verdicts(market(JUNE, **constant | {"sell_out_lag_1": np.nan}), before(**constant))
    assert list(by_subject) == ["sell-out"]
    assert by_subject["sell-out"].is_alarm


def test_the_median_of_a_family_decides_and_its_five_worst_features_are_shown():
    names = [f"sell_in_lag_{lag}" for lag in range(1, 8)]
    same = dict.fromkeys(names)
    # Three of seven moved: their median has not.
    three = market(JUNE, **same | dict.fromkeys(names[:3], 1000.0))
    verdict = verdicts(three, before(**same))["sell-in level"]
    assert verdict.is_alarm is False
    assert [name for name, _ in verdict.facts[:3]] == names[:3]
    assert len(verdict.facts) == 5
    assert verdict.headline.endswith("(median of 7 features)")
    four = verdicts(market(JUNE, **same | dict.fromkeys(names[:4], 1000.0)), before(**same))["sell-in level"]
    assert four.is_alarm
    # 30 SKUs in 4 bins: (1/30 + 1/30) chi2(.999, 5), which is 20.515.
    assert four.weight == pytest.approx(float(four.facts[0][1]) / (20.515 / 15), rel=1e-2)


def test_the_limit_counts_bins_and_those_outside_and_unknown():
    # chi2(.999, 5) = 20.515: (1/100 + 1/50) * 20.515.
    assert psi_limit(100, 50, 4) == pytest.approx(0.61545, abs=1e-4)


def test_quantiles_that_are_equal_or_the_smallest_value_make_no_bin():
    # Six of eight are zero: the inner edges 0, 0, 0.25 leave one. {0 x 6 | 1, 2} and {0 x 2 | 1 x 6}.
    reference, current = np.array([0.0] * 6 + [1, 2]), np.array([0.0] * 2 + [1.0] * 6)
    p, q = np.array([6.5, 2.5, 0.5, 0.5]) / 10, np.array([2.5, 6.5, 0.5, 0.5]) / 10
    expected = ((q - p) * np.log(q / p)).sum()
    assert population_stability_index(reference, current, 4) == pytest.approx(expected)


def test_the_smallest_and_the_largest_value_are_inside():
    reference = np.array([1.0, 2.0, 3.0, 4.0])
    assert population_stability_index(reference, np.array([1.0, 1.0, 4.0, 4.0]), 2) == pytest.approx(0)


def test_only_features_of_families_are_tested():
    assert drift.tested_features(["sku", "sell_in_lag_1", "months_since_launch", "theta_h03"]) == ["sell_in_lag_1"]


@pytest.mark.parametrize(("index", "is_alarm"), [(0.5, False), (0.5625, True)])
def test_an_index_at_the_limit_is_no_alarm(monkeypatch, index, is_alarm):
    monkeypatch.setattr(drift, "psi_limit", lambda *_: 0.5)
    monkeypatch.setattr(drift, "population_stability_index", lambda *_: index)
    verdict = verdicts(market(JUNE, sell_in_lag_1=None), before(sell_in_lag_1=None))["sell-in level"]
    assert verdict.is_alarm is is_alarm


def test_without_a_month_to_compare_with_the_reason_says_none():
    verdict = verdicts(market(JUNE, sell_in_lag_1=None), before(sell_in_lag_1=None).iloc[:0])["sell-in level"]
    assert verdict.headline == "30 SKUs, 0 months to compare with; needs 30 and 6"


def test_a_feature_known_for_one_sku_has_its_value_and_nothing_outside_it():
    reference = np.array([3.0, np.nan, np.nan])
    assert population_stability_index(reference, reference, 4) == pytest.approx(0)
    p, q = np.array([1.5, 0.5, 2.5]) / 4.5, np.array([0.5, 1.5, 2.5]) / 4.5
    expected = ((q - p) * np.log(q / p)).sum()
    assert population_stability_index(reference, np.array([4.0, np.nan, np.nan]), 4) == pytest.approx(expected)
