import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.feature_cube import FeatureNames
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.training_rows import (
    TooFewRowsError,
    dispersion_units,
    following_units,
    is_intermittent,
    month_number,
    month_numbers,
    training_rows,
)
from forecast_assets_tests.domain.models.synthetic_rows import coded_panel, plain_features

MONTHS = pd.date_range("2020-01-01", periods=48, freq="MS")
SKUS = [f"s{number}" for number in range(12)]
ORIGINS = MONTHS[10:40]
CUTOFF = MONTHS[40]
EVERY_ROW = Recipe(training_rows=10**6)
NAMES = FeatureNames(("origin_place", "sku_place"), ("statistical_mean", "theta"))


@pytest.fixture
def panel():
    return coded_panel(SKUS, MONTHS)


@pytest.fixture
def features():
    features = plain_features(SKUS, ORIGINS)
    return features.assign(
        sku_place=[float(SKUS.index(sku)) for sku in features["sku"]],
        origin_place=[float(MONTHS.get_loc(origin)) for origin in features["origin_month"]],
    )


def decoded(rows):
    """Of each row: SKU and origin as its features say, horizon, and SKU and month that its label says."""
    units = rows.actual * rows.scale_units
    origin, sku = rows.features[:, 0], rows.features[:, 1]
    return sku, origin, rows.features[:, -1], units // 1000, units % 1000


def test_the_label_of_horizon_h_is_the_sell_in_h_months_after_the_origin():
    months = pd.date_range("2024-01-01", periods=6, freq="MS")
    panel = DemandPanel(
        np.array(["a", "b"], dtype=object), months, np.array([[1, 2, 3, 4, 5, 6], [10, 20, 30, 40, 50, 60.0]])
    )
    asked = pd.DataFrame({"sku": ["b", "a", "new"], "origin_month": [months[2], months[0], months[0]]})
    labels = following_units(asked, panel, months[4])
    assert labels.shape == (3, 18)
    assert labels[0, :2].tolist() == [40.0, 50.0]
    assert labels[1, :4].tolist() == [2.0, 3.0, 4.0, 5.0]
    assert np.isnan(labels[0, 2:]).all()
    assert np.isnan(labels[1, 4:]).all()
    assert np.isnan(labels[2]).all()


def test_extremes_and_months_of_another_level_are_no_labels():
    months = pd.date_range("2024-01-01", periods=6, freq="MS")
    panel = DemandPanel(np.array(["a"], dtype=object), months, np.array([[10.0, 20, 3, 4, 5, 60]]))
    old = {"sku": "a", "month": months[5], "reason": "old_level", "cleaned_units": 1.0}
    marks = [old | {"marked_month": months[0]}, old | {"marked_month": months[1]}]
    marks.append(old | {"marked_month": months[5], "reason": "latest_high"})
    asked = pd.DataFrame({"sku": "a", "origin_month": [months[0], months[1], months[2]]})
    labels = following_units(asked, panel.with_marks(pd.DataFrame(marks)), months[5], 4)
    unknown = np.nan
    np.testing.assert_array_equal(labels, [[20, unknown, unknown, unknown], [unknown] * 4, [4, 5, unknown, unknown]])
    np.testing.assert_array_equal(following_units(asked, panel, months[5], 4)[0], [20, 3, 4, 5])


def test_origins_before_the_panel_are_labelled_from_its_first_month():
    months = pd.date_range("2024-01-01", periods=3, freq="MS")
    panel = DemandPanel(np.array(["a"], dtype=object), months, np.array([[1.0, 2, 3]]))
    asked = pd.DataFrame({"sku": ["a"], "origin_month": [pd.Timestamp("2023-11-01")]})
    np.testing.assert_array_equal(following_units(asked, panel, months[-1])[0, :5], [np.nan, 1, 2, 3, np.nan])


def test_months_are_numbered_so_that_differences_are_months():
    assert month_number(pd.Timestamp("2024-01-01")) - month_number(pd.Timestamp("2023-11-01")) == 2
    across = month_numbers(pd.Series(pd.to_datetime(["2023-12-01", "2024-01-01", "2025-01-01"])))
    assert np.diff(across).tolist() == [1, 12]


def test_each_training_row_is_labelled_by_its_own_sku_origin_and_horizon(features, panel):
    sku, origin, horizon, labelled_sku, labelled_month = decoded(
        training_rows(features, NAMES, panel, CUTOFF, EVERY_ROW)
    )
    np.testing.assert_array_equal(labelled_sku, sku)
    np.testing.assert_array_equal(labelled_month, origin + horizon)


def test_labels_reach_the_cutoff_and_none_goes_beyond(features, panel):
    rows = training_rows(features, NAMES, panel, CUTOFF, EVERY_ROW)
    labelled_month = decoded(rows)[-1]
    assert labelled_month.max() == 40
    # Origins 10 .. 22 have 18 labels each, origin 39 one.
    assert len(rows) == len(SKUS) * (13 * 18 + sum(range(1, 18)))


def test_neither_labels_nor_origins_after_the_cutoff_change_anything(features, panel):
    later = panel.months > CUTOFF
    poisoned = DemandPanel(panel.skus, panel.months, np.where(later, 1e9, panel.units))
    from_cutoff_on = plain_features(SKUS, MONTHS[40:44], statistical=1e9, origin_place=1e9, sku_place=1e9)
    expected = training_rows(features, NAMES, panel, CUTOFF, EVERY_ROW)
    actual = training_rows(pd.concat([from_cutoff_on, features]), NAMES, poisoned, CUTOFF, EVERY_ROW)
    for field in dataclasses.fields(expected):
        np.testing.assert_array_equal(getattr(actual, field.name), getattr(expected, field.name), err_msg=field.name)


