"""Contributions of the causes to the direct boosting of a model, for the SKUs of one origin.

Each learner's raw prediction is split along its trees (``tree_paths.py``) and turned into multiples of the SKU's scale
as ``gradient_boosting.py`` does. A learner with a logarithm shares out its change in units in proportion to the raw
contributions. Not here: the other members of the blend, which are part of ``last_year.py``.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Floats32
from forecast_assets.domain.models.boosters import TrainedBoosters
from forecast_assets.domain.models.feature_cube import FeatureCube, feature_cube
from forecast_assets.domain.models.gradient_boosting import LEARNERS, LOG_OFFSET
from forecast_assets.domain.models.market_model import MarketModel
from forecast_assets.domain.models.training_rows import is_intermittent
from forecast_assets.domain.reasons.causes import FEATURE_CAUSES, LEVEL, cause_of_feature
from forecast_assets.domain.reasons.tree_paths import columns_by_group, path_contributions

LEVEL_NUMBER = FEATURE_CAUSES.index(LEVEL)
# A forecast far above a small mean would make its contributions as many times larger.
LARGEST_RATIO = 4.0


@dataclasses.dataclass(frozen=True)
class BoostingCauses:
    """Contributions of causes to forecasts of n SKUs, in units.

    Attributes:
        units: (n, horizons, ``FEATURE_CAUSES``). Those of a regular SKU add up to the boosting's distance from its
            anchor, times its weight in the blend.
        is_intermittent: (n,) True if the SKU is forecast without an anchor.
    """

    units: Floats
    is_intermittent: Bools


def boosting_causes(features: pd.DataFrame, model: MarketModel, forecast_units: Floats) -> BoostingCauses:
    """Return the contributions of the causes to a model's forecast.

    The contributions to an intermittent SKU's forecast are those to its mean, in proportion of the forecast to the
    mean: at most 4 times as large.

    Args:
        features: Features of one origin, one row per SKU.
        model: The model that made the forecast.
        forecast_units: (n, horizons) its forecast of the rows of the features.
    """
    share, learned = model.pooled_share, model.learned
    sporadic = is_intermittent(features)
    units = np.zeros((*forecast_units.shape, len(FEATURE_CAUSES)))
    for boosters, weight in ((learned.own, 1.0 - share), (learned.pooled, share)):
        if boosters is None or weight <= 0.0:
            continue
        cube = feature_cube(features, boosters.names, forecast_units.shape[1])
        for mask, kind in ((sporadic, "intermittent"), (~sporadic, "regular")):
            if mask.any():
                of_kind = _units_of(cube.where(mask), boosters, kind, model.recipe.threads, forecast_units[mask])
                units[mask] += weight * of_kind
    units[~sporadic] *= model.boosting_weights(features[~sporadic])[:, None, None]
    return BoostingCauses(units, sporadic)


def _units_of(cube: FeatureCube, boosters: TrainedBoosters, kind: str, threads: int, forecast_units: Floats) -> Floats:
    """Return the contributions in units to the forecasts of SKUs of one kind, (n, horizons, causes).

    Those of regular SKUs are contributions to the boosting, before its weight in the blend.
    """
    # As in the prediction: the learners of the other kind serve a kind that was not learned from.
    other = {"regular": "intermittent", "intermittent": "regular"}[kind]
    learned = kind if any(each.kind == kind and each.name in boosters.direct for each in LEARNERS) else other
    parts = scaled_contributions(boosters.direct, cube, learned, threads)
    units = parts * cube.scale_units[:, None, None]
    if kind == "regular" or learned != kind:
        return units
    mean = units.sum(axis=2)
    ratio = np.divide(forecast_units, mean, out=np.zeros_like(mean), where=mean > 0)
    scaled: Floats = np.minimum(ratio, LARGEST_RATIO)[:, :, None] * units
    return scaled


def scaled_contributions(texts: dict[str, str], cube: FeatureCube, kind: str, threads: int = 1) -> Floats:
    """Return the contributions of the causes to the mean of a kind's learners, (n, horizons, causes).

    They are in multiples of the scale. Their sum is ``predict_direct`` minus its anchor: the mean of the learners'
    anchors for regular SKUs, zero for others. The mean of the trees counts as level.
    """
    count, horizons = cube.by_horizon.shape[:2]
    rows = cube.rows(np.repeat(np.arange(count), horizons), np.tile(np.arange(1, horizons + 1), count))
    learners = [learner.name for learner in LEARNERS if learner.kind == kind and learner.name in texts]
    anchor = cube.anchor("statistical_mean").ravel()
    parts = [_of_learner(name, texts[name], rows, cube.names.all, anchor, threads) for name in learners]
    mean: Floats = np.mean(parts, axis=0)
    return mean.reshape(count, horizons, len(FEATURE_CAUSES))


def _of_learner(name: str, text: str, rows: Floats32, columns: list[str], anchor: Floats, threads: int) -> Floats:
    """Return the contributions to one learner's prediction, (rows, causes), in multiples of the scale."""
    groups = columns_by_group(columns, FEATURE_CAUSES, {column: cause_of_feature(column) for column in columns})
    raw = path_contributions(text, rows, groups, len(FEATURE_CAUSES), threads)
    causes, mean = raw[:, :-1].copy(), raw[:, -1]
    if name == "tweedie":
        causes *= (np.exp(mean) * _growth(causes.sum(axis=1)))[:, None]
        causes[:, LEVEL_NUMBER] += np.exp(mean)
        return causes
    causes[:, LEVEL_NUMBER] += mean
    if name == "log_ratio":
        causes *= ((anchor + LOG_OFFSET) * _growth(causes.sum(axis=1)))[:, None]
    return causes


def _growth(log_change: Floats) -> Floats:
    """Return ``(exp(x) - 1) / x``, 1 where x is 0."""
    return np.divide(np.expm1(log_change), log_change, out=np.ones_like(log_change), where=log_change != 0)
