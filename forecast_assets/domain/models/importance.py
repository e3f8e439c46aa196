"""Importance of features in the direct boosters of a market: by gain in training, and by SHAP values of predictions.

Shares of each booster, averaged over the boosters: each counts alike, whatever the unit of its target.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Floats32
from forecast_assets.domain.features.families import family_of
from forecast_assets.domain.models.boosters import TrainedBoosters
from forecast_assets.domain.models.feature_cube import feature_cube
from forecast_assets.domain.models.gradient_boosting import LEARNERS
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.training_rows import is_intermittent

# SHAP values of more SKUs cost time and change no share.
MOST_SKUS = 300


def feature_importance(
    boosters: TrainedBoosters, features: pd.DataFrame, recipe: Recipe, horizon_months: int
) -> pd.DataFrame:
    """Return the importance of each column that the boosters read.

    Args:
        boosters: Boosters of a market.
        features: Features of one origin, whose predictions are explained; a sample of 300 SKUs of them.
        recipe: Seed of the sample, and threads.
        horizon_months: Number of months ahead that are predicted.

    Returns:
        One row per feature, the most important first: ``feature, family, gain, shap``; both are shares that add up to 1
        (0 throughout if no booster has split).
    """
    if len(features) > MOST_SKUS:
        features = features.sample(MOST_SKUS, random_state=recipe.seed).sort_values("sku")
    cube = feature_cube(features, boosters.names, horizon_months)
    rows = cube.rows(
        np.repeat(np.arange(len(features)), horizon_months), np.tile(np.arange(1, horizon_months + 1), len(features))
    )
    sporadic = np.repeat(is_intermittent(features), horizon_months)
    gains, contributions = [], []
    for learner in LEARNERS:
        if learner.name in boosters.direct:
            own = _rows_of_kind(rows, sporadic, learner.kind)
            gain, contribution = _of_booster(boosters.direct[learner.name], own, recipe.threads)
            gains.append(gain)
            contributions.append(contribution)
    names = boosters.names.all
    table = pd.DataFrame({"feature": names, "family": [family_of(name) for name in names]})
    table = table.assign(gain=_share(np.sum(gains, axis=0)), shap=_share(np.sum(contributions, axis=0)))
    return table.sort_values("shap", ascending=False, kind="stable", ignore_index=True)


def by_family(importance: pd.DataFrame) -> pd.DataFrame:
    """Return sums of ``feature_importance``, the most important family first: ``family, features, gain, shap``."""
    sums = importance.groupby("family", as_index=False).agg(
        features=("feature", "size"), gain=("gain", "sum"), shap=("shap", "sum")
    )
    return sums.sort_values("shap", ascending=False, kind="stable", ignore_index=True)


def _rows_of_kind(rows: Floats32, sporadic: Bools, kind: str) -> Floats32:
    """Return the rows that a learner of a kind predicts; all if there are none."""
    own: Floats32 = rows[sporadic == (kind != "regular")]
    return own if len(own) else rows


def _of_booster(text: str, rows: Floats32, threads: int) -> tuple[Floats, Floats]:
    """Return the share of each column in the gain, and in the mean absolute SHAP value."""
    from forecast_assets.domain.models.boosting_library import lightgbm

    booster = lightgbm.Booster(model_str=text)
    values = np.asarray(booster.predict(rows, pred_contrib=True, num_threads=threads))
    # The last column is the expected prediction, the same for every row.
    return _share(booster.feature_importance("gain")), _share(np.abs(values[:, :-1]).mean(axis=0))


def _share(values: Floats) -> Floats:
    total = float(np.sum(values))
    share: Floats = np.asarray(values, dtype=float) / (total if total > 0.0 else 1.0)
    return share
