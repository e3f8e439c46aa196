"""The model of a market: what it learned, as texts that can be stored and read again without pickle.

``fit_market_model`` and ``forecast_units`` are what the assets and the backtest both call, so what is measured is what
is published.
"""

import dataclasses
import json

import lightgbm
import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import target_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.intervals import apply_intervals
from forecast_assets.domain.models.boosters import Answers, Parts, answers_of_each, fit_parts, only_origin
from forecast_assets.domain.models.pooled_model import PooledModel
from forecast_assets.domain.models.recipe import HORIZON_MONTHS, Recipe
from forecast_assets.domain.models.refits import (
    LEAST_GAIN,
    LEAST_GAIN_OF_FEW,
    RefitMemory,
    chosen_features,
    interval_widths,
    learned_share,
    learned_weight,
    refit_errors,
    refits,
    segments,
    statistical_errors,
)
from forecast_assets.domain.models.serialization import parts_of, recipe_from, texts_of
from forecast_assets.domain.models.training_rows import TooFewRowsError, TrainingRows

MANIFEST = "manifest.json"
POOLED_PREFIX = "pooled_"
# Parts of the model by the champion's recipe, where it is stored beside a challenger's.
CHAMPION_PREFIX = "champion_"


@dataclasses.dataclass(frozen=True)
class MarketModel:
    """A trained model.

    Attributes:
        cutoff: Last month whose sell-in was learned from.
        recipe: How it was trained.
        parts: The market's own learners and their columns; None where it has too little history, or where those over
            all markets forecast better.
        boosting_weight: Weight of the direct boosting in the blend of regular SKUs.
        quantiles: Interval widths by horizon in multiples of the SKU's dispersion, from refits at earlier origins.
        rows: Rows of its own it learned from.
        refits: How many refits weights and widths rest on; 0: widths are those of the statistical forecasts.
        pooled: Learners over all markets; None where they are not there or do not forecast better.
        pooled_share: Their share of the answer; 0 without them, 1 where they answer alone.
        inputs_missing: Inputs that were not there.
    """

    cutoff: pd.Timestamp
    recipe: Recipe
    parts: Parts | None
    boosting_weight: float
    quantiles: pd.DataFrame
    rows: int
    refits: int
    pooled: Parts | None = None
    pooled_share: float = 0.0
    inputs_missing: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Names of the features it reads, those of its own learners where it has any."""
        return (self.parts or self.pooled).names.all

    def answers(self, features: pd.DataFrame, sell_in: DemandPanel) -> Answers:
        """What its learners say at the origin of the features."""
        several = [parts for parts in (self.parts, self.pooled) if parts is not None]
        said = answers_of_each(features, sell_in, several, self.recipe)
        return said[0] if len(said) == 1 else said[0].mixed(said[1], self.pooled_share)


def fit_market_model(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    cutoff: pd.Timestamp,
    recipe: Recipe,
    memory: RefitMemory | None = None,
    pooled: PooledModel | None = None,
) -> MarketModel:
    """Train the model of a market on everything known at the end of the cutoff month.

    Args:
        features: Features of earlier origins, one row per SKU and origin; the cutoff month and later origins are
            ignored, for the columns too.
        sell_in: Panel of the market that reaches the cutoff; later months are ignored.
        cutoff: The origin month of the forecast.
        recipe: How to train.
        memory: Refits of earlier calls with the same features, sell-in, recipe and pooled model, to make none twice.
        pooled: Learners over all markets with a cutoff before this one; None: the market learns alone.

    Raises:
        TooFewRowsError: If there is too little history and nothing was learned over all markets.
        ValueError: If the pooled model has seen the cutoff month.
    """
    _require_earlier(pooled, cutoff)
    shared = pooled.current if pooled else None
    skus = features.loc[features["origin_month"] < cutoff, "sku"].nunique() if len(features) else 0
    asks_others = shared is not None and recipe.learns_from_others(skus)
    made = refits(features, sell_in, cutoff, recipe, memory, pooled.of_refits if asks_others else None)
    own, rows = _own(features, sell_in, cutoff, recipe, chosen_features(made, recipe), needed=shared is None)
    usual = recipe.usual_weight(skus)
    gain = LEAST_GAIN if skus >= recipe.few_skus else LEAST_GAIN_OF_FEW
    # From the own answers alone: with a quarter of pooled mixed in first, the weight jumped, and a market's WAPE at one
    # origin with it, by -10 to +7 % (Australian retail).
    weight = learned_weight(made, usual, gain) if made else usual
    share = 0.0 if own is not None else 1.0
    if own is not None and asks_others:
        share = learned_share(made, recipe, usual, weight)
    made = [refit.mixed(share) for refit in made]
    if made:
        widths = interval_widths(refit_errors(made, weight))
    else:
        widths = shared.quantiles if rows is None else interval_widths(statistical_errors(rows))
    return MarketModel(
        cutoff=cutoff,
        recipe=recipe,
        parts=own if share < 1.0 else None,
        boosting_weight=weight,
        quantiles=widths,
        rows=0 if rows is None else len(rows),
        refits=len(made),
        pooled=shared.parts if shared is not None and share > 0.0 else None,
        pooled_share=share,
    )


def _own(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    cutoff: pd.Timestamp,
    recipe: Recipe,
    chosen: set[str] | None,
    needed: bool,
) -> tuple[Parts | None, TrainingRows | None]:
    """The market's own learners; none with too little history, unless they are needed."""
    try:
        return fit_parts(features, sell_in, cutoff, recipe, chosen)
    except TooFewRowsError:
        if needed:
            raise
        return None, None


