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
from forecast_assets.domain.intervals import apply_intervals, horizon_quantiles
from forecast_assets.domain.models.feature_cube import FeatureNames, feature_cube, feature_names
from forecast_assets.domain.models.forecast_cap import cap_forecasts
from forecast_assets.domain.models.gradient_boosting import fit_boosters, predict_boosters
from forecast_assets.domain.models.recipe import HORIZON_MONTHS, Recipe
from forecast_assets.domain.models.training_rows import is_intermittent, training_rows

MANIFEST = "manifest.json"


@dataclasses.dataclass(frozen=True)
class MarketModel:
    """A trained model.

    Attributes:
        cutoff: Last month whose sell-in was learned from.
        names: Columns it was trained on.
        recipe: How it was trained.
        boosters: LightGBM texts by learner.
        quantiles: Interval widths by horizon, learned from forecasts made at earlier origins.
        rows: Rows it learned from.
    """

    cutoff: pd.Timestamp
    names: FeatureNames
    recipe: Recipe
    boosters: dict[str, str]
    quantiles: pd.DataFrame
    rows: int


def fit_market_model(features: pd.DataFrame, sell_in: DemandPanel, cutoff: pd.Timestamp, recipe: Recipe) -> MarketModel:
    """Train the model of a market on everything known at the end of the cutoff month.

    Args:
        features: Features of earlier origins, one row per SKU and origin; the cutoff month and later origins are
            ignored, for the columns too.
        sell_in: Panel of the market that reaches the cutoff; later months are ignored.
        cutoff: The origin month of the forecast.
        recipe: How to train.

    Raises:
        TooFewRowsError: If there is too little history.
    """
    earlier = features[features["origin_month"] < cutoff]
    names = feature_names(earlier)
    rows = training_rows(earlier, names, sell_in, cutoff, recipe)
    # The statistical forecasts were made at each row's origin, so their errors are out of sample.
    quantiles = horizon_quantiles(rows.statistical - rows.actual, rows.horizon_months, _segment(rows.is_intermittent))
    return MarketModel(cutoff, names, recipe, fit_boosters(rows, names.all, recipe), quantiles, len(rows))


def forecast_units(features: pd.DataFrame, sell_in: DemandPanel, model: MarketModel) -> pd.DataFrame:
    """Forecast every SKU of one origin.

    The forecast is the model's answer blended with the mean of the statistical forecasts, between zero and the cap.

    Args:
        features: Features of the origin month, one row per SKU.
        sell_in: Panel that reaches the origin month; its last 36 months bound the forecast.
        model: A model whose cutoff is not after the origin month.

    Returns:
        One row per SKU and target month: ``sku, origin_month, target_month, horizon_months, forecast_units,
        forecast_units_p10, forecast_units_p90``.

    Raises:
        ValueError: If the features span several origins or the model has seen months after the origin.
    """
    origin = _only_origin(features)
    if model.cutoff > origin:
        raise ValueError(f"model with cutoff {model.cutoff:%Y-%m} has seen months after the origin {origin:%Y-%m}")
    cube = feature_cube(features, model.names, HORIZON_MONTHS)
    sporadic = is_intermittent(features)
    boosted = predict_boosters(model.boosters, cube, sporadic, model.recipe.threads)
    statistical = cube.value("statistical_mean").astype(float)
    weight = model.recipe.boosting_weight
    blended = (weight * boosted + (1 - weight) * statistical) * cube.scale_units[:, None]
    point = cap_forecasts(blended, _history(features, sell_in, origin))
    rows = _as_rows(features["sku"].to_numpy(), origin, point)
    low, high = apply_intervals(
        rows["forecast_units"],
        np.repeat(cube.scale_units, HORIZON_MONTHS),
        rows["horizon_months"],
        model.quantiles,
        np.repeat(_segment(sporadic), HORIZON_MONTHS),
    )
    return rows.assign(forecast_units_p10=low, forecast_units_p90=high)


def _only_origin(features: pd.DataFrame) -> pd.Timestamp:
    origins = features["origin_month"].unique()
    if len(origins) != 1:
        raise ValueError(f"features of one origin month expected, got {len(origins)}: {origins[:3]}")
    return pd.Timestamp(origins[0])


def _history(features: pd.DataFrame, sell_in: DemandPanel, origin: pd.Timestamp) -> np.ndarray:
    """Sell-in of the features' SKUs up to the origin, in their order."""
    places = pd.Index(sell_in.skus).get_indexer(features["sku"])
    if (places < 0).any():
        missing = features["sku"].to_numpy()[places < 0][:5].tolist()
        raise ValueError(f"no sell-in for {(places < 0).sum()} SKUs of the features, first: {missing}")
    return sell_in.until(origin).units[places]


def _segment(intermittent: np.ndarray) -> np.ndarray:
    return np.where(intermittent, "intermittent", "regular").astype(object)


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
        "features": dataclasses.asdict(model.names),
        "quantiles": model.quantiles.to_dict("records"),
        "rows": model.rows,
        "lightgbm_version": lightgbm.__version__,
    }
    parts = {MANIFEST: json.dumps(manifest, indent=1), **model.boosters}
    return pd.DataFrame({"part": list(parts), "content": list(parts.values())})


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
    return MarketModel(
        cutoff=pd.Timestamp(manifest["cutoff"]),
        names=names,
        recipe=Recipe(**manifest["recipe"]),
        boosters=texts,
        quantiles=pd.DataFrame(manifest["quantiles"]),
        rows=manifest["rows"],
    )
