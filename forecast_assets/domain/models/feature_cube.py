"""One features row seen at every horizon: the arrays that training and prediction cut their rows from.

Both sides use this file, so a column cannot mean one thing in training and another in prediction.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.features.columns import (
    DESCRIPTIVE_COLUMNS,
    horizon_column,
    is_in_units,
    split_columns,
)

HORIZON_NAME = "horizon_months"
# What promotions, sell-out and the trade's stock let expect (``features.expected_demand``), where a market has them.
EXPECTED = "expected_units"
# Learners read these beside the columns, so they are kept even where they do not vary (a market that sold nothing).
ALWAYS_KEPT = ("ses", "theta", "statistical_mean")


@dataclasses.dataclass(frozen=True)
class FeatureNames:
    """Names of the learned columns: ``origin`` as stored, ``by_horizon`` without their ``_hNN``."""

    origin: tuple[str, ...]
    by_horizon: tuple[str, ...]

    def only(self, chosen: set[str]) -> "FeatureNames":
        """The chosen columns, and those that learners read beside the columns."""
        kept = chosen | {*ALWAYS_KEPT, EXPECTED}
        return FeatureNames(
            tuple(name for name in self.origin if name in chosen),
            tuple(name for name in self.by_horizon if name in kept),
        )

    @property
    def all(self) -> list[str]:
        """Names of the columns of a training row, in order."""
        return [*self.origin, *self.by_horizon, HORIZON_NAME]


@dataclasses.dataclass(frozen=True)
class FeatureCube:
    """Features of n SKU-origins as arrays, levels divided by the SKU's scale.

    Attributes:
        names: What the columns are.
        origin: (n, len(names.origin)) float32.
        by_horizon: (n, horizons, len(names.by_horizon)) float32.
        scale_units: (n,) level the units are divided by.
    """

    names: FeatureNames
    origin: Floats
    by_horizon: Floats
    scale_units: Floats

    @property
    def horizon_months(self) -> int:
        """Number of horizons."""
        return self.by_horizon.shape[1]

    def rows(self, places: Floats, horizons: Floats) -> Floats:
        """Rows to learn from or to predict: SKU-origin ``places[i]`` at ``horizons[i]`` (1-based), float32."""
        month_ahead = horizons.astype(np.float32)[:, None]
        return np.hstack([self.origin[places], self.by_horizon[places, horizons - 1], month_ahead])

    def where(self, mask: Floats) -> "FeatureCube":
        """The SKU-origins of a mask."""
        return FeatureCube(self.names, self.origin[mask], self.by_horizon[mask], self.scale_units[mask])

    def anchor(self, name: str) -> Floats:
        """What the learners measure demand against, (n, horizons), in multiples of the scale.

        ``expected_units``, which knows promotions and the trade's stock, where a market has them; else the forecast of
        the name.
        """
        statistical = self.value(name).astype(float)
        if EXPECTED not in self.names.by_horizon:
            return statistical
        expected = self.value(EXPECTED).astype(float)
        return np.where(np.isfinite(expected), expected, statistical)

    def value(self, name: str) -> Floats:
        """A feature that differs by horizon, (n, horizons), in multiples of the scale if it is a level."""
        return self.by_horizon[:, :, self.names.by_horizon.index(name)]


def feature_names(features: pd.DataFrame) -> FeatureNames:
    """Names of the columns worth learning from: those with more than one value in the table of features.

    Columns of sources a market does not have are null throughout and would only cost time.
    """
    described = [name for name in DESCRIPTIVE_COLUMNS if name in features]
    numbers = features.drop(columns=described).select_dtypes("number")  # A stored table names its partition, too.
    values = numbers.to_numpy(np.float32)
    known = ~np.isnan(values)
    low = np.min(values, axis=0, where=known, initial=np.inf)
    high = np.max(values, axis=0, where=known, initial=-np.inf)
    partly_null = known.any(axis=0) & ~known.all(axis=0)
    origin, by_horizon = split_columns(numbers.columns[(high > low) | partly_null])
    return FeatureNames(tuple(origin), tuple(sorted({*by_horizon, *ALWAYS_KEPT})))


def feature_cube(features: pd.DataFrame, names: FeatureNames, horizon_months: int) -> FeatureCube:
    """Arrays of a table of features.

    Args:
        features: One row per SKU and origin, with ``scale_units``.
        names: Columns to take; those the table lacks (a brand of a later year, say) are NaN.
        horizon_months: Number of horizons, 1 .. n.
    """
    scale = features["scale_units"].to_numpy(float)
    at_origin = features.reindex(columns=list(names.origin)).to_numpy(np.float32, copy=True)
    wide = [horizon_column(name, h) for h in range(1, horizon_months + 1) for name in names.by_horizon]
    ahead = features.reindex(columns=wide).to_numpy(np.float32, copy=True)
    ahead = ahead.reshape(len(features), horizon_months, len(names.by_horizon))
    at_origin[:, [is_in_units(name) for name in names.origin]] /= scale[:, None]
    ahead[:, :, [is_in_units(name) for name in names.by_horizon]] /= scale[:, None, None]
    return FeatureCube(names, at_origin, ahead, scale)
