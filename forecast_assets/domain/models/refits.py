"""Refits of the recipe at earlier origins, and the weights, shares, features and quantiles learned from them.

The boosters of a refit have seen nothing after its origin, so weights and quantiles come from out-of-sample errors
alone. Training is in ``boosters.py``, the use of quantiles in ``distribution.py``.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from forecast_assets.domain.anchors import MONTHS_BACK, REFIT_ORIGINS, anchor_offsets
from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.boosters import TrainedBoosters, train_boosters
from forecast_assets.domain.models.feature_cube import feature_cube
from forecast_assets.domain.models.predictions import Predictions, predict_each
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.source_learner import predictions_without
from forecast_assets.domain.models.training_rows import TooFewRowsError, TrainingRows, following_units, is_intermittent

WEIGHTS = (0.2, 0.3, 0.4, 0.55, 0.7, 0.85, 1.0)
# Shares of the planned units in the members.
PLANNED_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
# Share of planned units whose worth no refit has measured: half is never far from the better of the two.
UNTRIED_SHARE = 0.5
# Loss of WAPE of one refit at which a weight or share moves no further, though the others gain.
LARGEST_LOSS = 0.005
# Another weight must beat the recipe's by this share of its WAPE; a smaller gain is noise of one or two eras.
LEAST_GAIN = 0.01
# The same in a market of few SKUs: on 15 SKUs each, weights that were better by 1 % cost .7 % WAPE afterwards.
LEAST_GAIN_OF_FEW = 0.05
MIN_CELLS_FOR_A_WEIGHT = 300


@dataclasses.dataclass(frozen=True)
class Refit:
    """A refit at an earlier origin.

    Attributes:
        predictions: Predictions of the own boosters, or of the pooled ones if the market had none of its own.
        actual_units: (n, horizon) sell-in that followed, NaN after the cutoff.
        gains: Gain by feature of the own boosters (``TrainedBoosters.gains``); empty without own boosters.
        pooled: Predictions of the pooled boosters, if there were both own and pooled ones.
        without: Predictions of a small learner by the source that it learned without (``source_learner.py``).
    """

    predictions: Predictions
    actual_units: Floats
    gains: pd.Series = dataclasses.field(default_factory=lambda: pd.Series(dtype=float))
    pooled: Predictions | None = None
    without: Mapping[str, Floats] = dataclasses.field(default_factory=dict)

    def with_planned(self, share: float) -> "Refit":
        """Return the refit with a share of the planned units in the members (``Predictions.with_planned``)."""
        pooled = self.pooled and self.pooled.with_planned(share)
        return dataclasses.replace(self, predictions=self.predictions.with_planned(share), pooled=pooled)

    def mixed(self, share: float) -> "Refit":
        """Return the refit with a share of the pooled predictions in its own."""
        if self.pooled is None:
            return self
        return dataclasses.replace(self, predictions=self.predictions.mixed(self.pooled, share), pooled=None)


RowsAndRefit: TypeAlias = tuple[pd.DataFrame, Refit]


@dataclasses.dataclass
class RefitCache:
    """Refits of the same features, sell-in, recipe and pooled boosters, by origin.

    A refit depends on its origin, not on the cutoff that uses it, so a backtest at several origins computes each once.

    Attributes:
        by_origin: ``sku`` and ``origin_month`` of the predicted rows, and the refit without ``actual_units``; None if
            history was too short.
    """

    by_origin: dict[pd.Timestamp, RowsAndRefit | None] = dataclasses.field(default_factory=dict)


def refit_at_earlier_origins(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    cutoff: pd.Timestamp,
    recipe: Recipe,
    cache: RefitCache | None = None,
    pooled: Mapping[int, TrainedBoosters] | None = None,
    horizon_months: int = HORIZON_MONTHS,
) -> list[Refit]:
    """Refit the recipe at the three anchors of the cutoff and forecast a sample of the SKUs of those origins.

    Origins with too little history are omitted.

    Args:
        features: Features of earlier origins, one row per SKU and origin.
        sell_in: Panel of the market that reaches the cutoff.
        cutoff: Last month whose sell-in is known.
        recipe: Parameters of the training; refits use ``recipe.of_refits()``.
        cache: Refits of earlier calls, which are reused and extended.
        pooled: Boosters over all markets by months before the cutoff, each from months before its origin alone.
        horizon_months: Number of months ahead.
    """
    by_origin = (RefitCache() if cache is None else cache).by_origin
    refits = []
    for months_back in anchor_offsets(cutoff):
        origin = add_months(cutoff, -months_back)
        if origin not in by_origin:
            of_origin = (pooled or {}).get(months_back)
            by_origin[origin] = refit_at(features, sell_in, origin, recipe, of_origin, horizon_months)
        cached = by_origin[origin]
        if cached is not None:
            rows, refit = cached
            actual = following_units(rows, sell_in, cutoff, horizon_months)
            refits.append(dataclasses.replace(refit, actual_units=actual))
    return refits


def refit_at(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    origin: pd.Timestamp,
    recipe: Recipe,
    pooled: TrainedBoosters | None,
    horizon_months: int = HORIZON_MONTHS,
) -> RowsAndRefit | None:
    """Refit the recipe at an origin, from the ``REFIT_ORIGINS`` origins before it.

    Args:
        features: Features with the rows of the origin and of those before it; others are ignored.
        sell_in: Panel that reaches the origin; later months are ignored.
        origin: The origin month.
        recipe: Recipe of the model; the refit uses ``recipe.of_refits()``.
        pooled: Boosters over all markets from months before the origin.
        horizon_months: Number of months ahead.

    Returns:
        ``sku`` and ``origin_month`` of the predicted rows, and the refit without ``actual_units``; None without own and
        pooled boosters.
    """
    features = features[features["origin_month"].between(add_months(origin, -REFIT_ORIGINS), origin)]
    at_origin = features[features["origin_month"] == origin].sort_values("sku")
    if at_origin.empty:
        return None
    if len(at_origin) > recipe.refit_skus:
        at_origin = at_origin.sample(recipe.refit_skus, random_state=recipe.seed).sort_values("sku")
    small = recipe.of_refits()
    own, rows = _own_boosters(features, sell_in, origin, small, horizon_months)
    several = [boosters for boosters in (own, pooled) if boosters is not None]
    if not several:
        return None
    first, *rest = predict_each(at_origin, sell_in, several, small, horizon_months)
    gains = own.gains() if own else pd.Series(dtype=float)
    unknown = np.full_like(first.boosting, np.nan)
    without = {}
    if own and rows:
        cube = feature_cube(at_origin, own.names, horizon_months)
        without = predictions_without(rows, cube, ~is_intermittent(at_origin), gains, small)
    return at_origin[["sku", "origin_month"]], Refit(first, unknown, gains, rest[0] if rest else None, without)


def _own_boosters(
    features: pd.DataFrame, sell_in: DemandPanel, origin: pd.Timestamp, recipe: Recipe, horizon_months: int
) -> tuple[TrainedBoosters, TrainingRows] | tuple[None, None]:
    """Train the market's own boosters at an origin, and return their rows too; None with too little history."""
    try:
        return train_boosters(features, sell_in, origin, recipe, horizon_months=horizon_months)
    except TooFewRowsError:
        return None, None


