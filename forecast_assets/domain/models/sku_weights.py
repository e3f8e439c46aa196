"""Weights of the blend by SKU: how far a SKU's traits move the market's weights, learned from the refits.

The weight of a part (the direct boosting or a member) is the market's weight times a factor, divided by the sum over
the parts. The factor is exp(traits x moves), and the traits are centred on the market. So a SKU like the others keeps
the market's weights, and only differences between SKUs are learned. The market's weights are in ``refits.py`` and in
the recipe: learned from the refits, those followed the years of the refits, not the years to come.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.demand.demand_panel import known_mean
from forecast_assets.domain.models.member_registry import weighed
from forecast_assets.domain.models.predictions import Predictions
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refits import MIN_CELLS_FOR_A_WEIGHT, Refit
from forecast_assets.domain.models.sku_traits import TRAITS

YEAR = 12
# A trait beyond three spreads from the market's mean counts as three: no refit knows what is beyond.
FURTHEST = 3.0
# Added to the spread, so that a trait which hardly differs between the SKUs moves nothing.
LEAST_SPREAD = 0.1
# Errors below this share of the seasonal naive's error are smoothed, so that the loss has a gradient everywhere.
SMOOTHING = 0.02
SEARCH_STEPS = 60


@dataclasses.dataclass(frozen=True)
class SkuWeights:
    """Changes of the market's weights by the traits of a SKU.

    Attributes:
        shares: Usual shares of the members among themselves; their sum is 1.
        centre: Mean of each trait over the SKUs of the refits.
        spread: Standard deviation of each trait, plus 0.1.
        moves: By trait, the change of the logarithm of each part's weight per spread: the boosting, then the members.
    """

    shares: tuple[float, ...]
    centre: tuple[float, ...]
    spread: tuple[float, ...]
    moves: tuple[tuple[float, ...], ...]

    def boosting_odds(self, traits: Floats) -> Floats:
        """Return what the odds of the boosting against all members are multiplied by, (n,)."""
        return self._odds_and_shares(traits)[0]

    def applied(self, predictions: Predictions) -> Predictions:
        """Return the predictions with the members and the odds of the boosting weighed by SKU.

        Intermittent SKUs, whose forecast is no blend of members, are unchanged.
        """
        odds, shares = self._odds_and_shares(predictions.traits)
        members = np.einsum("nhm,nm->nh", predictions.by_member, shares)
        sporadic = predictions.is_intermittent
        return dataclasses.replace(
            predictions,
            members=np.where(sporadic[:, None], predictions.members, members),
            boosting_odds=np.where(sporadic, predictions.boosting_odds, odds),
        )

    def _odds_and_shares(self, traits: Floats) -> tuple[Floats, Floats]:
        """Return the odds of the boosting, (n,), and the shares of the members, (n, members), which sum to 1."""
        factors = np.exp(_standardised(traits, np.array(self.centre), np.array(self.spread)) @ np.array(self.moves))
        of_members = np.array(self.shares) * factors[:, 1:]
        total = of_members.sum(axis=1)
        return factors[:, 0] / total, of_members / total[:, None]


def learned_sku_weights(refits: Sequence[Refit], recipe: Recipe, boosting_weight: float) -> SkuWeights | None:
    """Return the weights by SKU with the least error over the refits plus the penalty; None if all SKUs have the same.

    The error is the mean over refits, their regular SKUs and known months, in multiples of the SKU's seasonal naive
    error. The penalty is ``recipe.trait_penalty`` times the sum of the squared moves.

    Args:
        refits: Refits at earlier origins, with the planned units in their members.
        recipe: Weights of the members and the penalty.
        boosting_weight: The market's weight of the direct boosting.

    Returns:
        None with fewer than 300 known cells, without members, without a penalty, or if one part has all the weight.
    """
    usual = np.array(list(weighed(recipe).values()))
    if recipe.trait_penalty <= 0.0 or not len(usual) or not 0.0 < boosting_weight < 1.0:
        return None
    known = [_known_skus(refit) for refit in refits]
    if sum(int(np.isfinite(refit.actual_units[rows]).sum()) for refit, rows in zip(refits, known, strict=True)) < (
        MIN_CELLS_FOR_A_WEIGHT
    ):
        return None
    traits = np.concatenate([refit.predictions.traits[rows] for refit, rows in zip(refits, known, strict=True)])
    centre, spread = traits.mean(axis=0), traits.std(axis=0) + LEAST_SPREAD
    samples = [_sample(refit, rows, centre, spread) for refit, rows in zip(refits, known, strict=True) if rows.any()]
    shares = usual / usual.sum()
    weights = np.array([boosting_weight, *((1.0 - boosting_weight) * shares)])
    moves = _least_loss(samples, np.log(weights), recipe.trait_penalty)
    return SkuWeights(_plain(shares), _plain(centre), _plain(spread), tuple(_plain(row) for row in moves))


def sku_weights_from_manifest(stored: Mapping[str, Any] | None) -> SkuWeights | None:
    """Read the weights of a stored model; None of a model without them, as those of older versions."""
    if stored is None:
        return None
    moves = tuple(tuple(row) for row in stored["moves"])
    return SkuWeights(tuple(stored["shares"]), tuple(stored["centre"]), tuple(stored["spread"]), moves)


def weighed_by_sku(refits: Sequence[Refit], weights: SkuWeights | None) -> list[Refit]:
    """Return the refits as a model with these weights would have predicted them."""
    if weights is None:
        return list(refits)
    return [dataclasses.replace(refit, predictions=weights.applied(refit.predictions)) for refit in refits]


@dataclasses.dataclass(frozen=True)
class Sample:
    """Regular SKUs of one refit; units in multiples of the SKU's seasonal naive error.

    Attributes:
        traits: (n, traits) in spreads from the market's mean.
        parts: (n, horizon, 1 + members) the boosting and each member.
        actual: (n, horizon), 0 where unknown.
        share_of_sku: (n, horizon) share of a month in the error of its SKU, 0 where unknown.
    """

    traits: Floats
    parts: Floats
    actual: Floats
    share_of_sku: Floats


def loss_and_slope(
    moves: Floats, samples: Sequence[Sample], log_weights: Floats, penalty: float
) -> tuple[float, Floats]:
    """Return the loss of moves, given as one row after the other, and its derivative by each of them."""
    by_trait = moves.reshape(len(TRAITS), -1)
    loss, slope = 0.0, np.zeros_like(by_trait)
    for sample in samples:
        logarithm = sample.traits @ by_trait + log_weights
        weights = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        error = np.einsum("nhp,np->nh", sample.parts, weights) - sample.actual
        size = np.sqrt(error**2 + SMOOTHING**2)
        loss += float((sample.share_of_sku * size).sum()) / len(error)
        by_part = np.einsum("nh,nhp->np", sample.share_of_sku * error / size, sample.parts) / len(error)
        by_logarithm = weights * (by_part - (weights * by_part).sum(axis=1, keepdims=True))
        slope += sample.traits.T @ by_logarithm
    count = len(samples)
    return loss / count + penalty * float((moves**2).sum()), slope.ravel() / count + 2.0 * penalty * moves


def _least_loss(samples: Sequence[Sample], log_weights: Floats, penalty: float) -> Floats:
    """Return the moves with the least loss, (traits, parts), searched from none."""
    from scipy.optimize import minimize

    start = np.zeros(len(TRAITS) * len(log_weights))
    best = minimize(
        loss_and_slope,
        start,
        args=(samples, log_weights, penalty),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": SEARCH_STEPS},
    )
    moves: Floats = best.x.reshape(len(TRAITS), -1)
    return moves


def _known_skus(refit: Refit) -> Bools:
    """Return True for regular SKUs with a known month after the origin and an error of the seasonal naive, (n,)."""
    known: Bools = (
        ~refit.predictions.is_intermittent
        & np.isfinite(refit.actual_units).any(axis=1)
        & (_naive_error(refit.predictions.history) > 0.0)
    )
    return known


def _sample(refit: Refit, rows: Bools, centre: Floats, spread: Floats) -> Sample:
    predictions, actual = refit.predictions, refit.actual_units[rows]
    scale = _naive_error(predictions.history)[rows, None]
    parts = np.concatenate([predictions.boosting[rows, :, None], predictions.by_member[rows]], axis=2)
    is_known = np.isfinite(actual)
    return Sample(
        _standardised(predictions.traits[rows], centre, spread),
        parts / scale[:, :, None],
        np.where(is_known, actual, 0.0) / scale,
        is_known / is_known.sum(axis=1, keepdims=True),
    )


def _standardised(traits: Floats, centre: Floats, spread: Floats) -> Floats:
    standardised: Floats = np.clip((traits - centre) / spread, -FURTHEST, FURTHEST)
    return standardised


def _naive_error(history: Floats) -> Floats:
    """Return the mean absolute difference to the same month a year before, (n,); to the month before if none is known.

    NaN for a SKU without two months to compare.
    """
    of_year, of_month = (known_mean(np.abs(history[:, lag:] - history[:, :-lag])) for lag in (YEAR, 1))
    return np.where(np.isfinite(of_year), of_year, of_month)


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
