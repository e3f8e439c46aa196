"""The trained parts of the market's model and what they answer at an origin.

The same functions serve the forecast, the refits that weights and widths are learned from, and the backtest. Not here:
what is learned from the refits (``refits.py``) and how a model is stored (``market_model.py``).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.cleaning.history_cleaning import COVID
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.feature_cube import (
    EXPECTED,
    FeatureCube,
    FeatureNames,
    feature_cube,
    feature_names,
)
from forecast_assets.domain.models.gradient_boosting import fit_boosters, predict_boosters
from forecast_assets.domain.models.intermittent import blend_intermittent
from forecast_assets.domain.models.recipe import HORIZON_MONTHS, Recipe
from forecast_assets.domain.models.recursive_boosting import fit_recursive, forecast_recursive
from forecast_assets.domain.models.training_rows import (
    TrainingRows,
    dispersion_units,
    is_intermittent,
    training_rows,
)
from forecast_assets.domain.statistical.dynamic_theta import forecast_dynamic_theta
from forecast_assets.domain.statistical.exponential_smoothing import forecast_exponential_smoothing
from forecast_assets.domain.statistical.forecast_cap import cap_forecasts
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters

# Share of the boosting in the mean of an intermittent SKU; the rest is simple exponential smoothing.
BOOSTING_SHARE_OF_MEAN = 2 / 3
MEMBER_MONTHS = 120


@dataclasses.dataclass(frozen=True)
class Parts:
    """What was trained: columns, direct and recursive boosters as LightGBM texts by name."""

    names: FeatureNames
    boosters: dict[str, str]
    recursive: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Answers:
    """What the parts say at one origin, in units, before the blend.

    Attributes:
        skus: (n,).
        boosting: (n, horizon) the direct boosting; for intermittent SKUs the whole forecast.
        members: (n, horizon) expected units or weighted mean of the members; for intermittent SKUs the whole forecast.
        is_intermittent: (n,).
        scale_units: (n,) level of the SKU.
        dispersion_units: (n,) typical one-step error of the SKU, in seasonally adjusted units.
        history: (n, months) sell-in up to the origin.
    """

    skus: Floats
    boosting: Floats
    members: Floats
    is_intermittent: Floats
    scale_units: Floats
    dispersion_units: Floats
    history: Floats

    def mixed(self, other: "Answers", share: float) -> "Answers":
        """These answers with a share of another's; both about the same SKUs at the same origin."""
        return dataclasses.replace(
            self,
            boosting=(1.0 - share) * self.boosting + share * other.boosting,
            members=(1.0 - share) * self.members + share * other.members,
        )

    def blended(self, boosting_weight: float) -> Floats:
        """The point forecast, (n, horizon), between zero and the cap."""
        mixed = boosting_weight * self.boosting + (1.0 - boosting_weight) * self.members
        return cap_forecasts(mixed, self.history)


def fit_parts(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    cutoff: pd.Timestamp,
    recipe: Recipe,
    chosen: set[str] | None = None,
) -> tuple[Parts, TrainingRows]:
    """Train all learners on what is known at the end of the cutoff month.

    Args:
        features: Features of origins before the cutoff; others are ignored, for the columns too.
        sell_in: Panel that reaches the cutoff; later months are ignored.
        chosen: Columns to learn from; None: all that vary.

    Returns:
        The parts and the rows the direct boosters learned from.

    Raises:
        TooFewRowsError: If there is too little history.
    """
    earlier = features[features["origin_month"] < cutoff]
    names = feature_names(earlier)
    names = names if chosen is None else names.only(chosen)
    rows = training_rows(earlier, names, sell_in, cutoff, recipe)
    # Its labels are the changes of the history itself. Accidents stay in them, as in all labels (WAPE on M3 0.1097 and
    # 0.1099 without them); a shock of the whole market would be learned as the season of its months.
    known = sell_in.learnable(cutoff, reasons=(COVID,))
    recursive = fit_recursive(known.units, known.months.month.to_numpy(), recipe)
    return Parts(names, fit_boosters(rows, names.all, recipe), recursive), rows


def answers(features: pd.DataFrame, sell_in: DemandPanel, parts: Parts, recipe: Recipe) -> Answers:
    """What the parts say about every row of one origin's features.

    Raises:
        ValueError: If the features span several origins or hold a SKU without sell-in.
    """
    return answers_of_each(features, sell_in, [parts], recipe)[0]


def answers_of_each(
    features: pd.DataFrame, sell_in: DemandPanel, several: Sequence[Parts], recipe: Recipe
) -> list[Answers]:
    """What each of several parts says, as ``answers`` does; the statistical members are computed once for all."""
    origin = only_origin(features)
    known = sell_in.until(origin, MEMBER_MONTHS)
    history = _history(features, known)
    sporadic = is_intermittent(features)
    months = known.months.month.to_numpy()
    learnable = _history(features, sell_in.learnable(origin, MEMBER_MONTHS))
    statistical = StatisticalMembers(learnable, months, recipe)
    made = []
    for parts in several:
        cube = feature_cube(features, parts.names, HORIZON_MONTHS)
        boosting, members = np.zeros((2, len(features), HORIZON_MONTHS))
        if sporadic.any():
            boosting[sporadic] = members[sporadic] = _intermittent(cube.where(sporadic), parts, recipe)
        if not sporadic.all():
            boosting[~sporadic] = _regular(cube.where(~sporadic), parts, recipe)
            members[~sporadic] = _others(cube, ~sporadic, statistical, parts)[~sporadic]
        skus, dispersion = features["sku"].to_numpy(), dispersion_units(features)
        made.append(Answers(skus, boosting, members, sporadic, cube.scale_units, dispersion, history))
    return made


