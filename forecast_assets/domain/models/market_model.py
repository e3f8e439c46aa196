"""The model of a market: its training, with one of three outcomes, and its forecasts.

Assets and backtest call the same ``fit_market_model`` and ``forecast_units``, so the backtest measures what is
published. Storage is in ``market_model_storage.py``.
"""

import dataclasses
from typing import ClassVar, TypeAlias

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS, target_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.quantiles import QUANTILE_COLUMNS
from forecast_assets.domain.features.families import without
from forecast_assets.domain.models.boosters import TrainedBoosters, train_boosters
from forecast_assets.domain.models.distribution import (
    forecast_quantiles,
    quantiles_of_refits,
    quantiles_of_statistical_errors,
)
from forecast_assets.domain.models.pooled_model import PooledModel
from forecast_assets.domain.models.predictions import Predictions, only_origin, predict, predict_each, weight_by_sku
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refits import (
    LEAST_GAIN,
    LEAST_GAIN_OF_FEW,
    Refit,
    RefitCache,
    chosen_features,
    learned_planned_share,
    learned_share,
    learned_weight,
    refit_at_earlier_origins,
)
from forecast_assets.domain.models.sku_traits import sku_traits
from forecast_assets.domain.models.sku_weights import SkuWeights, learned_sku_weights, weighed_by_sku
from forecast_assets.domain.models.source_worth import OF_EXPECTED_UNITS, harmful_sources
from forecast_assets.domain.models.training_rows import TooFewRowsError


@dataclasses.dataclass(frozen=True)
class OwnAlone:
    """Outcome of training: the market's own boosters predict alone."""

    own: TrainedBoosters
    pooled: ClassVar[None] = None
    pooled_share: ClassVar[float] = 0.0


@dataclasses.dataclass(frozen=True)
class OwnWithPooled:
    """Outcome of training: own boosters with a share of boosters over all markets."""

    own: TrainedBoosters
    pooled: TrainedBoosters
    pooled_share: float


@dataclasses.dataclass(frozen=True)
class PooledAlone:
    """Outcome of training: boosters over all markets predict alone, because own history is too short or they win."""

    pooled: TrainedBoosters
    own: ClassVar[None] = None
    pooled_share: ClassVar[float] = 1.0


Learned: TypeAlias = OwnAlone | OwnWithPooled | PooledAlone


@dataclasses.dataclass(frozen=True)
class MarketModel:
    """A trained model.

    Attributes:
        cutoff: Last month whose sell-in was learned from.
        recipe: Parameters of the training.
        learned: The boosters that predict.
        boosting_weight: Weight of the direct boosting in the blend of regular SKUs.
        planned_share: Share of the planned units in the rest of the blend, of SKUs that have them.
        quantiles: Distances of the quantiles from the forecast by horizon, in scales of the SKU's error
            (``distribution.py``).
        rows: Number of the market's own rows that were learned from.
        refits: Number of refits behind weights and quantiles; 0: quantiles are those of the statistical forecasts.
        inputs_missing: Names of inputs that were missing.
        switched_off: Families of features that the model does not read because they cost WAPE (``source_worth.py``).
        sku_weights: Changes of the weights by the traits of a SKU; None: all SKUs have those of the market.
    """

    cutoff: pd.Timestamp
    recipe: Recipe
    learned: Learned
    boosting_weight: float
    quantiles: pd.DataFrame
    rows: int
    refits: int
    planned_share: float = 0.0
    inputs_missing: tuple[str, ...] = ()
    switched_off: tuple[str, ...] = ()
    sku_weights: SkuWeights | None = None

    @property
    def pooled_share(self) -> float:
        """Share of the pooled boosters in the prediction: 0 without them, 1 if they predict alone."""
        return self.learned.pooled_share

    @property
    def columns(self) -> list[str]:
        """Names of the features it reads; those of its own boosters if it has any."""
        boosters = self.learned.pooled if isinstance(self.learned, PooledAlone) else self.learned.own
        return boosters.names.all

    def gains(self) -> pd.Series:
        """Return the share of the gain that each feature has, largest first; of its own boosters if it has any."""
        boosters = self.learned.pooled if isinstance(self.learned, PooledAlone) else self.learned.own
        return boosters.gains().sort_values(ascending=False, kind="stable")

    def boosting_weights(self, features: pd.DataFrame) -> Floats:
        """Return the weight of the direct boosting in the blend of each row's SKU, (n,)."""
        if self.sku_weights is None:
            return np.full(len(features), self.boosting_weight)
        return weight_by_sku(self.boosting_weight, self.sku_weights.boosting_odds(sku_traits(features)))

    def predict(
        self, features: pd.DataFrame, sell_in: DemandPanel, horizon_months: int = HORIZON_MONTHS
    ) -> Predictions:
        """Return the predictions at the origin of the features, before the blend."""
        alone = self.planned_share >= 1.0
        match self.learned:
            case OwnAlone(boosters) | PooledAlone(boosters):
                predictions = predict(features, sell_in, boosters, self.recipe, horizon_months, alone)
            case OwnWithPooled(own, pooled, share):
                first, second = predict_each(features, sell_in, [own, pooled], self.recipe, horizon_months, alone)
                predictions = first.mixed(second, share)
        predictions = predictions.with_planned(self.planned_share)
        return predictions if self.sku_weights is None else self.sku_weights.applied(predictions)


