"""Rows that a model learns from: SKU x origin x horizon, each with the sell-in that followed.

Only months up to the cutoff are labels, even if the table of features has later origins.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Floats32, Ints
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.mark_reasons import LATEST_HIGH, LATEST_LOW, OLD_LEVEL
from forecast_assets.domain.models.feature_cube import FeatureCube, FeatureNames, feature_cube
from forecast_assets.domain.models.recipe import INTERMITTENT_ZERO_SHARE, Recipe

LEAST_ROWS = 200
ONE_STEP_ERRORS = ("ses_one_step_mae", "theta_one_step_mae", "damped_holt_one_step_mae")
LEAST_DISPERSION = 0.02


@dataclasses.dataclass(frozen=True)
class TrainingRows:
    """A sample of rows; all of length k, units divided by the SKU's scale.

    Attributes:
        features: (k, columns) float32.
        actual: Sell-in of the target month.
        theta: Theta forecast of the target month from the origin.
        statistical: Mean of the statistical forecasts from the origin.
        scale_units: The scale of the SKU at the origin.
        dispersion: Typical one-step error of the SKU at the origin.
        horizon_months: 1 .. horizon.
        is_intermittent: True if the SKU was intermittent at the origin.
    """

    features: Floats32
    actual: Floats
    theta: Floats
    statistical: Floats
    scale_units: Floats
    dispersion: Floats
    horizon_months: Ints
    is_intermittent: Bools

    def where(self, mask: Bools) -> "TrainingRows":
        """Return the rows of a mask."""
        return TrainingRows(*(getattr(self, field.name)[mask] for field in dataclasses.fields(self)))

    def __len__(self) -> int:
        return len(self.actual)


class TooFewRowsError(ValueError):
    """Too little history to train a model."""


def following_units(
    features: pd.DataFrame, sell_in: DemandPanel, cutoff: pd.Timestamp, horizon_months: int = HORIZON_MONTHS
) -> Floats:
    """Return the sell-in after each row's origin, (n, horizon_months); NaN after the cutoff and where unknown.

    Units are those known at the end of the cutoff. NaN too where they teach nothing of the SKU: at extremes of the
    months before the cutoff, and after a large change of the level if the origin is before it.
    """
    start = month_number(sell_in.months[0])
    origin_column = month_numbers(features["origin_month"]) - start
    target = origin_column[:, None] + np.arange(1, horizon_months + 1)[None, :]
    last_label = min(month_number(cutoff) - start, sell_in.units.shape[1] - 1)
    row = pd.Index(sell_in.skus).get_indexer(pd.Index(features["sku"]))
    inside = (target <= last_label) & (target >= 0) & (row >= 0)[:, None]
    units = sell_in.units_known(cutoff)[np.maximum(row, 0)[:, None], np.where(inside, target, 0)]
    if sell_in.marks is not None:
        inside &= _teaches(sell_in, cutoff, np.maximum(row, 0)[:, None], origin_column[:, None], target)
    return np.where(inside, units, np.nan)


def _teaches(sell_in: DemandPanel, cutoff: pd.Timestamp, row: Ints, origin: Ints, target: Ints) -> Bools:
    """Return False where the unit of a target column is an extreme, or of another level than the origin's."""
    last = min(month_number(cutoff) - month_number(sell_in.months[0]), len(sell_in.months) - 1)
    at = np.clip(target, 0, last)
    is_extreme = sell_in.is_marked(cutoff, (LATEST_HIGH, LATEST_LOW))[row, at]
    is_old = sell_in.is_marked(cutoff, (OLD_LEVEL,))
    teaches: Bools = ~is_extreme & ~(is_old[row, np.clip(origin, 0, last)] & ~is_old[row, at])
    return teaches


def month_number(month: pd.Timestamp) -> int:
    """Return the months since year 0, so that differences are months."""
    return month.year * 12 + month.month


def month_numbers(months: pd.Series) -> Ints:
    """Return the ``month_number`` of each of ``months``."""
    numbers: Ints = (months.dt.year * 12 + months.dt.month).to_numpy()
    return numbers


def training_rows(
    features: pd.DataFrame,
    names: FeatureNames,
    sell_in: DemandPanel,
    cutoff: pd.Timestamp,
    recipe: Recipe,
    horizon_months: int = HORIZON_MONTHS,
) -> TrainingRows:
    """Sample the rows of a model with the given cutoff.

    Args:
        features: Features of earlier origins, one row per SKU and origin. Origins from the cutoff on are ignored,
            because no month after them is known.
        names: Columns to learn from.
        sell_in: Panel that reaches the cutoff.
        cutoff: Last month whose sell-in may be a label: the origin month of the forecast.
        recipe: Number of rows and least history.
        horizon_months: Number of months ahead to learn.

    Raises:
        TooFewRowsError: If fewer than 200 rows have a label and enough history.
    """
    usable = features[features["origin_month"] < cutoff]
    if len(usable):  # A table without rows has no feature columns either.
        usable = usable[usable["observations"] >= recipe.min_history_months]
    usable = usable.sort_values(["origin_month", "sku"], ignore_index=True)
    if len(usable) > recipe.sku_origins:
        drawn = np.random.default_rng(recipe.seed).choice(len(usable), recipe.sku_origins, replace=False)
        usable = usable.iloc[np.sort(drawn)].reset_index(drop=True)
    labels = following_units(usable, sell_in, cutoff, horizon_months)
    rows, months = np.nonzero(np.isfinite(labels))
    if len(rows) < LEAST_ROWS:
        raise TooFewRowsError(
            f"{len(rows)} rows with a label up to {cutoff:%Y-%m} from {usable['origin_month'].nunique()} earlier "
            f"origins; expected at least {LEAST_ROWS}. Materialize features of more earlier months first."
        )
    if len(rows) > recipe.training_rows:
        chosen = np.random.default_rng(recipe.seed).choice(len(rows), recipe.training_rows, replace=False)
        chosen.sort()
        rows, months = rows[chosen], months[chosen]
    return _cut(feature_cube(usable, names, horizon_months), usable, labels, rows, months)


def _cut(cube: FeatureCube, usable: pd.DataFrame, labels: Floats, sku_origins: Ints, months: Ints) -> TrainingRows:
    scale = cube.scale_units[sku_origins]
    return TrainingRows(
        features=cube.rows(sku_origins, months + 1),
        actual=labels[sku_origins, months] / scale,
        theta=cube.anchor("theta")[sku_origins, months],
        statistical=cube.anchor("statistical_mean")[sku_origins, months],
        scale_units=scale,
        dispersion=dispersion_units(usable)[sku_origins] / scale,
        horizon_months=months + 1,
        is_intermittent=is_intermittent(usable)[sku_origins],
    )


def dispersion_units(features: pd.DataFrame) -> Floats:
    """Return the typical one-step error of each row's SKU in seasonally adjusted units, (n,), > 0.

    Interval widths scale with it. It is the mean of the three smoothing methods' errors in sample, at least 2 % of the
    SKU's scale.
    """
    typical = features[list(ONE_STEP_ERRORS)].mean(axis=1).to_numpy(float)
    dispersion: Floats = np.fmax(typical, LEAST_DISPERSION * features["scale_units"].to_numpy(float))
    return dispersion


def is_intermittent(features: pd.DataFrame) -> Bools:
    """Return True for each row whose SKU has more than 15 % zero months in the last 24."""
    return features["zero_share_24"].to_numpy(float) > INTERMITTENT_ZERO_SHARE