def test_a_panel_that_ends_before_the_cutoff_gives_labels_up_to_its_end(features, panel):
    assert decoded(training_rows(features, NAMES, panel.until(MONTHS[30]), CUTOFF, EVERY_ROW))[-1].max() == 30


def test_an_unknown_month_is_no_label(features, panel):
    units = panel.units.copy()
    units[3, 25] = np.nan
    rows = training_rows(features, NAMES, DemandPanel(panel.skus, panel.months, units), CUTOFF, EVERY_ROW)
    *_, labelled_sku, labelled_month = decoded(rows)
    assert not ((labelled_sku == 3) & (labelled_month == 25)).any()
    # Month 25 was a label from the origins 10 .. 24.
    assert len(training_rows(features, NAMES, panel, CUTOFF, EVERY_ROW)) - len(rows) == 15


def test_skus_younger_than_the_recipes_minimum_are_omitted(features, panel):
    young = features.assign(observations=np.where(features["sku"] == "s4", 11.0, 12.0))
    sku, *_ = decoded(training_rows(young, NAMES, panel, CUTOFF, EVERY_ROW))
    assert set(sku) == set(range(12)) - {4}


def test_units_are_divided_by_the_scale_of_the_sku_at_the_origin(features, panel):
    scaled = features.assign(scale_units=features["sku_place"] + 2, zero_share_24=features["sku_place"] / 20)
    rows = training_rows(scaled, NAMES, panel, CUTOFF, EVERY_ROW)
    sku, origin, horizon, *_ = decoded(rows)
    np.testing.assert_array_equal(rows.scale_units, sku + 2)
    np.testing.assert_allclose(rows.actual, (1000 * sku + origin + horizon) / (sku + 2))
    np.testing.assert_allclose(rows.statistical, 1 / (sku + 2), rtol=1e-6)
    np.testing.assert_array_equal(rows.horizon_months, horizon)
    np.testing.assert_array_equal(rows.is_intermittent, sku > 3)


def test_intermittent_is_more_than_fifteen_per_cent_of_zero_months():
    shares = pd.DataFrame({"zero_share_24": [0.0, 0.15, 4 / 24, np.nan]})
    assert is_intermittent(shares).tolist() == [False, False, True, False]


def test_a_sample_is_seeded_and_independent_of_the_order_of_the_table(features, panel):
    few = Recipe(training_rows=300, seed=1)
    first = training_rows(features, NAMES, panel, CUTOFF, few)
    shuffled = training_rows(features.sample(frac=1, random_state=2), NAMES, panel, CUTOFF, few)
    assert len(first) == 300
    np.testing.assert_array_equal(first.features, shuffled.features)
    assert len(np.unique(np.column_stack(decoded(first)), axis=0)) == 300
    other = training_rows(features, NAMES, panel, CUTOFF, dataclasses.replace(few, seed=2))
    assert not np.array_equal(first.actual, other.actual)


def test_a_sample_of_sku_origins_is_reproducible_with_every_horizon(features, panel):
    few = dataclasses.replace(EVERY_ROW, sku_origins=40, seed=1)
    rows = training_rows(features, NAMES, panel, CUTOFF, few)
    sku, origin, *_ = decoded(rows)
    drawn, counts = np.unique(np.column_stack([sku, origin]), axis=0, return_counts=True)
    assert len(drawn) == 40
    np.testing.assert_array_equal(counts, np.minimum(18, 40 - drawn[:, 1]))
    shuffled = training_rows(features.sample(frac=1, random_state=2), NAMES, panel, CUTOFF, few)
    np.testing.assert_array_equal(shuffled.features, rows.features)
    np.testing.assert_array_equal(shuffled.actual, rows.actual)
    other = training_rows(features, NAMES, panel, CUTOFF, dataclasses.replace(few, seed=2))
    assert not np.array_equal(np.unique(other.features[:, :2], axis=0), np.unique(rows.features[:, :2], axis=0))


def test_the_dispersion_is_the_mean_one_step_error_at_least_2_percent():
    errors = {"ses_one_step_mae": [1.0, 0.0, np.nan], "theta_one_step_mae": [2.0, 0.0, np.nan]}
    table = pd.DataFrame(errors | {"damped_holt_one_step_mae": [6.0, 0.03, np.nan], "scale_units": [10.0, 50.0, 5.0]})
    np.testing.assert_allclose(dispersion_units(table), [3.0, 1.0, 0.1])


def test_the_dispersion_of_a_row_is_that_of_its_sku_over_the_scale(features, panel):
    scaled = features.assign(scale_units=4.0, ses_one_step_mae=3 * features["sku_place"] + 1)
    rows = training_rows(scaled, NAMES, panel, CUTOFF, EVERY_ROW)
    np.testing.assert_allclose(rows.dispersion, (decoded(rows)[0] + 1) / 4)


def test_too_little_history_is_reported_with_its_numbers(features, panel):
    two_origins = features[features["origin_month"] >= MONTHS[38]]
    with pytest.raises(
        TooFewRowsError, match=r"36 rows with a label up to 2023-05 from 2 earlier origins.*at least 200"
    ):
        training_rows(two_origins, NAMES, panel, CUTOFF, EVERY_ROW)


def test_an_empty_table_of_features_is_too_little_history(panel):
    nothing = pd.DataFrame({"sku": pd.Series(dtype=object), "origin_month": pd.Series(dtype="datetime64[ns]")})
    with pytest.raises(TooFewRowsError, match="0 rows"):
        training_rows(nothing, NAMES, panel, CUTOFF, EVERY_ROW)
