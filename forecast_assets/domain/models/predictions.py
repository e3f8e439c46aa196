"""Predictions of trained boosters and of the statistical members at an origin, and their blend.

The same functions serve the forecast, the refits that weights and widths are learned from, and the backtest. What is
learned from the refits is in ``refits.py``.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.features.columns import horizon_column
from forecast_assets.domain.models.boosters import TrainedBoosters
from forecast_assets.domain.models.error_scale import error_scale, towards_market
from forecast_assets.domain.models.feature_cube import FeatureCube, feature_cube
from forecast_assets.domain.models.gradient_boosting import predict_direct
from forecast_assets.domain.models.intermittent import blend_intermittent
from forecast_assets.domain.models.member_registry import member_forecast, member_of, weighed
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.sku_traits import sku_traits
from forecast_assets.domain.models.training_rows import dispersion_units, is_intermittent
from forecast_assets.domain.statistical.forecast_cap import cap_forecasts

# Share of the boosting in the mean of an intermittent SKU; the rest is simple exponential smoothing.
BOOSTING_SHARE_OF_MEAN = 2 / 3
MEMBER_MONTHS = 120
# Demand expected from promotions, sell-out and stock (``features/expected_demand.py``), if a market has them.
EXPECTED = "expected_units"


@dataclasses.dataclass(frozen=True)
class Predictions:
    """Predictions at one origin, in units, before the blend.

    Attributes:
        skus: (n,).
        boosting: (n, horizon) the direct boosting; for intermittent SKUs the whole forecast.
        members: (n, horizon) weighted mean of the members; for intermittent SKUs the whole forecast.
        is_intermittent: (n,).
        scale_units: (n,) level of the SKU.
        dispersion_units: (n,) typical one-step error of the SKU, in seasonally adjusted units.
        history: (n, months) sell-in up to the origin, at the current level (``DemandPanel.at_level``).
        error_units: (n, horizon) typical error of the SKU at each horizon (``error_scale.py``).
        expected_units: (n, horizon) mean demand of intermittent SKUs, before a quantile is blended in; else 0.
        planned_units: (n, horizon) the feature ``expected_units``: demand expected from promotions, sell-out and stock.
            NaN for intermittent SKUs, and for a SKU without it at any horizon.
        by_member: (n, horizon, members) forecast of each member in the order of the recipe's weights; for intermittent
            SKUs the whole forecast. A member that has learned nothing has the mean of the others.
        traits: (n, traits) of each SKU (``sku_traits.py``).
        boosting_odds: (n,) what the odds of the boosting against the members are multiplied by: 1 unless weighed by SKU
            (``sku_weights.py``).
    """

    skus: Labels
    boosting: Floats
    members: Floats
    is_intermittent: Bools
    scale_units: Floats
    dispersion_units: Floats
    history: Floats
    error_units: Floats
    expected_units: Floats
    planned_units: Floats
    by_member: Floats
    traits: Floats
    boosting_odds: Floats

    def with_planned(self, share: float) -> "Predictions":
        """Return these predictions with a share of the planned units in the members, where they are known."""
        mixed = (1.0 - share) * self.members + share * self.planned_units
        members = np.where(np.isfinite(self.planned_units), mixed, self.members)
        planned = self.planned_units[:, :, None]
        each = np.where(np.isfinite(planned), (1.0 - share) * self.by_member + share * planned, self.by_member)
        return dataclasses.replace(self, members=members, by_member=each)

    def mixed(self, other: "Predictions", share: float) -> "Predictions":
        """Return these predictions with a share of another's, of the same SKUs at the same origin."""
        return dataclasses.replace(
            self,
            boosting=(1.0 - share) * self.boosting + share * other.boosting,
            members=(1.0 - share) * self.members + share * other.members,
            by_member=(1.0 - share) * self.by_member + share * other.by_member,
            expected_units=(1.0 - share) * self.expected_units + share * other.expected_units,
        )

    def blended(self, boosting_weight: float) -> Floats:
        """Return the point forecast, (n, horizon), between zero and the cap."""
        weight = weight_by_sku(boosting_weight, self.boosting_odds)[:, None]
        mixed = weight * self.boosting + (1.0 - weight) * self.members
        return cap_forecasts(mixed, self.history)