def _regular(cube: FeatureCube, parts: Parts, recipe: Recipe) -> Floats:
    boosted = predict_boosters(parts.boosters, cube, "regular", recipe.threads)
    if boosted is None:
        boosted = predict_boosters(parts.boosters, cube, "intermittent", recipe.threads)
    return np.maximum(boosted, 0.0) * cube.scale_units[:, None]


def _intermittent(cube: FeatureCube, parts: Parts, recipe: Recipe) -> Floats:
    boosted = predict_boosters(parts.boosters, cube, "intermittent", recipe.threads)
    if boosted is None:
        return _regular(cube, parts, recipe)
    scale = cube.scale_units[:, None]
    smoothed = cube.value("ses").astype(float) * scale
    mean = BOOSTING_SHARE_OF_MEAN * np.maximum(boosted, 0.0) * scale + (1 - BOOSTING_SHARE_OF_MEAN) * smoothed
    quantile = predict_boosters(parts.boosters, cube, "quantile", recipe.threads)
    return blend_intermittent(mean, None if quantile is None else quantile * scale, recipe.sharpness)


@dataclasses.dataclass
class StatisticalMembers:
    """Members that learn from each SKU alone, so they are the same whatever was trained; each is computed once.

    Attributes:
        units: (n, months) sell-in up to the origin that a level is learned from (``DemandPanel.learnable``).
        calendar_months: (months,) 1 .. 12.
        recipe: Which have a weight.
        made: What was computed so far: the SKUs asked for and the forecasts by name.
    """

    units: Floats
    calendar_months: Floats
    recipe: Recipe
    made: tuple[Floats, dict[str, Floats]] | None = None

    def of(self, mask: Floats) -> dict[str, Floats]:
        """Forecasts of the SKUs of a mask, (n, horizon) by name."""
        if self.made is None or not np.array_equal(self.made[0], mask):
            units = self.units[mask]
            makers = {
                "dynamic_theta": lambda: forecast_dynamic_theta(units, self.calendar_months, HORIZON_MONTHS),
                "exponential_smoothing": lambda: forecast_exponential_smoothing(units, HORIZON_MONTHS),
                "holt_winters": lambda: forecast_holt_winters(units, HORIZON_MONTHS),
            }
            weights = self.recipe.member_weights
            self.made = mask, {name: makers[name]() for name, weight in weights if name in makers and weight > 0.0}
        return self.made[1]


def _others(cube: FeatureCube, asked: Floats, statistical: StatisticalMembers, parts: Parts) -> Floats:
    """What is blended with the direct boosting, (n, horizon): the expected units where known, else the members.

    Zero for SKUs that are not asked for.
    """
    unknown = asked
    others = np.zeros((len(asked), HORIZON_MONTHS))
    if EXPECTED in cube.names.by_horizon:
        expected = cube.value(EXPECTED).astype(float) * cube.scale_units[:, None]
        known = asked & np.isfinite(expected).all(axis=1)
        others[known] = expected[known]
        unknown = asked & ~known
    if unknown.any():
        others[unknown] = _members(unknown, statistical, parts)
    return others


def _members(mask: Floats, statistical: StatisticalMembers, parts: Parts) -> Floats:
    """Weighted mean of the members besides the direct boosting, (n, horizon), of the SKUs of a mask."""
    weights = {name: weight for name, weight in statistical.recipe.member_weights if weight > 0.0}
    forecasts = dict(statistical.of(mask))
    if parts.recursive and "recursive" in weights:
        months, threads = statistical.calendar_months, statistical.recipe.threads
        forecasts["recursive"] = forecast_recursive(
            parts.recursive, statistical.units[mask], months, HORIZON_MONTHS, threads
        )
    weights = {name: weight for name, weight in weights.items() if name in forecasts}
    return sum(weight * forecasts[name] for name, weight in weights.items()) / sum(weights.values())


def only_origin(features: pd.DataFrame) -> pd.Timestamp:
    """The one origin month of a table of features.

    Raises:
        ValueError: If there are several, or none.
    """
    origins = features["origin_month"].unique()
    if len(origins) != 1:
        raise ValueError(f"features of one origin month expected, got {len(origins)}: {origins[:3]}")
    return pd.Timestamp(origins[0])


def _history(features: pd.DataFrame, known: DemandPanel) -> Floats:
    """Sell-in of the features' SKUs up to the origin, in their order."""
    places = pd.Index(known.skus).get_indexer(features["sku"])
    if (places < 0).any():
        missing = features["sku"].to_numpy()[places < 0][:5].tolist()
        raise ValueError(f"no sell-in for {(places < 0).sum()} SKUs of the features, first: {missing}")
    return known.units[places]
