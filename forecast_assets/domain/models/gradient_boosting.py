"""Direct multi-horizon LightGBM over all SKUs of a market: one row per SKU, origin and horizon.

Regular SKUs have learners of two targets, intermittent SKUs learners of the mean by two losses and of one quantile. The
blend with other members is in ``predictions.py``, intervals are in ``domain/evaluation/intervals.py``.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.models.booster_text import booster_text
from forecast_assets.domain.models.feature_cube import FeatureCube
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.training_rows import TrainingRows

# Added before the logarithm: two per cent of the SKU's level, so that a zero month stays finite.
LOG_OFFSET = 0.02
MIN_ROWS_OF_A_KIND = 500


@dataclasses.dataclass(frozen=True)
class Learner:
    """Definition of one booster.

    Attributes:
        name: Name of its text.
        kind: ``regular``, ``intermittent`` (the mean) or ``quantile`` (the common quantile of intermittent SKUs).
        objective: The loss, as parameters of LightGBM.
        target: Function from training rows to the labels it learns.
        restore: Function from raw prediction, theta and statistical mean to multiples of the scale.
    """

    name: str
    kind: str
    objective: dict[str, object]
    target: Callable[[TrainingRows], Floats]
    restore: Callable[[Floats, Floats, Floats], Floats]

    def parameters(self, recipe: Recipe) -> dict[str, object]:
        """Return the parameters for ``lightgbm.train``."""
        level = {"alpha": recipe.intermittent_quantile} if self.kind == "quantile" else {}
        return recipe.lightgbm_parameters(self.objective | level)


def _log_ratio(rows: TrainingRows) -> Floats:
    return np.log(np.maximum(rows.actual, 0) + LOG_OFFSET) - np.log(rows.statistical + LOG_OFFSET)


def _as_is(raw: Floats, theta: Floats, statistical: Floats) -> Floats:
    return raw


LEARNERS = (
    Learner("theta_residual", "regular", {"objective": "l1"}, lambda r: r.actual - r.theta, lambda a, t, s: a + t),
    Learner(
        "log_ratio",
        "regular",
        {"objective": "l1"},
        _log_ratio,
        lambda a, t, s: np.exp(a + np.log(s + LOG_OFFSET)) - LOG_OFFSET,
    ),
    Learner("mean", "intermittent", {"objective": "l2"}, lambda r: r.actual, _as_is),
    Learner(
        "tweedie",
        "intermittent",
        {"objective": "tweedie", "tweedie_variance_power": 1.3},
        lambda r: np.maximum(r.actual, 0),
        _as_is,
    ),
    Learner("quantile", "quantile", {"objective": "quantile"}, lambda r: r.actual, _as_is),
)


def train_direct(rows: TrainingRows, columns: list[str], recipe: Recipe) -> dict[str, str]:
    """Train the learners and return them as LightGBM texts by name.

    Rows are weighted by the square root of the SKU's scale, a compromise between equal SKUs and equal units. A learner
    of a kind of SKU with fewer than 500 rows learns from all rows. A kind without rows gets no booster.
    """
    from forecast_assets.domain.models.boosting_library import lightgbm

    texts = {}
    for is_intermittent in (False, True):
        kind = rows.is_intermittent == is_intermittent
        if not kind.any():
            continue
        own = rows.where(kind) if kind.sum() >= MIN_ROWS_OF_A_KIND else rows
        recipe_of_kind = recipe if is_intermittent else recipe.of_regular()
        # The learners of a kind share the bins: binning 300 columns takes as long as ten trees.
        data = lightgbm.Dataset(
            own.features,
            weight=np.sqrt(own.scale_units),
            feature_name=columns,
            params={"verbosity": -1, "num_threads": recipe.threads, "max_bin": recipe.max_bin},
        )
        for learner in LEARNERS:
            if (learner.kind != "regular") == is_intermittent:
                data.set_label(learner.target(own))
                booster = lightgbm.train(learner.parameters(recipe_of_kind), data, recipe_of_kind.rounds)
                texts[learner.name] = booster_text(booster)
    return texts


def feature_gains(texts: dict[str, str], columns: list[str]) -> Floats:
    """Return the gain of each column, (columns,): its share in each learner, summed over the learners."""
    from forecast_assets.domain.models.boosting_library import lightgbm

    total = np.zeros(len(columns))
    for text in texts.values():
        gain = lightgbm.Booster(model_str=text).feature_importance("gain")
        total += gain / max(gain.sum(), np.finfo(float).tiny)
    return total


def predict_direct(texts: dict[str, str], cube: FeatureCube, kind: str, threads: int = 1) -> Floats | None:
    """Return the mean prediction of a kind's boosters, (n, horizons), in multiples of the scale, not clipped.

    None if there is no booster of the kind.
    """
    from forecast_assets.domain.models.boosting_library import lightgbm

    count, horizons = cube.by_horizon.shape[:2]
    learners = [learner for learner in LEARNERS if learner.kind == kind and learner.name in texts]
    if not learners:
        return None
    rows = cube.rows(np.repeat(np.arange(count), horizons), np.tile(np.arange(1, horizons + 1), count))
    theta, statistical = cube.anchor("theta").ravel(), cube.anchor("statistical_mean").ravel()
    predictions = []
    for learner in learners:
        raw = lightgbm.Booster(model_str=texts[learner.name]).predict(rows, num_threads=threads)
        predictions.append(learner.restore(np.asarray(raw), theta, statistical).reshape(count, horizons))
    mean: Floats = np.mean(predictions, axis=0)
    return mean
