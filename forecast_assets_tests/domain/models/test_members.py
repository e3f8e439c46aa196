"""Members of the blend: found by their file, blended by their weight, stored as texts, blind to the future."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models import member_registry
from forecast_assets.domain.models.boosters import train_boosters
from forecast_assets.domain.models.market_model import OwnAlone, fit_market_model, forecast_units
from forecast_assets.domain.models.market_model_storage import model_from_parts, model_to_parts
from forecast_assets.domain.models.member import Member
from forecast_assets.domain.models.member_registry import (
    UnknownMemberError,
    fit_members,
    member_forecast,
    member_names,
    member_of,
)
from forecast_assets.domain.models.predictions import predict
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets_tests.domain.models.synthetic_rows import plain_features

MONTHS = pd.date_range("2019-01-01", periods=60, freq="MS")
ORIGIN = MONTHS[50]
SKUS = [f"s{number:02d}" for number in range(12)]
QUICK = Recipe(rounds=10, learning_rate=0.3, min_rows_per_leaf=20, recursive_rounds=5)
RIDGE = dataclasses.replace(QUICK, member_weights=(("ridge_on_lags", 1.0),))


def panel_of(units) -> DemandPanel:
    return DemandPanel(np.array(SKUS, dtype=object), MONTHS, np.broadcast_to(units, (12, 60)).astype(float))


def noisy(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).gamma(4, 25, (12, 60))


def test_every_file_defines_the_member_of_its_name():
    assert {"recursive", "dynamic_theta", "exponential_smoothing", "holt_winters", "ridge_on_lags"} < {*member_names()}
    usable = [name for name in member_names() if name != "auto_ces"]
    assert [member_of(name).name for name in usable] == usable
    assert all(member_of(name).family for name in usable)


def test_all_members_of_the_recipe_are_registered():
    assert {name for name, _ in Recipe().member_weights} <= {*member_names()}


def test_an_unknown_member_is_named_with_the_closest_one():
    with pytest.raises(UnknownMemberError, match=r"no member 'holt_winter'\. Did you mean holt_winters\?"):
        member_of("holt_winter")
    wrong = dataclasses.replace(QUICK, member_weights=(("prophet", 0.5),))
    with pytest.raises(UnknownMemberError, match="no member 'prophet'"):
        train_boosters(plain_features(SKUS, MONTHS[20:50], 4.0, 4.0), panel_of(2.0), ORIGIN, wrong)


def test_a_member_without_its_library_says_what_is_missing(monkeypatch):
    member_of.cache_clear()
    monkeypatch.setattr(member_registry.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UnknownMemberError, match="ridge_on_lags needs sklearn, which is not installed"):
        member_of("ridge_on_lags")
    member_of.cache_clear()


class Wrong(Member):
    name, family = "wrong", "test"

    def __init__(self, forecast) -> None:
        self.forecast = forecast

    def predict(self, learned, panel, horizon_months, recipe):
        return self.forecast


@pytest.mark.parametrize(
    ("forecast", "message"),
    [
        (np.zeros((12, 3)), r"member wrong returned an array of shape \(12, 3\), expected \(12, 18\)"),
        (
            np.where(np.eye(12, 18) > 0, np.nan, 1.0),
            r"wrong returned no number for 12 SKUs, first: \['s00', 's01'",
        ),
    ],
)
def test_a_forecast_of_another_shape_or_without_numbers_is_rejected(monkeypatch, forecast, message):
    monkeypatch.setattr(member_registry, "member_of", lambda name: Wrong(forecast))
    with pytest.raises(ValueError, match=message):
        member_forecast("wrong", {}, panel_of(1.0), 18, QUICK)


def test_a_ridge_on_lags_continues_a_line_that_all_skus_follow():
    # Every SKU repeats its month of the year before: lag 12 of the target alone explains all of it.
    season = 100 + 50 * np.sin(2 * np.pi * np.arange(60) / 12)
    units = season * np.linspace(1, 3, 12)[:, None]
    panel = panel_of(units).until(ORIGIN)
    learned = member_of("ridge_on_lags").fit(panel, ORIGIN, RIDGE)
    forecast = member_of("ridge_on_lags").predict(learned, panel, 6, RIDGE)
    np.testing.assert_allclose(forecast, units[:, 51:57], rtol=0.02)
    assert json.loads(learned["coefficients"]).keys() == {"coefficients", "intercepts"}


def test_the_coefficients_are_those_of_scikit_learn_on_rows_made_one_by_one():
    from sklearn.linear_model import Ridge

    units = noisy()
    panel, origin = panel_of(units), MONTHS[59]
    rows, labels = [], []
    for sku in range(12):
        # The last 36 origins with a label three months on: after 22 to after 57 months.
        for end in range(22, 58):
            level = max(units[sku, end - 12 : end].mean(), 0.1 * units[sku, max(0, end - 36) : end].mean())
            rows.append(units[sku, end - 13 : end] / level)
            labels.append(units[sku, end + 2] / level)
    expected = Ridge(alpha=10.0).fit(rows, labels)
    learned = json.loads(member_of("ridge_on_lags").fit(panel, origin, RIDGE)["coefficients"])
    np.testing.assert_allclose(learned["coefficients"][2], expected.coef_, rtol=1e-6)
    np.testing.assert_allclose(learned["intercepts"][2], expected.intercept_, rtol=1e-6)


def test_a_member_with_too_little_history_does_not_take_part():
    short = dataclasses.replace(panel_of(noisy()), months=MONTHS[:30], units=noisy()[:, :30])
    assert fit_members(short, MONTHS[29], RIDGE) == {}
    both = dataclasses.replace(QUICK, member_weights=(("ridge_on_lags", 0.9), ("holt_winters", 0.1)))
    features = plain_features(SKUS, MONTHS[20:50], 4.0, 4.0)
    boosters = train_boosters(features, panel_of(3.0), ORIGIN, both)[0]
    without = dataclasses.replace(boosters, members={})
    predictions = predict(plain_features(SKUS, MONTHS[50:51], 4.0, 4.0), panel_of(3.0), without, both)
    np.testing.assert_allclose(predictions.members, 3.0, rtol=1e-3)
    # The mean of the others stands in for it.
    assert predictions.by_member.shape == (len(SKUS), 18, 2)
    np.testing.assert_array_equal(predictions.by_member[:, :, 0], predictions.members)


def test_where_no_member_has_a_forecast_the_boosting_stands_in():
    features = plain_features(SKUS, MONTHS[20:50], 4.0, 4.0)
    boosters = train_boosters(features, panel_of(3.0), ORIGIN, RIDGE)[0]
    without = dataclasses.replace(boosters, members={})
    predictions = predict(plain_features(SKUS, MONTHS[50:51], 4.0, 4.0), panel_of(3.0), without, RIDGE)
    assert (predictions.boosting > 0).all()
    np.testing.assert_array_equal(predictions.members, predictions.boosting)


def test_what_is_fitted_knows_nothing_after_the_cutoff():
    units = noisy()
    marks = pd.DataFrame(
        {
            "month": MONTHS[[50, 55]],
            "sku": "s00",
            "marked_month": MONTHS[30],
            "reason": "promotion",
            "cleaned_units": 7.0,
        }
    )
    versions = pd.DataFrame({"sku": "s01", "month": MONTHS[20], "known_month": MONTHS[[20, 55]], "units": [5.0, 1e9]})
    panel = dataclasses.replace(panel_of(units), marks=marks, versions=versions)
    poisoned = np.where(MONTHS > ORIGIN, 1e9, units)
    later = marks.assign(cleaned_units=[7.0, 1e9])
    changed = dataclasses.replace(panel_of(poisoned), marks=later, versions=versions.assign(units=[5.0, -1e9]))
    recipe = dataclasses.replace(
        QUICK, member_weights=(("ridge_on_lags", 0.5), ("recursive", 0.5)), min_recursive_rows=100
    )
    expected = fit_members(panel, ORIGIN, recipe)
    assert fit_members(changed, ORIGIN, recipe) == expected
    assert expected.keys() == {"ridge_on_lags", "recursive"}
    known = changed.known_at(ORIGIN)
    assert (known.months[-1], known.marks["month"].max(), known.versions["known_month"].max()) == (
        ORIGIN,
        ORIGIN,
        MONTHS[20],
    )
    assert np.nanmax(known.units) < 1e6


def test_a_member_is_given_nothing_after_the_cutoff(monkeypatch):
    given = []

    class Learner(Wrong):
        learns_over_skus = True

        def fit(self, panel, origin, recipe):
            given.append((panel.months[-1], origin))
            return {"state": "{}"}

    monkeypatch.setattr(member_registry, "member_of", lambda name: Learner(None))
    assert fit_members(panel_of(noisy()), ORIGIN, RIDGE) == {"wrong": {"state": "{}"}}
    assert given == [(ORIGIN, ORIGIN)]


def test_a_model_with_a_member_is_stored_as_texts_and_forecasts_the_same(
    history, origin, earlier_features, origin_features, recipe
):
    chosen = dataclasses.replace(recipe, member_weights=(("recursive", 0.2), ("ridge_on_lags", 0.8)))
    model = fit_market_model(earlier_features, history.sell_in, origin, chosen)
    assert isinstance(model.learned, OwnAlone)
    parts = model_to_parts(model)
    assert {"ridge_on_lags_coefficients", "recursive_l1", "recursive_l2"} <= {*parts["part"]}
    read = model_from_parts(parts)
    assert read.learned.own.members == model.learned.own.members
    forecasts = [forecast_units(origin_features, history.sell_in, each) for each in (read, model)]
    pd.testing.assert_frame_equal(*forecasts)


def test_a_stored_text_of_an_unknown_member_is_named():
    parts = pd.DataFrame({"part": ["manifest.json", "prophet_state"], "content": [MANIFEST, "{}"]})
    with pytest.raises(ValueError, match="has the text prophet_state, which belongs to no member"):
        model_from_parts(parts)


MANIFEST = json.dumps(
    {
        "cutoff": "2024-01-01", "recipe": {}, "features": {"origin": [], "by_horizon": []}, "boosting_weight": 0.3,
        "quantiles": [], "rows": 0, "refits": 0,
    }
)  # fmt: skip


@pytest.mark.peers
def test_complex_smoothing_of_statsforecast_is_blended_as_a_member():
    recipe = dataclasses.replace(QUICK, member_weights=(("auto_ces", 0.25), ("holt_winters", 0.75)))
    season = 100 + 50 * np.sin(2 * np.pi * np.arange(60) / 12)
    units = season * np.linspace(1, 3, 12)[:, None] + np.random.default_rng(3).normal(0, 1, (12, 60))
    units[0, :40] = np.nan
    units[1, 30] = np.nan
    panel = panel_of(units).until(ORIGIN)
    forecast = member_forecast("auto_ces", {}, panel, 18, recipe)
    np.testing.assert_allclose(forecast[2:, :9], units[2:, 51:], rtol=0.1)
    # Eleven known months: their mean.
    np.testing.assert_allclose(forecast[0], units[0, 40:51].mean())
    boosters = train_boosters(plain_features(SKUS, MONTHS[20:50], 4.0, 4.0), panel_of(units), ORIGIN, recipe)[0]
    predictions = predict(plain_features(SKUS, MONTHS[50:51], 4.0, 4.0), panel_of(units), boosters, recipe)
    planners = member_forecast("holt_winters", {}, panel, 18, recipe)
    np.testing.assert_allclose(predictions.members, 0.25 * forecast + 0.75 * planners, rtol=1e-9)
