"""Small learners of a refit: with all columns and without those of each source, so that its worth can be measured.

What is decided by their predictions is in ``source_worth.py``.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.features.families import FAMILIES, columns_of
from forecast_assets.domain.models.feature_cube import FeatureCube
from forecast_assets.domain.models.gradient_boosting import LEARNERS, MIN_ROWS_OF_A_KIND
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.training_rows import TrainingRows

# Families of columns that a delivery or another market's delivery reaches.
SOURCES = tuple(family for family in FAMILIES if family != "statistical")
EVERY_COLUMN = ""
# All of them together take a tenth of a refit's time. On half the rows, a source that teaches nothing costs up to 3 %.
ROUNDS, LEAVES, LEARNING_RATE = 20, 15, 0.2
# Share of the gain below which a source is not tested: over a market's refits, such a source cost at most .6 % of WAPE.
LEAST_GAIN_SHARE = 0.05


def predictions_without(
    rows: TrainingRows, cube: FeatureCube, regular: Bools, gains: pd.Series, recipe: Recipe
) -> dict[str, Floats]:
    """Return predictions of the small learner in units by the source that it learned without, each (n, horizons).

    ``EVERY_COLUMN`` is the prediction with all columns. Intermittent SKUs are NaN. Empty if no source has
    ``LEAST_GAIN_SHARE``, or with too few rows of regular SKUs.

    Args:
        rows: Rows that the refit learned from.
        cube: Features of the refit's origin.
        regular: (n,) True for its regular SKUs.
        gains: Gain of each column in the refit's own learners; those with the largest are learned from.
        recipe: Parameters of the refit.
    """
    own = rows.where(~rows.is_intermittent)
    kept = gains.sort_values(ascending=False, kind="stable").iloc[: recipe.kept_features]
    names, table = kept.index.tolist(), pd.DataFrame(columns=kept.index)
    sources = {source: {*columns_of(source, table)} for source in SOURCES}
    least = LEAST_GAIN_SHARE * kept.sum()
    sources = {source: columns for source, columns in sources.items() if columns and kept[[*columns]].sum() >= least}
    if not sources or len(own) < MIN_ROWS_OF_A_KIND or not regular.any():
        return {}
    small = _SmallLearner(own, cube.where(regular), names, recipe)
    muted: dict[str, set[str]] = {EVERY_COLUMN: set(), **sources}
    predictions = {}
    for source, columns in muted.items():
        predictions[source] = np.full((len(regular), cube.horizon_months), np.nan)
        predictions[source][regular] = small.predict(columns)
    return predictions


class _SmallLearner:
    """The learner of the logarithm, on rows that are binned once for all sources."""

    def __init__(self, rows: TrainingRows, cube: FeatureCube, names: list[str], recipe: Recipe) -> None:
        from forecast_assets.domain.models.boosting_library import lightgbm

        self.learner = next(learner for learner in LEARNERS if learner.name == "log_ratio")
        self.names, self.recipe, self.cube = names, recipe, cube
        self.columns = pd.Index(cube.names.all).get_indexer(pd.Index(names))
        count, horizons = cube.by_horizon.shape[:2]
        ahead = cube.rows(np.repeat(np.arange(count), horizons), np.tile(np.arange(1, horizons + 1), count))
        self.ahead = ahead[:, self.columns]
        binning = {"verbosity": -1, "num_threads": recipe.threads, "max_bin": recipe.max_bin}
        self.rows = lightgbm.Dataset(
            rows.features[:, self.columns],
            self.learner.target(rows),
            weight=np.sqrt(rows.scale_units),
            feature_name=names,
            params=binning,
        )

    def predict(self, muted: set[str]) -> Floats:
        """Train with muted columns, whose splits gain nothing, and return the units of the cube, (n, horizons)."""
        from forecast_assets.domain.models.boosting_library import lightgbm

        parameters = self.learner.parameters(self.recipe) | {
            "num_leaves": LEAVES,
            "learning_rate": LEARNING_RATE,
            "feature_contri": [0.0 if name in muted else 1.0 for name in self.names],
        }
        booster = lightgbm.train(parameters, self.rows, ROUNDS)
        raw = np.asarray(booster.predict(self.ahead, num_threads=self.recipe.threads))
        theta, statistical = self.cube.anchor("theta"), self.cube.anchor("statistical_mean")
        scaled = self.learner.restore(raw.reshape(theta.shape), theta, statistical)
        units: Floats = np.maximum(scaled, 0.0) * self.cube.scale_units[:, None]
        return units
