"""Direct multi-horizon LightGBM over all SKUs of a market: one row per SKU, origin and horizon.

Three learners on three targets are averaged for regular SKUs, two other losses for intermittent ones. Blending with
the statistical forecasts, caps and intervals belong to ``market_model.py``.
"""

import dataclasses
import re
from collections.abc import Callable

import lightgbm
import numpy as np

from forecast_assets.domain.models.feature_cube import FeatureCube
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.training_rows import TrainingRows

# Added before the logarithm: two per cent of the SKU's level, so that a zero month stays finite.
LOG_OFFSET = 0.02
MIN_ROWS_OF_A_KIND = 500
# The text of a model names the threads that trained it; they change no tree.
NUM_THREADS = re.compile(r"\[num_threads: \d+\]")


@dataclasses.dataclass(frozen=True)
class Learner:
    """One booster: what it learns, with which loss, and how its answer becomes a multiple of the scale."""

    name: str
    intermittent: bool
    objective: dict[str, object]
    target: Callable[[TrainingRows], np.ndarray]
    restore: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def _log_ratio(rows: TrainingRows) -> np.ndarray:
    return np.log(np.maximum(rows.actual, 0) + LOG_OFFSET) - np.log(rows.statistical + LOG_OFFSET)


# restore(answer, theta, statistical): back to multiples of the scale.
LEARNERS = (
    Learner("theta_residual", False, {"objective": "l1"}, lambda r: r.actual - r.theta, lambda a, t, s: a + t),
    Learner("level", False, {"objective": "l1"}, lambda r: r.actual, lambda a, t, s: a),
    Learner(
        "log_ratio",
        False,
        {"objective": "l1"},
        _log_ratio,
        lambda a, t, s: np.exp(a + np.log(s + LOG_OFFSET)) - LOG_OFFSET,
    ),
    Learner("mean", True, {"objective": "l2"}, lambda r: r.actual, lambda a, t, s: a),
    Learner(
        "tweedie",
        True,
        {"objective": "tweedie", "tweedie_variance_power": 1.3},
        lambda r: np.maximum(r.actual, 0),
        lambda a, t, s: a,
    ),
)


def fit_boosters(rows: TrainingRows, columns: list[str], recipe: Recipe) -> dict[str, str]:
    """Train the learners and return them as LightGBM texts by name.

    Rows are weighted by the square root of the SKU's scale: between every SKU counting alike and every unit counting
    alike. Learners of a kind of SKU with fewer than 500 rows learn from all rows; the intermittent ones are left out
    where no row is intermittent.
    """
    texts = {}
    for learner in LEARNERS:
        kind = rows.is_intermittent == learner.intermittent
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
        booster = lightgbm.train(recipe.lightgbm_parameters(learner.objective), data, num_boost_round=recipe.rounds)
        texts[learner.name] = NUM_THREADS.sub("[num_threads: 0]", booster.model_to_string())
    return texts


def predict_boosters(
    texts: dict[str, str], cube: FeatureCube, intermittent: np.ndarray, threads: int = 1
) -> np.ndarray:
    """Mean answer of the learners for each SKU's kind, (n, horizons), in multiples of the scale, not clipped.

    SKUs of a kind that no learner was trained for are answered by the others.
    """
    count, horizons = cube.by_horizon.shape[:2]
    places = np.repeat(np.arange(count), horizons)
    months = np.tile(np.arange(1, horizons + 1), count)
    rows = cube.rows(places, months)
    theta, statistical = cube.value("theta").ravel().astype(float), cube.value("statistical_mean").ravel().astype(float)
    answers: dict[bool, list[np.ndarray]] = {False: [], True: []}
    for learner in LEARNERS:
        if learner.name not in texts:
            continue
        answer = lightgbm.Booster(model_str=texts[learner.name]).predict(rows, num_threads=threads)
        restored = learner.restore(np.asarray(answer), theta, statistical)
        answers[learner.intermittent].append(restored.reshape(count, horizons))
    regular = np.mean(answers[False] or answers[True], axis=0)
    sporadic = np.mean(answers[True] or answers[False], axis=0)
    return np.where(intermittent[:, None], sporadic, regular)
