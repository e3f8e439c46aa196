"""The model of a market: what it learned, as texts that can be stored and read again without pickle.

``fit_market_model`` and ``forecast_units`` are what the assets and the backtest both call, so what is measured is what
is published.
"""

import dataclasses
import json

import lightgbm
import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import target_months
from forecast_assets.domain.demand import DemandPanel
from forecast_assets.domain.intervals import INTERMITTENT, REGULAR, apply_intervals, horizon_quantiles
from forecast_assets.domain.models.feature_cube import FeatureNames
from forecast_assets.domain.models.parts import Answers, Parts, answers, fit_parts, only_origin
from forecast_assets.domain.models.recipe import HORIZON_MONTHS, Recipe
from forecast_assets.domain.models.refits import (
    LEAST_GAIN,
    LEAST_GAIN_OF_FEW,
    RefitMemory,
    chosen_features,
    learned_weight,
    refit_errors,
    refits,
)
from forecast_assets.domain.models.training_rows import TrainingRows

MANIFEST = "manifest.json"
RECURSIVE_PREFIX = "recursive_"
# The refits learn from a fifth of the rows and err 3 to 5 % more than the model, so the 80 % interval ends at these
# quantiles of their errors.
LOWER, UPPER = 0.11, 0.89


@dataclasses.dataclass(frozen=True)
class MarketModel:
    """A trained model.

    Attributes:
        cutoff: Last month whose sell-in was learned from.
        recipe: How it was trained.
        parts: The learners and their columns.
        boosting_weight: Weight of the direct boosting in the blend of regular SKUs.
        quantiles: Interval widths by horizon in multiples of the SKU's dispersion, from refits at earlier origins.
        rows: Rows it learned from.
        refits: How many refits weights and widths rest on; 0: widths are those of the statistical forecasts.
    """

    cutoff: pd.Timestamp
    recipe: Recipe
    parts: Parts
    boosting_weight: float
    quantiles: pd.DataFrame
    rows: int
    refits: int


def fit_market_model(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    cutoff: pd.Timestamp,
    recipe: Recipe,
    memory: RefitMemory | None = None,
) -> MarketModel:
    """Train the model of a market on everything known at the end of the cutoff month.

    Args:
        features: Features of earlier origins, one row per SKU and origin; the cutoff month and later origins are
            ignored, for the columns too.
        sell_in: Panel of the market that reaches the cutoff; later months are ignored.
        cutoff: The origin month of the forecast.
        recipe: How to train.
        memory: Refits of earlier calls with the same features, sell-in and recipe, to make none twice.

    Raises:
        TooFewRowsError: If there is too little history.
    """
    made = refits(features, sell_in, cutoff, recipe, memory)
    parts, rows = fit_parts(features, sell_in, cutoff, recipe, chosen_features(made, recipe))
    skus = features["sku"].nunique()
    usual = recipe.usual_weight(skus)
    least_gain = LEAST_GAIN_OF_FEW if skus < recipe.few_skus else LEAST_GAIN
    weight = learned_weight(made, usual, least_gain) if made else usual
    errors = refit_errors(made, weight) if made else _statistical_errors(rows)
    quantiles = horizon_quantiles(
        errors["error"].to_numpy(),
        errors["horizon_months"].to_numpy(),
        _segment(errors["is_intermittent"].to_numpy()),
        LOWER,
        UPPER,
    )
    return MarketModel(cutoff, recipe, parts, weight, quantiles, len(rows), len(made))


def _statistical_errors(rows: TrainingRows) -> pd.DataFrame:
    """Errors of the statistical forecasts, which were made at each row's origin, so they are out of sample, too."""
    return pd.DataFrame(
        {
            "error": (rows.statistical - rows.actual) / rows.dispersion,
            "horizon_months": rows.horizon_months,
            "is_intermittent": rows.is_intermittent,
        }
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
    said = answers(features, sell_in, model.parts, model.recipe)
    rows = _as_rows(said.skus, origin, said.blended(model.boosting_weight))
    low, high = _interval(rows, said, model.quantiles)
    return rows.assign(forecast_units_p10=low, forecast_units_p90=high)


def _interval(rows: pd.DataFrame, said: Answers, quantiles: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return apply_intervals(
        rows["forecast_units"],
        np.repeat(said.dispersion_units, HORIZON_MONTHS),
        rows["horizon_months"],
        quantiles,
        np.repeat(_segment(said.is_intermittent), HORIZON_MONTHS),
    )


def _segment(intermittent: np.ndarray) -> np.ndarray:
    return np.where(intermittent, INTERMITTENT, REGULAR).astype(object)


def _as_rows(skus: np.ndarray, origin: pd.Timestamp, point: np.ndarray) -> pd.DataFrame:
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
        "features": dataclasses.asdict(model.parts.names),
        "boosting_weight": model.boosting_weight,
        "quantiles": model.quantiles.to_dict("records"),
        "rows": model.rows,
        "refits": model.refits,
        "lightgbm_version": lightgbm.__version__,
    }
    texts = {MANIFEST: json.dumps(manifest, indent=1), **model.parts.boosters, **model.parts.recursive}
    return pd.DataFrame({"part": list(texts), "content": list(texts.values())})


def _without_threads(recipe: Recipe) -> dict[str, object]:
    """How a model was trained; how many threads did it changes no tree and must not change the model's hash."""
    return {name: value for name, value in dataclasses.asdict(recipe).items() if name != "threads"}


def model_from_parts(parts: pd.DataFrame) -> MarketModel:
    """Read a model back from its texts.

    Raises:
        KeyError: If there is no manifest among the parts.
    """
    texts = dict(zip(parts["part"], parts["content"], strict=True))
    manifest = json.loads(texts.pop(MANIFEST))
    names = FeatureNames(**{key: tuple(value) for key, value in manifest["features"].items()})
    recipe = manifest["recipe"]
    recipe["member_weights"] = tuple((name, weight) for name, weight in recipe["member_weights"])
    recursive = {name: text for name, text in texts.items() if name.startswith(RECURSIVE_PREFIX)}
    direct = {name: text for name, text in texts.items() if name not in recursive}
    return MarketModel(
        cutoff=pd.Timestamp(manifest["cutoff"]),
        recipe=Recipe(**recipe),
        parts=Parts(names, direct, recursive),
        boosting_weight=manifest["boosting_weight"],
        quantiles=pd.DataFrame(manifest["quantiles"]),
        rows=manifest["rows"],
        refits=manifest["refits"],
    )
