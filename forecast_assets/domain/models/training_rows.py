"""Rows a model learns from: SKU x origin x horizon, each with the sell-in that followed.

Only months up to the cutoff serve as labels, whatever the table of features holds.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.feature_cube import FeatureCube, FeatureNames, feature_cube
from forecast_assets.domain.models.recipe import HORIZON_MONTHS, INTERMITTENT_ZERO_SHARE, Recipe

ONE_STEP_ERRORS = ("ses_one_step_mae", "theta_one_step_mae", "damped_holt_one_step_mae")
LEAST_DISPERSION = 0.02


@dataclasses.dataclass(frozen=True)
class TrainingRows:
    """A sample of rows; all of length k, units divided by the SKU's scale.

    Attributes:
        features: (k, columns) float32.
        actual: Sell-in of the target month.
        theta: Theta forecast of the target month made at the origin, or what is expected (``FeatureCube.anchor``).
        statistical: Mean of the statistical forecasts made at the origin, or what is expected.
        scale_units: The scale of the SKU at the origin.
        dispersion: Typical one-step error of the SKU at the origin.
        horizon_months: 1 .. 18.
        is_intermittent: Whether the SKU was intermittent at the origin.
    """

    features: Floats
    actual: Floats
    theta: Floats
    statistical: Floats
    scale_units: Floats
    dispersion: Floats
    horizon_months: Floats
    is_intermittent: Floats

    def where(self, mask: Floats) -> "TrainingRows":
        """The rows of a mask."""
        return TrainingRows(*(getattr(self, field.name)[mask] for field in dataclasses.fields(self)))

    def __len__(self) -> int:
        return len(self.actual)


class TooFewRowsError(ValueError):
    """There is not enough history to train a model."""


def following_units(features: pd.DataFrame, sell_in: DemandPanel, cutoff: pd.Timestamp) -> Floats:
    """Sell-in of the 18 months after each row's origin, (n, 18); NaN after the cutoff and where unknown."""
    start = sell_in.months[0]
    origin_place = month_number(features["origin_month"]) - month_number(start)
    target = origin_place[:, None] + np.arange(1, HORIZON_MONTHS + 1)[None, :]
    last_label = min(month_number(cutoff) - month_number(start), sell_in.units.shape[1] - 1)
    sku_place = pd.Index(sell_in.skus).get_indexer(features["sku"])
    inside = (target <= last_label) & (target >= 0) & (sku_place >= 0)[:, None]
    units = sell_in.units[np.maximum(sku_place, 0)[:, None], np.where(inside, target, 0)]
    return np.where(inside, units, np.nan)


def month_number(months: pd.Series | pd.Timestamp) -> Floats | int:
    """Months since year 0, so that differences are months."""
    if isinstance(months, pd.Timestamp):
        return months.year * 12 + months.month
    return (months.dt.year * 12 + months.dt.month).to_numpy()


def training_rows(
    features: pd.DataFrame, names: FeatureNames, sell_in: DemandPanel, cutoff: pd.Timestamp, recipe: Recipe
) -> TrainingRows:
    """Sample the rows of a model with the given cutoff.

    Args:
        features: Features of earlier origins, one row per SKU and origin. Origins from the cutoff on
            are ignored: nothing that followed them is known.
        names: Columns to learn from.
        sell_in: Panel that reaches the cutoff.
        cutoff: Last month whose sell-in may be a label: the origin month of the forecast.
        recipe: Number of rows and least history.

    Raises:
        TooFewRowsError: If not even 200 rows have a label and enough history.
    """
    usable = features[features["origin_month"] < cutoff]
    if len(usable):  # A table without rows has no feature columns either.
        usable = usable[usable["observations"] >= recipe.min_history_months]
    usable = usable.sort_values(["origin_month", "sku"], ignore_index=True)
    if len(usable) > recipe.sku_origins:
        drawn = np.random.default_rng(recipe.seed).choice(len(usable), recipe.sku_origins, replace=False)
        usable = usable.iloc[np.sort(drawn)].reset_index(drop=True)
    labels = following_units(usable, sell_in, cutoff)
    places, months = np.nonzero(np.isfinite(labels))
    if len(places) < 200:
        raise TooFewRowsError(
            f"{len(places)} rows with a label up to {cutoff:%Y-%m} from {usable['origin_month'].nunique()} earlier "
            f"origins; expected at least 200. Materialize features of more earlier months first."
        )
    if len(places) > recipe.training_rows:
        chosen = np.random.default_rng(recipe.seed).choice(len(places), recipe.training_rows, replace=False)
        chosen.sort()
        places, months = places[chosen], months[chosen]
    return _cut(feature_cube(usable, names, HORIZON_MONTHS), usable, labels, places, months)


def _cut(cube: FeatureCube, usable: pd.DataFrame, labels: Floats, places: Floats, months: Floats) -> TrainingRows:
    scale = cube.scale_units[places]
    return TrainingRows(
        features=cube.rows(places, months + 1),
        actual=labels[places, months] / scale,
        theta=cube.anchor("theta")[places, months],
        statistical=cube.anchor("statistical_mean")[places, months],
        scale_units=scale,
        dispersion=dispersion_units(usable)[places] / scale,
        horizon_months=months + 1,
        is_intermittent=is_intermittent(usable)[places],
    )


def sampled_skus(skus: Floats, origin: pd.Timestamp, origins: int, recipe: Recipe, least: int = 0) -> Floats:
    """A random share of the SKUs for whom features of an origin need to be made, where not all can be learned from.

    Args:
        skus: All SKUs.
        origins: Number of origins that rows are taken from.
        least: At least so many SKUs, where there are so many.

    Returns:
        As many of ``skus`` that all origins together give ``recipe.sku_origins`` rows, in their order.
    """
    count = min(len(skus), max(least, round(recipe.sku_origins / origins)))
    chosen = np.random.default_rng([recipe.seed, month_number(origin)]).choice(len(skus), count, replace=False)
    return skus[np.sort(chosen)]


def dispersion_units(features: pd.DataFrame) -> Floats:
    """Typical one-step error of each row's SKU in seasonally adjusted units, (n,), > 0; interval widths scale with it.

    The mean of the three smoothing methods' errors in sample, at least two per cent of the SKU's scale.
    """
    typical = features[list(ONE_STEP_ERRORS)].mean(axis=1).to_numpy(float)
    return np.fmax(typical, LEAST_DISPERSION * features["scale_units"].to_numpy(float))


def is_intermittent(features: pd.DataFrame) -> Floats:
    """Whether each row's SKU has more than 15 per cent zero months in the last 24."""
    return features["zero_share_24"].to_numpy(float) > INTERMITTENT_ZERO_SHARE
