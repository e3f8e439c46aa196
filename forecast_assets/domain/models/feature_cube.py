"""Rows of features at every horizon, as arrays that training and prediction cut their rows from.

Both sides use this module, so a column means the same in training and in prediction.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Floats32, Ints
from forecast_assets.domain.features.columns import (
    DESCRIPTIVE_COLUMNS,
    horizon_column,
    is_in_units,
    split_columns,
)

HORIZON_NAME = "horizon_months"
# Learners read these besides the columns, so they are kept even if constant (a market that sold nothing).
ALWAYS_KEPT = ("ses", "theta", "statistical_mean")


@dataclasses.dataclass(frozen=True)
class FeatureNames:
    """Names of the learned columns: ``origin`` as stored, ``by_horizon`` without their ``_hNN``."""

    origin: tuple[str, ...]
    by_horizon: tuple[str, ...]

    def only(self, chosen: set[str]) -> "FeatureNames":
        """Return the chosen columns, and those that learners read besides the columns."""
        kept = chosen | {*ALWAYS_KEPT}
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
        names: Names of the columns.
        origin: (n, len(names.origin)) float32.
        by_horizon: (n, horizons, len(names.by_horizon)) float32.
        scale_units: (n,) level that the units are divided by.
    """

    names: FeatureNames
    origin: Floats32
    by_horizon: Floats32
    scale_units: Floats

    @property
    def horizon_months(self) -> int:
        """Number of horizons."""
        return int(self.by_horizon.shape[1])

    def rows(self, sku_origins: Ints, horizons: Ints) -> Floats32:
        """Return rows to learn from or to predict: SKU-origin ``sku_origins[i]`` at ``horizons[i]`` (1-based)."""
        month_ahead = horizons.astype(np.float32)[:, None]
        return np.hstack([self.origin[sku_origins], self.by_horizon[sku_origins, horizons - 1], month_ahead])

    def where(self, mask: Bools) -> "FeatureCube":
        """Return the SKU-origins of a mask."""
        return FeatureCube(self.names, self.origin[mask], self.by_horizon[mask], self.scale_units[mask])

    def anchor(self, name: str) -> Floats:
        """Return the forecast that learners compare demand with, (n, horizons), in multiples of the scale."""
        return self.value(name).astype(np.float64)

    def value(self, name: str) -> Floats32:
        """Return a feature that differs by horizon, (n, horizons), in multiples of the scale if it is a level."""
        values: Floats32 = self.by_horizon[:, :, self.names.by_horizon.index(name)]
        return values


def feature_names(features: pd.DataFrame) -> FeatureNames:
    """Return the columns with more than one value in the table of features; the others teach nothing.

    Columns of sources that a market does not have are null throughout.
    """
    described = [name for name in DESCRIPTIVE_COLUMNS if name in features]
    numbers = features.drop(columns=described).select_dtypes("number")  # A stored table has partition columns, too.
    values = numbers.to_numpy(np.float32)
    known = ~np.isnan(values)
    low = np.min(values, axis=0, where=known, initial=np.inf)
    high = np.max(values, axis=0, where=known, initial=-np.inf)
    partly_null = known.any(axis=0) & ~known.all(axis=0)
    origin, by_horizon = split_columns(numbers.columns[(high > low) | partly_null])
    return FeatureNames(tuple(origin), tuple(sorted({*by_horizon, *ALWAYS_KEPT})))


def feature_cube(features: pd.DataFrame, names: FeatureNames, horizon_months: int) -> FeatureCube:
    """Return the arrays of a table of features.

    Args:
        features: One row per SKU and origin, with ``scale_units``.
        names: Columns to take; missing ones, such as a brand of a later year, are NaN.
        horizon_months: Number of horizons, 1 .. n.
    """
    scale = features["scale_units"].to_numpy(float)
    at_origin = features.reindex(columns=list(names.origin)).to_numpy(np.float32, copy=True)
    wide = [horizon_column(name, h) for h in range(1, horizon_months + 1) for name in names.by_horizon]
    ahead = (
        features.reindex(columns=wide)
        .to_numpy(np.float32, copy=True)
        .reshape(len(features), horizon_months, len(names.by_horizon))
    )
    at_origin[:, [is_in_units(name) for name in names.origin]] /= scale[:, None]
    ahead[:, :, [is_in_units(name) for name in names.by_horizon]] /= scale[:, None, None]
    return FeatureCube(names, at_origin, ahead, scale)