def weight_by_sku(boosting_weight: float, odds: Floats) -> Floats:
    """Return the weight of the direct boosting of each SKU, (n,): the market's weight, its odds multiplied by ``odds``.

    Odds of 1 leave the market's weight.
    """
    weight: Floats = boosting_weight * odds / (boosting_weight * odds + (1.0 - boosting_weight))
    return weight


@dataclasses.dataclass
class Members:
    """Forecasts of the members at one origin. Those that learn over no SKUs depend on no text: each is computed once.

    Attributes:
        panel: SKUs of the features, up to the origin, extremes replaced (``DemandPanel.learnable``).
        recipe: Weights of the members; those without a weight are not computed.
        horizon_months: Number of months to forecast.
        computed: The last mask and the forecasts of members that learn over no SKUs, by name.
    """

    panel: DemandPanel
    recipe: Recipe
    horizon_months: int
    computed: tuple[Bools, dict[str, Floats]] | None = None

    def forecasts_of(self, mask: Bools, learned: Mapping[str, Mapping[str, str]]) -> dict[str, Floats]:
        """Return the forecasts of the SKUs of a mask, (n, horizon) by name; without members that have learned nothing.

        Args:
            mask: SKUs to forecast.
            learned: Texts of the members that learn over SKUs, by member.
        """
        panel = DemandPanel(self.panel.skus[mask], self.panel.months, self.panel.units[mask])
        if self.computed is None or not np.array_equal(self.computed[0], mask):
            alone = [name for name in weighed(self.recipe) if not member_of(name).learns_over_skus]
            self.computed = mask, {name: self._forecast(name, {}, panel) for name in alone}
        learners = [name for name in weighed(self.recipe) if learned.get(name)]
        return self.computed[1] | {name: self._forecast(name, learned[name], panel) for name in learners}

    def _forecast(self, name: str, learned: Mapping[str, str], panel: DemandPanel) -> Floats:
        return member_forecast(name, learned, panel, self.horizon_months, self.recipe)


def predict(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    boosters: TrainedBoosters,
    recipe: Recipe,
    horizon_months: int = HORIZON_MONTHS,
    planned_alone: bool = False,
) -> Predictions:
    """Return the predictions of boosters for every row of one origin's features.

    Raises:
        ValueError: If the features span several origins or hold a SKU without sell-in.
    """
    return predict_each(features, sell_in, [boosters], recipe, horizon_months, planned_alone)[0]


def predict_each(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    several: Sequence[TrainedBoosters],
    recipe: Recipe,
    horizon_months: int = HORIZON_MONTHS,
    planned_alone: bool = False,
) -> list[Predictions]:
    """Return the predictions of each of several boosters, as ``predict`` does; they share the statistical members.

    ``planned_alone``: planned units have the whole share, so members are computed for SKUs without them alone.
    """
    origin = only_origin(features)
    known = sell_in.at_level(origin, MEMBER_MONTHS)
    history = _history(features, known)
    sporadic = is_intermittent(features)
    learnable = _history(features, sell_in.learnable(origin, MEMBER_MONTHS))
    of_members = Members(DemandPanel(features["sku"].to_numpy(), known.months, learnable), recipe, horizon_months)
    dispersion = dispersion_units(features)
    errors = error_scale(features, learnable, known.months.month.to_numpy(), dispersion, horizon_months)
    planned = np.where(sporadic[:, None], np.nan, _planned(features, horizon_months))
    predictions = []
    for boosters in several:
        cube = feature_cube(features, boosters.names, horizon_months)
        boosting, members, expected = np.zeros((3, len(features), horizon_months))
        by_member = np.zeros((len(features), horizon_months, len(weighed(recipe))))
        if sporadic.any():
            blended, expected[sporadic] = _intermittent(cube.where(sporadic), boosters, recipe)
            boosting[sporadic] = members[sporadic] = blended
            by_member[sporadic] = blended[:, :, None]
        if not sporadic.all():
            boosting[~sporadic] = _regular(cube.where(~sporadic), boosters, recipe)
            alone = ~sporadic & planned_alone & np.isfinite(planned).all(axis=1)
            members[alone], by_member[alone] = planned[alone], planned[alone][:, :, None]
            if (needed := ~sporadic & ~alone).any():
                members[needed], by_member[needed] = _weighted_mean(needed, of_members, boosters, boosting[needed])
        predictions.append(
            Predictions(
                features["sku"].to_numpy(),
                boosting,
                members,
                sporadic,
                cube.scale_units,
                dispersion,
                history,
                error_units=towards_market(errors, cube.scale_units, np.isfinite(history).sum(axis=1), ~sporadic),
                expected_units=expected,
                planned_units=planned,
                by_member=by_member,
                traits=sku_traits(features),
                boosting_odds=np.ones(len(features)),
            )
        )
    return predictions


