"""Predictions of trained boosters: members written out, intermittent SKUs by hand, nothing from after the origin."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.boosters import TrainedBoosters, train_boosters
from forecast_assets.domain.models.predictions import predict
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.recursive_boosting import forecast_recursive
from forecast_assets.domain.statistical.dynamic_theta import forecast_dynamic_theta
from forecast_assets.domain.statistical.exponential_smoothing import forecast_exponential_smoothing
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters
from forecast_assets_tests.domain.models.synthetic_rows import plain_features
from forecast_assets_tests.domain.small_market import MONTHS as MARKET_MONTHS

MONTHS = pd.date_range("2019-01-01", periods=60, freq="MS")
ORIGIN = MONTHS[50]
QUICK = Recipe(rounds=30, learning_rate=0.3, min_rows_per_leaf=20, recursive_rounds=5)
SKUS = [f"s{number:02d}" for number in range(12)]


def panel_of(units) -> DemandPanel:
    return DemandPanel(np.array(SKUS, dtype=object), MONTHS, np.broadcast_to(units, (12, 60)).astype(float))


def earlier(**columns) -> pd.DataFrame:
    return plain_features(SKUS, MONTHS[20:50], 4.0, 4.0, **columns)


def at_origin(**columns) -> pd.DataFrame:
    return plain_features(SKUS, MONTHS[50:51], 4.0, 4.0, **columns)


def fitted(units=2.0, **columns) -> TrainedBoosters:
    return train_boosters(earlier(**columns), panel_of(units), ORIGIN, QUICK)[0]


def test_planned_units_take_their_share_of_the_members_where_a_sku_has_them(model, history, origin_features, recipe):
    columns = [f"expected_units_h{horizon:02d}" for horizon in range(1, 19)]
    without = origin_features["sku"].isin(origin_features["sku"].iloc[:5])
    partly = origin_features.assign(**{columns[17]: origin_features[columns[17]].mask(without)})
    predictions = predict(partly, history.sell_in, model.learned.own, recipe)
    shared = predictions.with_planned(0.25).members
    regular = ~predictions.is_intermittent
    expects = partly[columns].notna().all(axis=1).to_numpy()
    assert (regular & expects).sum() > 10
    members = predict(origin_features.drop(columns=columns), history.sell_in, model.learned.own, recipe).members
    np.testing.assert_allclose(predictions.members[regular], members[regular], rtol=1e-9)
    by_hand = 0.75 * members + 0.25 * partly[columns].to_numpy(float)
    np.testing.assert_allclose(shared[regular & expects], by_hand[regular & expects], rtol=1e-9)
    assert (regular & ~expects).sum() > 2
    others = ~(regular & expects)
    np.testing.assert_allclose(shared[others], predictions.members[others], rtol=1e-9)


def test_members_are_weighted_by_the_recipe(model, history, origin, origin_features, recipe):
    origin_features = origin_features.drop(columns=origin_features.filter(regex="^expected_units_h").columns)
    predictions = predict(origin_features, history.sell_in, model.learned.own, recipe)
    place = MARKET_MONTHS.get_loc(origin)
    regular = origin_features.loc[~predictions.is_intermittent, "sku"]
    assert 20 < len(regular) < len(origin_features)
    rows = pd.Index(history.sell_in.skus).get_indexer(regular)
    units = history.sell_in.units[rows, : place + 1]
    months = MARKET_MONTHS.month.to_numpy()[: place + 1]
    members = {
        "recursive": forecast_recursive(model.learned.own.members["recursive"], units, months, 18),
        "dynamic_theta": forecast_dynamic_theta(units, months, 18),
        "exponential_smoothing": forecast_exponential_smoothing(units, 18),
        "holt_winters": forecast_holt_winters(units, 18),
    }
    assert dict(recipe.member_weights) == {
        "recursive": 0.20, "dynamic_theta": 0.15, "exponential_smoothing": 0.15, "holt_winters": 0.10,
    }  # fmt: skip
    by_hand = sum(weight * members[name] for name, weight in recipe.member_weights) / 0.6
    np.testing.assert_allclose(predictions.members[~predictions.is_intermittent], by_hand, rtol=1e-9)
    alone = dataclasses.replace(recipe, member_weights=(("dynamic_theta", 1.0), ("holt_winters", 0.0)))
    only = predict(origin_features, history.sell_in, model.learned.own, alone)
    np.testing.assert_allclose(only.members[~predictions.is_intermittent], members["dynamic_theta"], rtol=1e-9)
    without = dataclasses.replace(model.learned.own, members={})
    rest = predict(origin_features, history.sell_in, without, recipe)
    by_hand = (by_hand * 0.6 - 0.2 * members["recursive"]) / 0.4
    np.testing.assert_allclose(rest.members[~predictions.is_intermittent], by_hand, rtol=1e-9)


def test_a_prediction_is_blended_by_the_weight_and_capped():
    boosters = fitted()
    predictions = predict(at_origin(), panel_of(6.0), boosters, QUICK)
    np.testing.assert_allclose(predictions.boosting, 2.0, rtol=0.01)
    np.testing.assert_allclose(predictions.members, 6.0, rtol=0.01)
    np.testing.assert_allclose(predictions.blended(0.25), 0.25 * predictions.boosting + 0.75 * predictions.members)
    far = dataclasses.replace(predictions, boosting=predictions.boosting + 1e6)
    np.testing.assert_array_equal(far.blended(1.0), np.full((12, 18), 24.0))


def test_an_intermittent_mean_is_two_thirds_boosting_one_third_smoothing():
    # Labels of 2 say mean and quantile 2; smoothing says 5: a mean of 3, to which the quantile is moved.
    boosters = fitted(zero_share_24=0.5)
    features = at_origin(zero_share_24=0.5).assign(**{f"ses_h{h:02d}": 5.0 for h in range(1, 19)})
    predictions = predict(features, panel_of(6.0), boosters, QUICK)
    np.testing.assert_allclose(predictions.boosting, 3.0, rtol=0.02)
    np.testing.assert_array_equal(predictions.members, predictions.boosting)
    np.testing.assert_array_equal(predictions.blended(0.1), predictions.blended(0.9))


def test_the_quantile_sharpens_intermittent_skus_by_its_share():
    # SKUs 0 .. 5 sell 4 in one month of four, the others 2 in each: quantiles of 0.7 are 0 and 2.
    rng = np.random.default_rng(0)
    units = np.where(np.arange(12)[:, None] < 6, 4.0 * (rng.random((12, 60)) < 0.25), 2.0)
    kind = {"zero_share_24": 0.5, "is_rare": np.tile(np.arange(12) < 6, 30).astype(float)}
    recipe = dataclasses.replace(QUICK, rounds=60)
    boosters, _ = train_boosters(earlier(**kind), panel_of(units), ORIGIN, recipe)
    features = at_origin(zero_share_24=0.5, is_rare=(np.arange(12) < 6).astype(float))
    mean, half, all_of_it = (
        predict(features, panel_of(units), boosters, dataclasses.replace(recipe, sharpness=share)).boosting
        for share in (0.0, 0.5, 1.0)
    )
    np.testing.assert_allclose(half, (mean + all_of_it) / 2)
    assert all_of_it.sum() == pytest.approx(mean.sum())
    assert (all_of_it[:6] < 0.2 * mean[:6]).all()
    assert (all_of_it[6:] > mean[6:]).all()


@pytest.mark.parametrize(("taught", "asked"), [(0.0, 0.5), (0.5, 0.0)])
def test_a_kind_without_boosters_is_predicted_by_those_of_the_other(taught, asked):
    boosters = fitted(zero_share_24=taught)
    predictions = predict(at_origin(zero_share_24=asked), panel_of(2.0), boosters, QUICK)
    np.testing.assert_allclose(predictions.boosting, 2.0, rtol=0.02)


def test_a_prediction_is_in_the_units_of_its_own_sku():
    scale = np.arange(1.0, 13.0)
    boosters, _ = train_boosters(
        earlier(scale_units=np.tile(scale, 30)).pipe(in_scales), panel_of(2.0 * scale[:, None]), ORIGIN, QUICK
    )
    predictions = predict(in_scales(at_origin(scale_units=scale)), panel_of(2.0 * scale[:, None]), boosters, QUICK)
    np.testing.assert_allclose(predictions.boosting, np.tile(2.0 * scale[:, None], 18), rtol=0.02)
    np.testing.assert_allclose(predictions.members, np.tile(2.0 * scale[:, None], 18), rtol=0.02)
    np.testing.assert_array_equal(predictions.scale_units, scale)
    np.testing.assert_array_equal(predictions.history[:, -1], 2.0 * scale)


def in_scales(features: pd.DataFrame) -> pd.DataFrame:
    ahead = [name for name in features if name[-3:-2] == "h"]
    return features.assign(**{name: features[name] * features["scale_units"] for name in ahead})


def test_predictions_keep_the_order_of_the_features(model, history, origin_features, recipe):
    predictions = predict(origin_features, history.sell_in, model.learned.own, recipe)
    turned = predict(origin_features.iloc[::-1], history.sell_in, model.learned.own, recipe)
    for name in ("skus", "is_intermittent", "scale_units", "dispersion_units", "history"):
        np.testing.assert_array_equal(getattr(turned, name)[::-1], getattr(predictions, name))
    np.testing.assert_allclose(turned.boosting[::-1], predictions.boosting, rtol=1e-9)
    np.testing.assert_allclose(turned.members[::-1], predictions.members, rtol=1e-9)


def test_parts_know_nothing_after_the_cutoff():
    rng = np.random.default_rng(2)
    few = dataclasses.replace(QUICK, min_recursive_rows=100)
    units = rng.gamma(2, 2, (12, 60))
    poisoned = np.where(MONTHS > ORIGIN, 1e9, units)
    varied = earlier(noise=rng.normal(size=360))
    later = plain_features(SKUS, MONTHS[50:54], 1e9, 1e9, noise=1e9, news=rng.normal(size=48))
    expected, rows = train_boosters(varied, panel_of(units), ORIGIN, few)
    actual, same_rows = train_boosters(pd.concat([varied.assign(news=0.0), later]), panel_of(poisoned), ORIGIN, few)
    assert actual == expected
    assert len(expected.members["recursive"]) == 2
    np.testing.assert_array_equal(same_rows.actual, rows.actual)
    # The month of the cutoff itself is a label of the direct and of the recursive boosters.
    units[:, 50] *= 3
    changed, _ = train_boosters(varied, panel_of(units), ORIGIN, few)
    assert changed.direct["log_ratio"] != expected.direct["log_ratio"]
    assert changed.members["recursive"]["l1"] != expected.members["recursive"]["l1"]


def test_recursive_boosters_learn_from_a_history_without_the_shock_but_with_its_accidents():
    few = dataclasses.replace(QUICK, min_recursive_rows=100)
    units = np.random.default_rng(6).gamma(2, 2, (12, 60))
    marks = pd.DataFrame({"month": ORIGIN, "sku": SKUS[:2], "marked_month": MONTHS[[30, 35]], "cleaned_units": 40.0})
    marked = panel_of(units).with_marks(marks.assign(reason=["covid", "stock_out"]))
    without_shock = units.copy()
    without_shock[0, 30] = 40.0
    with_marks, expected, raw = (
        train_boosters(earlier(), panel, ORIGIN, few)[0].members
        for panel in (marked, panel_of(without_shock), panel_of(units))
    )
    assert with_marks == expected
    assert with_marks != raw


def test_predictions_do_not_depend_on_months_after_the_origin(model, history, origin, origin_features, recipe):
    sell_in = history.sell_in
    poisoned = DemandPanel(sell_in.skus, sell_in.months, np.where(sell_in.months > origin, 1e9, sell_in.units))
    expected = predict(origin_features, sell_in.until(origin), model.learned.own, recipe)
    actual = predict(origin_features, poisoned, model.learned.own, recipe)
    for field in dataclasses.fields(expected):
        np.testing.assert_array_equal(getattr(actual, field.name), getattr(expected, field.name), err_msg=field.name)
