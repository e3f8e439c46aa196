"""Weights by SKU: by hand, against a loop and finite differences, and from nothing after the cutoff."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.distribution import quantiles_of_refits
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.market_model_storage import model_from_parts, model_to_parts
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refits import refit_at_earlier_origins
from forecast_assets.domain.models.sku_traits import TRAITS, sku_traits
from forecast_assets.domain.models.sku_weights import (
    Sample,
    SkuWeights,
    learned_sku_weights,
    loss_and_slope,
    weighed_by_sku,
)
from forecast_assets_tests.domain.models.invented_refits import HISTORY_UNITS, invented_refit
from forecast_assets_tests.domain.models.synthetic_rows import plain_features

TWO = Recipe(member_weights=(("holt_winters", 0.3), ("dynamic_theta", 0.1)))
LIKE_THE_MARKET, FURTHER = np.zeros(len(TRAITS)), np.eye(len(TRAITS))[0]
MONTHS = pd.date_range("2019-01-01", periods=60, freq="MS")
ORIGIN = MONTHS[50]
QUICK = dataclasses.replace(
    TWO, rounds=5, min_rows_per_leaf=20, training_rows=2000, refit_rows=2000, refit_rounds=5, few_skus=2
)


def weights(*moves_of_first_trait, shares=(0.75, 0.25)) -> SkuWeights:
    """Weights of traits with mean 0 and spread 1, of which the first moves the parts."""
    moves = np.zeros((len(TRAITS), 1 + len(shares)))
    moves[0] = np.log(moves_of_first_trait)
    none = (0.0,) * len(TRAITS)
    return SkuWeights(shares, none, (1.0,) * len(TRAITS), tuple(map(tuple, moves)))


def refit_of(boosting, by_member, traits, actual=100.0, intermittent=()):
    """A refit of one SKU per row of ``traits``; SKUs repeat 0 and 10, so their seasonal naive errs by 10."""
    refit = invented_refit((boosting, 0.0), actual, skus=len(traits), intermittent=intermittent)
    history = HISTORY_UNITS + np.tile(np.repeat([0.0, 10.0, 20.0], 12), (len(traits), 1))
    each = np.broadcast_to(np.asarray(by_member, dtype=float), (len(traits), 18, np.shape(by_member)[-1])).copy()
    predictions = dataclasses.replace(
        refit.predictions, by_member=each, traits=np.asarray(traits, dtype=float), history=history
    )
    return dataclasses.replace(refit, predictions=predictions)


def test_the_traits_of_a_sku_multiply_its_weights():
    traits = [LIKE_THE_MARKET, FURTHER]
    predictions = refit_of(10.0, [100.0, 200.0], traits).predictions
    weighed = weights(3.0, 1.0, 3.0).applied(predictions)
    # The market: 3/4 x 100 + 1/4 x 200. The other: 3/4 x 1 and 1/4 x 3 are equal shares, which sum to 1.5.
    np.testing.assert_allclose(weighed.members[:, 0], [125.0, 150.0])
    np.testing.assert_allclose(weighed.boosting_odds, [1.0, 2.0])
    # With a weight of 1/3 the odds of the boosting are 1/2, doubled 1, so the weight is 1/2.
    np.testing.assert_allclose(weighed.blended(1 / 3)[:, 0], [260 / 3, 80.0])
    np.testing.assert_allclose(predictions.blended(1 / 3)[:, 0], [10 / 3, 10 / 3])


def test_a_trait_counts_as_three_spreads_at_most():
    far = weights(1.0, 2.0, 1.0).boosting_odds(np.array([3 * FURTHER, 50 * FURTHER]))
    assert far[0] == far[1] == pytest.approx(1 / (0.75 * 8 + 0.25))


def test_an_intermittent_sku_keeps_its_forecast():
    predictions = refit_of(10.0, [100.0, 200.0], [FURTHER, FURTHER], intermittent=[1]).predictions
    weighed = weights(3.0, 1.0, 3.0).applied(predictions)
    assert weighed.members[1].tolist() == predictions.members[1].tolist()
    np.testing.assert_allclose(weighed.boosting_odds, [2.0, 1.0])


def test_planned_units_and_pooled_predictions_are_mixed_into_each_member():
    refit = refit_of(10.0, [100.0, 200.0], [FURTHER, FURTHER])
    planned = np.repeat([[20.0], [np.nan]], 18, axis=1)
    predictions = dataclasses.replace(refit.predictions, planned_units=planned)
    assert predictions.with_planned(0.25).by_member[:, 0].tolist() == [[80.0, 155.0], [100.0, 200.0]]
    other = dataclasses.replace(predictions, by_member=predictions.by_member + 40.0)
    assert predictions.mixed(other, 0.25).by_member[:, 0].tolist() == [[110.0, 210.0]] * 2


def test_traits_are_strength_noise_and_known_months():
    features = plain_features(["a", "b"], MONTHS[50:51])
    features = features.assign(seasonal_strength=[0.5, np.nan], scale_units=[10.0, 1.0], observations=[80.0, 500.0])
    first, second = sku_traits(features).tolist()
    # One-step errors of 1 unit are a tenth of a level of 10, and ten tenths of a level of 1.
    assert first == [0.0625, 0.5, 0.0, 2.0]
    assert second == [0.0, 0.0, 2.0, 3.0]
    without = sku_traits(features.drop(columns="seasonal_strength"))
    assert without[:, :2].tolist() == [[0.0, 0.0]] * 2


def invented_sample(rng, skus=7, horizon=3, parts=3) -> Sample:
    known = rng.random((skus, horizon)) < 0.7
    known[:, 0] = True
    return Sample(
        rng.normal(size=(skus, len(TRAITS))),
        rng.normal(size=(skus, horizon, parts)),
        rng.normal(size=(skus, horizon)),
        known / known.sum(axis=1, keepdims=True),
    )


def loss_by_loop(moves, samples, log_weights, penalty):
    by_refit = []
    for sample in samples:
        of_skus = []
        for traits, parts, actual, share in zip(
            sample.traits, sample.parts, sample.actual, sample.share_of_sku, strict=True
        ):
            factors = [math.exp(log + sum(traits * moves[:, part])) for part, log in enumerate(log_weights)]
            forecast = [
                sum(f * value for f, value in zip(factors, month, strict=True)) / sum(factors) for month in parts
            ]
            errors = [math.hypot(f - a, 0.02) for f, a, s in zip(forecast, actual, share, strict=True) if s > 0]
            of_skus.append(sum(errors) / len(errors))
        by_refit.append(sum(of_skus) / len(of_skus))
    return sum(by_refit) / len(by_refit) + penalty * float((moves**2).sum())


def test_the_loss_is_the_mean_over_refits_skus_and_months_and_its_slope_the_derivative():
    rng = np.random.default_rng(1)
    samples = [invented_sample(rng), invented_sample(rng, skus=4)]
    moves, log_weights = rng.normal(size=(len(TRAITS), 3)), np.log([0.3, 0.5, 0.2])
    loss, slope = loss_and_slope(moves.ravel(), samples, log_weights, 0.1)
    assert loss == pytest.approx(loss_by_loop(moves, samples, log_weights, 0.1))
    for at in range(moves.size):
        step = np.zeros(moves.size)
        step[at] = 1e-5
        above, below = (
            loss_by_loop((moves.ravel() + sign * step).reshape(moves.shape), samples, log_weights, 0.1)
            for sign in (1, -1)
        )
        assert slope[at] == pytest.approx((above - below) / 2e-5, abs=1e-6)


def seasonal_and_others(right=100.0, wrong=130.0, actual=100.0):
    """Twenty SKUs: the first member is right about the seasonal ten, the second about the others."""
    traits = np.repeat([[1.0, 1.0, 0.0, 2.0], [0.0, 0.2, 0.0, 2.0]], 10, axis=0)
    by_member = np.repeat([[[right, wrong]], [[wrong, right]]], 10, axis=0)
    return refit_of(115.0, by_member, traits, actual)


def test_the_member_that_was_right_about_such_skus_gains_weight():
    refits = [seasonal_and_others()] * 2
    learned = learned_sku_weights(refits, TWO, 0.3)
    assert learned.shares == (pytest.approx(0.75), pytest.approx(0.25))
    after = weighed_by_sku(refits, learned)[0].predictions.blended(0.3)
    # Usual: .7 x (3/4 x 100 + 1/4 x 130) + .3 x 115 is 9.75 above the sales, of the others 20.25.
    assert (after[:10] < 100 + 9.7).all()
    assert (after[10:] < 100 + 20.2).all()
    small = learned_sku_weights(refits, dataclasses.replace(TWO, trait_penalty=10.0), 0.3)
    assert np.abs(small.moves).max() < np.abs(learned.moves).max() / 50


def test_no_other_moves_have_less_loss_in_the_blend_of_the_refits():
    """The loss of the model's own forecasts, in multiples of the seasonal naive's error of 10 units."""
    rng = np.random.default_rng(5)
    by_member = 100.0 + rng.normal(scale=5.0, size=(20, 1, 2))
    refit = refit_of(103.0, by_member, rng.normal(size=(20, len(TRAITS))), 100.0 + rng.normal(size=(20, 18)))
    learned = learned_sku_weights([refit], TWO, 0.2)

    def loss(moves):
        other = dataclasses.replace(learned, moves=tuple(map(tuple, moves)))
        error = (weighed_by_sku([refit], other)[0].predictions.blended(0.2) - refit.actual_units) / 10.0
        return np.hypot(error, 0.02).mean() + TWO.trait_penalty * (moves**2).sum()

    best = np.array(learned.moves)
    assert np.abs(best).max() > 0.1
    for at in np.ndindex(best.shape):
        for step in (-0.02, 0.02):
            moved = best.copy()
            moved[at] += step
            assert loss(moved) > loss(best)


def test_refits_without_weights_by_sku_are_unchanged():
    refits = [seasonal_and_others()]
    assert weighed_by_sku(refits, None) == refits


def test_a_market_whose_skus_are_alike_keeps_its_weights():
    alike = np.tile([0.5, 0.8, 0.1, 2.0], (20, 1))
    learned = learned_sku_weights([refit_of(115.0, [100.0, 130.0], alike)] * 2, TWO, 0.3)
    assert not np.array(learned.moves).any()


def test_only_regular_skus_with_known_months_count():
    base = seasonal_and_others()
    learned = learned_sku_weights([base] * 2, TWO, 0.3)
    unknown = dataclasses.replace(base, actual_units=np.full((20, 18), np.nan))
    assert learned_sku_weights([base, base, unknown], TWO, 0.3) == learned
    rare = dataclasses.replace(
        base, predictions=dataclasses.replace(base.predictions, is_intermittent=np.ones(20, bool))
    )
    assert learned_sku_weights([base, base, rare], TWO, 0.3) == learned


@pytest.mark.parametrize(
    ("recipe", "weight", "refits"),
    [
        (dataclasses.replace(TWO, trait_penalty=0.0), 0.3, 2),
        (dataclasses.replace(TWO, member_weights=()), 0.3, 2),
        (TWO, 1.0, 2),
        (TWO, 0.0, 2),
        (TWO, 0.3, 0),
    ],
)
def test_without_penalty_members_or_refits_all_skus_have_the_same_weights(recipe, weight, refits):
    assert learned_sku_weights([seasonal_and_others()] * refits, recipe, weight) is None


@pytest.mark.parametrize(("skus", "is_learned"), [(16, False), (17, True)])
def test_fewer_than_300_known_cells_decide_nothing(skus, is_learned):
    refit = refit_of(115.0, [100.0, 130.0], np.random.default_rng(2).normal(size=(skus, len(TRAITS))))
    assert (learned_sku_weights([refit], TWO, 0.3) is not None) == is_learned


def market(rng, later=None):
    """Thirty SKUs of different seasons; ``later`` replaces what follows the origin."""
    skus = [f"s{number:02d}" for number in range(30)]
    strength = np.linspace(0, 0.9, 30)
    season = 1 + strength[:, None] * np.sin(np.arange(60) * np.pi / 6)
    units = 100 * season * rng.uniform(0.8, 1.2, (30, 60))
    if later is not None:
        units[:, 51:] = later
    panel = DemandPanel(np.array(skus, dtype=object), MONTHS, units)
    features = plain_features(skus, MONTHS[20:60], 100.0, 100.0, scale_units=100.0)
    features["seasonal_strength"] = np.tile(strength, 40)
    if later is not None:
        features.loc[features["origin_month"] > ORIGIN, "seasonal_strength"] = later
    return features, panel


@pytest.fixture(scope="module")
def fitted():
    features, panel = market(np.random.default_rng(4))
    return fit_market_model(features, panel, ORIGIN, QUICK)


def test_weights_by_sku_know_nothing_after_the_cutoff(fitted):
    features, panel = market(np.random.default_rng(4), later=1e9)
    poisoned = fit_market_model(features, panel, ORIGIN, QUICK)
    assert np.abs(fitted.sku_weights.moves).max() > 1e-4
    assert poisoned.sku_weights == fitted.sku_weights


def test_a_model_forecasts_with_the_weights_of_each_sku_and_reads_back_so(fitted):
    features, panel = market(np.random.default_rng(4))
    now = features[features["origin_month"] == ORIGIN]
    predictions = dataclasses.replace(fitted, sku_weights=None).predict(now, panel)
    by_hand = fitted.sku_weights.applied(predictions).blended(fitted.boosting_weight)
    forecast = forecast_units(now, panel, fitted)["forecast_units"].to_numpy().reshape(30, 18)
    np.testing.assert_allclose(forecast, by_hand)
    assert np.abs(by_hand - predictions.blended(fitted.boosting_weight)).max() > 1e-3
    odds = fitted.sku_weights.boosting_odds(sku_traits(now)) * fitted.boosting_weight / (1 - fitted.boosting_weight)
    np.testing.assert_allclose(fitted.boosting_weights(now), odds / (1 + odds))
    restored = model_from_parts(model_to_parts(fitted))
    assert restored.sku_weights == fitted.sku_weights


def test_quantiles_are_those_of_the_refits_weighed_by_sku(fitted):
    features, panel = market(np.random.default_rng(4))
    refits = refit_at_earlier_origins(features, panel, ORIGIN, QUICK)
    learned = learned_sku_weights(refits, QUICK, fitted.boosting_weight)
    assert learned == fitted.sku_weights
    expected, usual = (
        quantiles_of_refits(each, fitted.boosting_weight) for each in (weighed_by_sku(refits, learned), refits)
    )
    pd.testing.assert_frame_equal(fitted.quantiles, expected)
    assert not fitted.quantiles.equals(usual)


def test_a_market_of_few_skus_has_the_same_weights_for_all():
    features, panel = market(np.random.default_rng(4))
    few = fit_market_model(features, panel, ORIGIN, dataclasses.replace(QUICK, few_skus=50))
    assert few.sku_weights is None
    assert few.boosting_weights(features.iloc[:2]).tolist() == [few.boosting_weight] * 2
    assert model_from_parts(model_to_parts(few)).sku_weights is None