def fit_market_model(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    cutoff: pd.Timestamp,
    recipe: Recipe,
    cache: RefitCache | None = None,
    pooled: PooledModel | None = None,
    horizon_months: int = HORIZON_MONTHS,
) -> MarketModel:
    """Train the model of a market on everything known at the end of the cutoff month.

    The outcome ``MarketModel.learned`` is ``OwnAlone``, ``OwnWithPooled`` or ``PooledAlone``.

    Args:
        features: Features of earlier origins, one row per SKU and origin; the cutoff month and later origins are
            ignored, for the columns too.
        sell_in: Panel of the market that reaches the cutoff; later months are ignored.
        cutoff: The origin month of the forecast.
        recipe: Parameters of the training.
        cache: Refits of earlier calls with the same features, sell-in, recipe and pooled model, which are reused.
        pooled: Boosters over all markets with a cutoff before this one; None: the market learns alone.
        horizon_months: Number of months ahead to learn.

    Raises:
        TooFewRowsError: If there is too little history and no pooled boosters.
        ValueError: If the pooled model has seen the cutoff month.
    """
    _require_earlier(pooled, cutoff)
    shared = pooled.current if pooled else None
    skus = features.loc[features["origin_month"] < cutoff, "sku"].nunique() if len(features) else 0
    may_mix = shared is not None and recipe.learns_from_others(skus)
    of_refits = pooled.of_refits if pooled and may_mix else None
    refits = refit_at_earlier_origins(features, sell_in, cutoff, recipe, cache, of_refits, horizon_months)
    usual = recipe.usual_weight(skus)
    planned_share = learned_planned_share(refits, usual)
    off = harmful_sources(refits, usual, planned_share)
    if {*off} & {*OF_EXPECTED_UNITS}:
        planned_share = 0.0
    features = without(features, off) if off else features
    refits = [refit.with_planned(planned_share) for refit in refits]
    # From the own predictions alone: with a quarter of pooled mixed in first, the weight jumped, and a market's WAPE at
    # one origin with it, by -10 to +7 % (Australian retail).
    least_gain = LEAST_GAIN if skus >= recipe.few_skus else LEAST_GAIN_OF_FEW
    weight = learned_weight(refits, usual, least_gain) if refits else usual
    by_sku = learned_sku_weights(refits, recipe, weight) if skus >= recipe.few_skus else None
    refits = weighed_by_sku(refits, by_sku)
    chosen = chosen_features(refits, recipe)
    learned: Learned
    try:
        own, rows = train_boosters(features, sell_in, cutoff, recipe, chosen, horizon_months)
    except TooFewRowsError:
        if shared is None:
            raise
        learned, row_count = PooledAlone(shared.boosters), 0
        quantiles = _quantiles_of_refits(refits, 1.0, weight, horizon_months) if refits else shared.quantiles
    else:
        share = learned_share(refits, recipe, usual, weight) if may_mix else 0.0
        learned, row_count = _outcome(own, shared.boosters if shared else None, share), len(rows)
        quantiles = (
            _quantiles_of_refits(refits, learned.pooled_share, weight, horizon_months)
            if refits
            else quantiles_of_statistical_errors(rows, horizon_months)
        )
    return MarketModel(
        cutoff, recipe, learned, weight, quantiles, row_count, len(refits), planned_share, (), off, by_sku
    )


def _outcome(own: TrainedBoosters, pooled: TrainedBoosters | None, share: float) -> Learned:
    if pooled is None or share <= 0.0:
        return OwnAlone(own)
    return PooledAlone(pooled) if share >= 1.0 else OwnWithPooled(own, pooled, share)


def _quantiles_of_refits(refits: list[Refit], pooled_share: float, weight: float, horizon_months: int) -> pd.DataFrame:
    return quantiles_of_refits([refit.mixed(pooled_share) for refit in refits], weight, horizon_months)


def _require_earlier(pooled: PooledModel | None, cutoff: pd.Timestamp) -> None:
    if pooled is not None and pooled.cutoff >= cutoff:
        raise ValueError(
            f"the pooled model has seen {pooled.cutoff:%Y-%m}, expected a cutoff before {cutoff:%Y-%m}: markets read "
            "what was learned over all of them one month later"
        )


def forecast_units(
    features: pd.DataFrame, sell_in: DemandPanel, model: MarketModel, horizon_months: int = HORIZON_MONTHS
) -> pd.DataFrame:
    """Forecast every SKU of one origin.

    Args:
        features: Features of the origin month, one row per SKU.
        sell_in: Panel that reaches the origin month; its last 120 months are read.
        model: A model whose cutoff is not after the origin month.
        horizon_months: Number of months to forecast.

    Returns:
        One row per SKU and target month: ``sku, origin_month, target_month, horizon_months, forecast_units`` and the
        quantiles ``forecast_units_p05`` to ``forecast_units_p95``.

    Raises:
        ValueError: If the features span several origins or the model has seen months after the origin.
    """
    origin = only_origin(features)
    if model.cutoff > origin:
        raise ValueError(f"model with cutoff {model.cutoff:%Y-%m} has seen months after the origin {origin:%Y-%m}")
    predictions = model.predict(features, sell_in, horizon_months)
    point = predictions.blended(model.boosting_weight)
    return _as_rows(predictions.skus, origin, point, forecast_quantiles(predictions, point, model.quantiles))


def _as_rows(skus: Labels, origin: pd.Timestamp, point: Floats, quantiles: Floats) -> pd.DataFrame:
    count, horizons = point.shape
    described = {
        "sku": np.repeat(skus, horizons),
        "origin_month": origin,
        "target_month": np.tile(target_months(origin, horizons).to_numpy(), count),
        "horizon_months": np.tile(np.arange(1, horizons + 1), count),
        "forecast_units": point.ravel(),
    }
    by_level = quantiles.reshape(-1, len(QUANTILE_COLUMNS)).T
    return pd.DataFrame(described | dict(zip(QUANTILE_COLUMNS, by_level, strict=True)))
