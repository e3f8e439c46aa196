"""Population stability index by hand, and drift separated from sampling."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.monitoring.drift import (
    FAMILIES,
    drift_verdicts,
    family_of,
    population_stability_index,
    psi_limit,
)

JUNE = pd.Timestamp("2024-06-01")
COLUMNS = {"sell_in_lag_1": 50.0, "sell_in_mean_12": 50.0, "sell_out_lag_1": 40.0, "price_to_mean_12": 1.0}


def features(month, seed, skus=100, **scale):
    generator = np.random.default_rng(seed)
    values = {name: level * np.exp(generator.normal(0, 1, skus)) for name, level in COLUMNS.items()}
    scaled = {name: value * scale.get(name, 1.0) for name, value in values.items()}
    return pd.DataFrame({"sku": [f"S{i}" for i in range(skus)], "month": month, **scaled})


def reference(skus=100):
    months = pd.date_range(end=JUNE - pd.DateOffset(months=1), periods=12, freq="MS")
    return pd.concat([features(month, seed, skus) for seed, month in enumerate(months)], ignore_index=True)


def alarms(now, before):
    return {each.subject for each in drift_verdicts(now, before, JUNE) if each.is_alarm}


def test_the_index_of_two_bins_computed_by_hand():
    # Edge 2: {1, 1 | 2, 2} and {1 | 2, 2, 2}, none outside or unknown: half a value in each of four bins.
    p, q = np.array([2.5, 2.5, 0.5, 0.5]) / 6, np.array([1.5, 3.5, 0.5, 0.5]) / 6
    expected = ((q - p) * np.log(q / p)).sum()
    assert population_stability_index(np.array([1.0, 1, 2, 2]), np.array([1.0, 2, 2, 2]), 2) == pytest.approx(expected)
    # {1 | 2, 2}, one unknown, one outside.
    q = np.array([1.5, 2.5, 1.5, 1.5]) / 7
    expected = ((q - p) * np.log(q / p)).sum()
    got = population_stability_index(np.array([1.0, 1, 2, 2]), np.array([1.0, 2, 2, np.nan, 9]), 2)
    assert got == pytest.approx(expected)


def test_unknown_values_and_values_never_seen_have_bins_of_their_own():
    before = np.arange(100.0)
    same = population_stability_index(before, before)
    assert same == pytest.approx(0)
    for moved in (np.full(100, np.nan), before + 1000, before - 1000):
        assert population_stability_index(before, moved) > 2
    assert population_stability_index(np.full(50, np.nan), np.full(50, np.nan)) == pytest.approx(0)


def test_the_limit_is_a_quarter_or_the_value_reached_by_sampling():
    # chi2(.999, 11) = 31.264 (table): 0.62528 of 100 SKUs, below a quarter of 1,000.
    assert psi_limit(100, 100, 10) == pytest.approx(0.62528, abs=1e-4)
    assert psi_limit(1000, 1000, 10) == 0.25


def test_sampling_alone_is_no_drift_and_a_source_in_other_units_is():
    before = reference()
    assert [alarms(features(JUNE, seed), before) for seed in range(100, 120)] == [set()] * 20
    assert alarms(features(JUNE, 100, sell_in_lag_1=12, sell_in_mean_12=12), before) == {"sell-in level"}
    assert alarms(features(JUNE, 100, price_to_mean_12=np.nan), before) == {"price and distribution"}


def test_the_headline_names_index_and_limit_and_the_facts_the_features():
    result = drift_verdicts(features(JUNE, 100, sell_out_lag_1=50), reference(), JUNE)
    (sell_out,) = [each for each in result if each.subject == "sell-out"]
    assert "of 2024-06 differ from the year before: stability index" in sell_out.headline
    assert "limit 0.63" in sell_out.headline
    assert [name for name, _ in sell_out.facts] == ["sell_out_lag_1"]


def test_few_skus_or_few_months_are_not_decided():
    for now, before in (
        (features(JUNE, 1, skus=29), reference()),
        (features(JUNE, 1), reference().iloc[:500]),
        (features(JUNE, 1).iloc[:0], reference().iloc[:0]),
    ):
        assert {each.is_alarm for each in drift_verdicts(now, before, JUNE)} == {None}


@pytest.mark.parametrize(
    ("feature", "family"),
    [
        ("sell_in_lag_12", "sell-in level"), ("sell_in_year_on_year_3", "sell-in pattern"),
        ("brand_is_h12", "product attributes"),
        ("stock_cover_months", "stock and cover"), ("theta_h03", None), ("market_sell_in_lag_1_to_mean_12", None),
        ("category_sell_in_lag_1_to_mean_12", None), ("months_since_launch", None), ("origin_month_number", None),
        ("category", None), ("stringency_index_mean_3", None),
    ],
)  # fmt: skip
def test_families_contain_features_that_differ_between_skus(feature, family):
    assert family_of(feature) == family
    assert family is None or family in FAMILIES
