"""Direct multi-horizon LightGBM over all SKUs of a market: one row per SKU, origin and horizon.

Learners on two targets for regular SKUs; the mean by two losses and one quantile for intermittent ones. Blending with
other members belongs to ``parts.py``, intervals to ``domain/evaluation/intervals.py``.
"""

import dataclasses
from collections.abc import Callable

import lightgbm
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
    """One booster: whose demand, what it learns, with which loss, and how its answer becomes a multiple of the scale.

    ``kind`` is ``regular``, ``intermittent`` (the mean) or ``quantile`` (the common quantile of intermittent SKUs).
    """

    name: str
    kind: str
    objective: dict[str, object]
    target: Callable[[TrainingRows], Floats]
    restore: Callable[[Floats, Floats, Floats], Floats]

    def parameters(self, recipe: Recipe) -> dict[str, object]:
        """Parameters for ``lightgbm.train``."""
        level = {"alpha": recipe.intermittent_quantile} if self.kind == "quantile" else {}
        return recipe.lightgbm_parameters(self.objective | level)


def _log_ratio(rows: TrainingRows) -> Floats:
    return np.log(np.maximum(rows.actual, 0) + LOG_OFFSET) - np.log(rows.statistical + LOG_OFFSET)


def _answer(answer: Floats, theta: Floats, statistical: Floats) -> Floats:
    return answer


# restore(answer, theta, statistical): back to multiples of the scale.
LEARNERS = (
    Learner("theta_residual", "regular", {"objective": "l1"}, lambda r: r.actual - r.theta, lambda a, t, s: a + t),
    Learner(
        "log_ratio",
        "regular",
        {"objective": "l1"},
        _log_ratio,
        lambda a, t, s: np.exp(a + np.log(s + LOG_OFFSET)) - LOG_OFFSET,
    ),
    Learner("mean", "intermittent", {"objective": "l2"}, lambda r: r.actual, _answer),
    Learner(
        "tweedie",
        "intermittent",
        {"objective": "tweedie", "tweedie_variance_power": 1.3},
        lambda r: np.maximum(r.actual, 0),
        _answer,
    ),
    Learner("quantile", "quantile", {"objective": "quantile"}, lambda r: r.actual, _answer),
)


def fit_boosters(rows: TrainingRows, columns: list[str], recipe: Recipe) -> dict[str, str]:
    """Train the learners and return them as LightGBM texts by name.

    Rows are weighted by the square root of the SKU's scale: between every SKU counting alike and every unit counting
    alike. Learners of a kind of SKU with fewer than 500 rows learn from all rows; those of a kind that no row is of are
    left out.
    """
    texts = {}
    for learner in LEARNERS:
        kind = rows.is_intermittent == (learner.kind != "regular")
        if not kind.any():
            continue
        own = rows.where(kind) if kind.sum() >= MIN_ROWS_OF_A_KIND else rows
        data = lightgbm.Dataset(
            own.features,
            learner.target(own),
            weight=np.sqrt(own.scale_units),
            feature_name=columns,
            params={"verbosity": -1, "num_threads": recipe.threads, "max_bin": recipe.max_bin},
        )
        texts[learner.name] = booster_text(lightgbm.train(learner.parameters(recipe), data, recipe.rounds))
    return texts


def feature_gains(texts: dict[str, str], columns: list[str]) -> Floats:
    """How much of the learners' gain each column has, (columns,): shares of each learner, summed over the learners."""
    total = np.zeros(len(columns))
    for text in texts.values():
        gain = lightgbm.Booster(model_str=text).feature_importance("gain")
        total += gain / max(gain.sum(), np.finfo(float).tiny)
    return total


def predict_boosters(texts: dict[str, str], cube: FeatureCube, kind: str, threads: int = 1) -> Floats | None:
    """Mean answer of a kind's learners, (n, horizons), in multiples of the scale, not clipped; None without any."""
    count, horizons = cube.by_horizon.shape[:2]
    learners = [learner for learner in LEARNERS if learner.kind == kind and learner.name in texts]
    if not learners:
        return None
    rows = cube.rows(np.repeat(np.arange(count), horizons), np.tile(np.arange(1, horizons + 1), count))
    theta, statistical = cube.anchor("theta").ravel(), cube.anchor("statistical_mean").ravel()
    answers = []
    for learner in learners:
        answer = lightgbm.Booster(model_str=texts[learner.name]).predict(rows, num_threads=threads)
        answers.append(learner.restore(np.asarray(answer), theta, statistical).reshape(count, horizons))
    return np.mean(answers, axis=0)