def _require_earlier(pooled: PooledModel | None, cutoff: pd.Timestamp) -> None:
    if pooled is not None and pooled.cutoff >= cutoff:
        raise ValueError(
            f"the pooled model has seen {pooled.cutoff:%Y-%m}, expected a cutoff before {cutoff:%Y-%m}: markets read "
            "what was learned over all of them one month later"
        )


def forecast_units(features: pd.DataFrame, sell_in: DemandPanel, model: MarketModel) -> pd.DataFrame:
    """Forecast every SKU of one origin.

    Args:
        features: Features of the origin month, one row per SKU.
        sell_in: Panel that reaches the origin month; its last 120 months are read.
        model: A model whose cutoff is not after the origin month.

    Returns:
        One row per SKU and target month: ``sku, origin_month, target_month, horizon_months, forecast_units,
        forecast_units_p10, forecast_units_p90``.

    Raises:
        ValueError: If the features span several origins or the model has seen months after the origin.
    """
    origin = only_origin(features)
    if model.cutoff > origin:
        raise ValueError(f"model with cutoff {model.cutoff:%Y-%m} has seen months after the origin {origin:%Y-%m}")
    said = model.answers(features, sell_in)
    rows = _as_rows(said.skus, origin, said.blended(model.boosting_weight))
    low, high = _interval(rows, said, model.quantiles)
    return rows.assign(forecast_units_p10=low, forecast_units_p90=high)


def _interval(rows: pd.DataFrame, said: Answers, quantiles: pd.DataFrame) -> tuple[Floats, Floats]:
    return apply_intervals(
        rows["forecast_units"],
        np.repeat(said.dispersion_units, HORIZON_MONTHS),
        rows["horizon_months"],
        quantiles,
        np.repeat(segments(said.is_intermittent), HORIZON_MONTHS),
    )


def _as_rows(skus: Floats, origin: pd.Timestamp, point: Floats) -> pd.DataFrame:
    count, horizons = point.shape
    return pd.DataFrame(
        {
            "sku": np.repeat(skus, horizons),
            "origin_month": origin,
            "target_month": np.tile(target_months(origin, horizons).to_numpy(), count),
            "horizon_months": np.tile(np.arange(1, horizons + 1), count),
            "forecast_units": point.ravel(),
        }
    )


def model_to_parts(model: MarketModel) -> pd.DataFrame:
    """The model as a table of texts: ``part, content``; the manifest first."""
    manifest = {
        "cutoff": f"{model.cutoff:%Y-%m-%d}",
        "recipe": _without_threads(model.recipe),
        "features": dataclasses.asdict(model.parts.names) if model.parts else None,
        "pooled_features": dataclasses.asdict(model.pooled.names) if model.pooled else None,
        "pooled_share": model.pooled_share,
        "inputs_missing": list(model.inputs_missing),
        "boosting_weight": model.boosting_weight,
        "quantiles": model.quantiles.to_dict("records"),
        "rows": model.rows,
        "refits": model.refits,
        "lightgbm_version": lightgbm.__version__,
    }
    texts = {MANIFEST: json.dumps(manifest, indent=1)}
    texts |= texts_of(model.parts) if model.parts else {}
    texts |= texts_of(model.pooled, POOLED_PREFIX) if model.pooled else {}
    return pd.DataFrame({"part": list(texts), "content": list(texts.values())})


def _without_threads(recipe: Recipe) -> dict[str, object]:
    """How a model was trained; how many threads did it changes no tree and must not change the model's hash."""
    return {name: value for name, value in dataclasses.asdict(recipe).items() if name != "threads"}


def model_from_parts(parts: pd.DataFrame) -> MarketModel:
    """Read a model back from its texts; those of a champion beside it are left alone.

    Raises:
        KeyError: If there is no manifest among the parts.
    """
    parts = parts[~parts["part"].str.startswith(CHAMPION_PREFIX)]
    texts = dict(zip(parts["part"], parts["content"], strict=True))
    manifest = json.loads(texts.pop(MANIFEST))
    own, pooled = manifest["features"], manifest.get("pooled_features")
    own_texts = {name: text for name, text in texts.items() if not name.startswith(POOLED_PREFIX)}
    return MarketModel(
        cutoff=pd.Timestamp(manifest["cutoff"]),
        recipe=recipe_from(manifest["recipe"]),
        parts=parts_of(own_texts, own) if own else None,
        boosting_weight=manifest["boosting_weight"],
        quantiles=pd.DataFrame(manifest["quantiles"]),
        rows=manifest["rows"],
        refits=manifest["refits"],
        pooled=parts_of(texts, pooled, POOLED_PREFIX) if pooled else None,
        pooled_share=manifest.get("pooled_share", 0.0),
        inputs_missing=tuple(manifest.get("inputs_missing", ())),
    )


def beside_champion(model: pd.DataFrame, champion: pd.DataFrame) -> pd.DataFrame:
    """The parts of two models as one table, those of the champion with a prefix."""
    return pd.concat([model, champion.assign(part=CHAMPION_PREFIX + champion["part"])], ignore_index=True)


def champion_from_parts(parts: pd.DataFrame) -> MarketModel | None:
    """The champion's model among the parts; None where there is one model alone."""
    theirs = parts[parts["part"].str.startswith(CHAMPION_PREFIX)]
    if theirs.empty:
        return None
    return model_from_parts(theirs.assign(part=theirs["part"].str.removeprefix(CHAMPION_PREFIX)))