def chosen_features(refits: list[Refit], recipe: Recipe) -> set[str] | None:
    """Return the ``kept_features`` of the recipe with the largest gains over the refits; None (all) without gains.

    The refits learned from months before their origins only, so the choice knows nothing after the cutoff.
    """
    return largest_gains([refit.gains for refit in refits], recipe.kept_features)


def largest_gains(gains: list[pd.Series], count: int) -> set[str] | None:
    """Return the ``count`` columns with the largest sums of gains over several fits; None without any gains."""
    known = [of_fit for of_fit in gains if not of_fit.empty]
    if not known:
        return None
    ranked = pd.concat(known, axis=1).sum(axis=1).sort_values(ascending=False, kind="stable")
    return set(ranked.index[:count])


def learned_share(refits: list[Refit], recipe: Recipe, usual_weight: float, boosting_weight: float) -> float:
    """Return the share of the pooled predictions by a vote of the refits.

    Each refit with both predictions votes for a share if a small one reduces its error. In sums over all refits the
    largest era dominates. Over all origins it cost no market more than 1 % of its WAPE (``docs/pooling.md``).

    Args:
        refits: Refits at earlier origins.
        recipe: Shares to choose from.
        usual_weight: Weight of the direct boosting before anything was learned. A market whose own boosting earned more
            takes no share: it would cost up to 8 % of WAPE in spite of the vote.
        boosting_weight: The weight learned from the market's own predictions.

    Returns:
        ``recipe.share_if_all_better`` if all of three or more refits vote for it, ``share_if_most_better`` if more than
        half do, else 0; ``pooled_share_of_few`` if fewer than 300 cells are known.
    """
    if boosting_weight > usual_weight:
        return 0.0
    both = [refit for refit in refits if refit.pooled is not None]
    if sum(int(np.isfinite(refit.actual_units).sum()) for refit in both) < MIN_CELLS_FOR_A_WEIGHT:
        return recipe.pooled_share_of_few
    small = recipe.share_if_most_better
    votes = [_error(refit.mixed(small), boosting_weight) < _error(refit, boosting_weight) for refit in both]
    if all(votes) and len(votes) >= len(MONTHS_BACK):
        return recipe.share_if_all_better
    return small if sum(votes) > len(votes) / 2 else 0.0