def _regular(cube: FeatureCube, boosters: TrainedBoosters, recipe: Recipe) -> Floats:
    """Predict regular SKUs, (n, horizon); by the boosters of intermittent SKUs if no regular SKU was learned from."""
    boosted = predict_direct(boosters.direct, cube, "regular", recipe.threads)
    if boosted is None:
        boosted = predict_direct(boosters.direct, cube, "intermittent", recipe.threads)
    if boosted is None:
        raise ValueError(f"expected a direct booster of regular or intermittent SKUs, got {sorted(boosters.direct)}")
    return np.maximum(boosted, 0.0) * cube.scale_units[:, None]


def _intermittent(cube: FeatureCube, boosters: TrainedBoosters, recipe: Recipe) -> tuple[Floats, Floats]:
    """Predict intermittent SKUs and their mean demand, each (n, horizon).

    The boosters of regular SKUs predict if no intermittent SKU was learned from.
    """
    boosted = predict_direct(boosters.direct, cube, "intermittent", recipe.threads)
    if boosted is None:
        regular = _regular(cube, boosters, recipe)
        return regular, regular
    scale = cube.scale_units[:, None]
    smoothed = cube.value("ses").astype(np.float64) * scale
    mean = BOOSTING_SHARE_OF_MEAN * np.maximum(boosted, 0.0) * scale + (1 - BOOSTING_SHARE_OF_MEAN) * smoothed
    quantile = predict_direct(boosters.direct, cube, "quantile", recipe.threads)
    return blend_intermittent(mean, None if quantile is None else quantile * scale, recipe.sharpness), mean


def _planned(features: pd.DataFrame, horizon_months: int) -> Floats:
    """Return the expected units of each SKU, (n, horizon); NaN for a SKU without them at any horizon."""
    columns = [horizon_column(EXPECTED, horizon) for horizon in range(1, horizon_months + 1)]
    units = features.reindex(columns=columns).to_numpy(np.float64, copy=True)
    return np.where(np.isfinite(units).all(axis=1)[:, None], units, np.nan)


def _weighted_mean(
    mask: Bools, of_members: Members, boosters: TrainedBoosters, boosting: Floats
) -> tuple[Floats, Floats]:
    """Return the weighted mean of the members besides the direct boosting, (n, horizon), and each of them.

    The boosting stands in where no member with a weight has a forecast: a member that learns over SKUs may have had too
    little history. If others have one, their mean stands in for it among each, (n, horizon, members).
    """
    forecasts = of_members.forecasts_of(mask, boosters.members)
    usual = weighed(of_members.recipe)
    weights = {name: weight for name, weight in usual.items() if name in forecasts}
    total = np.zeros((int(mask.sum()), of_members.horizon_months))
    for name, weight in weights.items():
        total += weight * forecasts[name]
    mean = total / sum(weights.values()) if weights else boosting
    each = [forecasts.get(name, mean) for name in usual]
    return mean, np.stack(each, axis=2) if each else np.empty((*mean.shape, 0))


def only_origin(features: pd.DataFrame) -> pd.Timestamp:
    """Return the one origin month of a table of features.

    Raises:
        ValueError: If there are several, or none.
    """
    origins = features["origin_month"].unique()
    if len(origins) != 1:
        raise ValueError(f"expected features of one origin month, got {len(origins)}: {origins[:3]}")
    return pd.Timestamp(origins[0])


def _history(features: pd.DataFrame, known: DemandPanel) -> Floats:
    """Return the sell-in of the features' SKUs up to the origin, in their order."""
    rows = pd.Index(known.skus).get_indexer(pd.Index(features["sku"]))
    if (rows < 0).any():
        missing = features["sku"].to_numpy()[rows < 0][:5].tolist()
        raise ValueError(f"no sell-in for {(rows < 0).sum()} SKUs of the features, first: {missing}")
    history: Floats = known.units[rows]
    return history