def _error(refit: Refit, boosting_weight: float) -> float:
    """Return the sum of absolute errors over all known cells, intermittent SKUs included."""
    return float(np.nansum(np.abs(refit.predictions.blended(boosting_weight) - refit.actual_units)))


def learned_planned_share(refits: Sequence[Refit], boosting_weight: float) -> float:
    """Return the share of the planned units in the members by a vote of the refits, from none upwards.

    ``UNTRIED_SHARE`` if fewer than 300 cells are known, 0 in a market without planned units.
    """
    planned = [refit for refit in refits if np.isfinite(refit.predictions.planned_units).any()]
    if refits and not planned:
        return 0.0
    if _known_cells(planned) < MIN_CELLS_FOR_A_WEIGHT:
        return UNTRIED_SHARE

    def error(refit: Refit, share: float) -> float:
        return _absolute_error([refit.with_planned(share)], boosting_weight)

    return _voted(planned, PLANNED_SHARES, 0.0, error)


def learned_weight(refits: Sequence[Refit], usual: float, least_gain: float = LEAST_GAIN) -> float:
    """Return the weight of the direct boosting by a vote of the refits on their regular SKUs, from the usual one.

    The usual weight stays if fewer than 300 cells are known, or if the other is not better by ``least_gain`` of its
    WAPE over all refits.
    """
    if _known_cells(refits) < MIN_CELLS_FOR_A_WEIGHT:
        return usual
    weight = _voted(refits, sorted({*WEIGHTS, usual}), usual, lambda refit, weight: _absolute_error([refit], weight))
    is_better = _absolute_error(refits, weight) < (1.0 - least_gain) * _absolute_error(refits, usual)
    return weight if is_better else usual


def _voted(
    refits: Sequence[Refit], values: Sequence[float], start: float, error: Callable[[Refit, float], float]
) -> float:
    """Return the value that a vote moves ``start`` to, along ascending ``values``, first upwards, then downwards.

    It moves on while most refits gain and none loses more than ``LARGEST_LOSS``. In sums over all refits one era, or
    the refit with the least history, outweighs the others: on beer sales the weight jumped from .3 to .7 or .85.
    """
    above = [value for value in values if value > start]
    below = [value for value in reversed(values) if value < start]
    for path in (above, below):
        at, before = start, [error(refit, start) for refit in refits]
        for value in path:
            after = [error(refit, value) for refit in refits]
            gaining = sum(new < old for old, new in zip(before, after, strict=True))
            is_harmed = any(new > (1.0 + LARGEST_LOSS) * old for old, new in zip(before, after, strict=True))
            if is_harmed or 2 * gaining <= len(refits):
                break
            at, before = value, after
        if at != start:
            return at
    return start


def _known_cells(refits: Sequence[Refit]) -> int:
    """Return the number of known cells of regular SKUs."""
    return sum(int(np.isfinite(refit.actual_units[~refit.predictions.is_intermittent]).sum()) for refit in refits)


def _absolute_error(refits: Sequence[Refit], weight: float) -> float:
    """Return the sum of absolute errors over the known cells of regular SKUs."""
    total = 0.0
    for refit in refits:
        error = np.abs(refit.predictions.blended(weight) - refit.actual_units)
        total += float(np.nansum(error[~refit.predictions.is_intermittent]))
    return total
