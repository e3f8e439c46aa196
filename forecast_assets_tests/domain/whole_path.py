"""The whole computation of a cycle for a market at an origin, by the same calls as the assets.

Expectations belong in the tests.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.anchors import QUARTER_MONTHS
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.cleaning.history_cleaning import clean_history, marks_table
from forecast_assets.domain.demand.seasonality import seasonal_indices
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.market_at_origin import FEATURE_WINDOW_MONTHS
from forecast_assets.domain.features.market_history import MarketHistory
from forecast_assets.domain.models.market_model import MarketModel, fit_market_model, forecast_units
from forecast_assets.domain.models.market_model_storage import model_to_parts
from forecast_assets.domain.models.pooled_model import PooledModel
from forecast_assets.domain.models.predictions import Predictions
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refits import WEIGHTS, Refit, RefitCache, refit_at_earlier_origins
from forecast_assets.domain.portfolio.launches import launch_forecasts, new_launches
from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio
from forecast_assets.domain.publication.forecasts import beside_baseline, with_champion
from forecast_assets.domain.publication.published_forecasts import decide, published_forecasts
from forecast_assets.domain.selection.backtest import backtest
from forecast_assets.domain.statistical.baseline import baseline_forecasts

# Months before the last quarter end of an origin, which refits and backtest need, and before the origin itself.
AT_ANCHORS, OTHERS = (24, 21, 18, 15, 12, 9, 6), (4, 2, 1)
NO_OVERRIDES = pd.DataFrame(
    {"sku": [], "target_month": pd.Series(dtype="datetime64[ns]"), "forecast_units": [], "author": [], "reason": []}
)


def training_origins(origin: pd.Timestamp) -> list[pd.Timestamp]:
    """Return the earlier origins that a model of an origin learns from."""
    later = origin.month % QUARTER_MONTHS
    return [add_months(origin, -back) for back in (*(months + later for months in AT_ANCHORS), *OTHERS)]


def whole_path(
    history: MarketHistory,
    earlier_features: pd.DataFrame,
    origin: pd.Timestamp,
    recipe: Recipe,
    pooled: PooledModel | None = None,
    overrides: pd.DataFrame = NO_OVERRIDES,
) -> dict[str, pd.DataFrame]:
    """Compute each stage, from a history that may reach past the origin to published forecasts, as a table."""
    features = build_features(history, origin)
    cache = RefitCache()
    model = fit_market_model(earlier_features, history.sell_in, origin, recipe, cache, pooled)
    refits = refit_at_earlier_origins(
        earlier_features, history.sell_in, origin, recipe, cache, pooled.of_refits if pooled else None
    )
    cells = backtest(earlier_features, history.sell_in, origin, recipe, history.products, pooled)
    products = history.products[history.products["month"] == origin]
    model_forecasts = forecast_units(features, history.sell_in, model)
    ruled = apply_portfolio(model_forecasts, history.sell_in.until(origin), origin, products)
    baseline = baseline_forecasts(history.sell_in, origin, features["sku"].to_numpy())
    forecasts = beside_baseline(with_champion(ruled, None), baseline, features)
    decision = decide(cells)
    return {
        "features": features,
        "earlier_features": earlier_features,
        "model": model_to_parts(model),
        "chosen_features": pd.DataFrame({"name": model.columns}),
        "weights": _weights(model, refits),
        "interval_widths": model.quantiles,
        "model_forecasts": model_forecasts,
        "forecasts": forecasts,
        "backtest": cells,
        "decision": pd.DataFrame([dataclasses.asdict(decision)]),
        "published": published_forecasts(forecasts, decision, overrides, "published"),
    } | _tables_of_sku(history, origin, products)


def _weights(model: MarketModel, refits: list[Refit]) -> pd.DataFrame:
    """Return the weights, and the errors of the refits under each possible one."""
    chosen = {"boosting_weight": model.boosting_weight, "pooled_share": model.pooled_share, "refits": model.refits}
    chosen |= {"planned_share": model.planned_share, "switched_off": ",".join(model.switched_off)}
    errors = [
        {"own": _error(refit.predictions, refit, weight)}
        | ({"pooled": _error(refit.pooled, refit, weight)} if refit.pooled else {})
        for refit in refits
        for weight in WEIGHTS
    ]
    return pd.DataFrame(errors).assign(**chosen)


def _error(predictions: Predictions, refit: Refit, weight: float) -> float:
    return float(np.nansum(np.abs(predictions.blended(weight) - refit.actual_units)))


def _tables_of_sku(history: MarketHistory, origin: pd.Timestamp, products: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return launches, season and cleaning marks, each from the panel up to the origin."""
    known = history.sell_in.until(origin, FEATURE_WINDOW_MONTHS)
    months = known.months.month.to_numpy()
    described = products.drop(columns="month").set_index("sku").reindex(known.skus)
    launches = new_launches(known, described)
    ahead = launch_forecasts(known, described, launches, HORIZON_MONTHS)
    season = seasonal_indices(known.units, months)
    sold = np.isfinite(known.units).any(axis=1)
    cleaned, reasons = clean_history(known.units, months, _stringency(history, known.months), _stock(history, origin))
    return {
        "launches": pd.DataFrame(
            {
                "sku": known.skus[[launch.row for launch in launches]],
                "kind": [launch.kind for launch in launches],
                "forecast": list(map(tuple, ahead)),
            }
        ),
        "seasonal_indices": pd.DataFrame(season.index[sold]).assign(
            sku=known.skus[sold], weight=season.weight[sold], strength=season.strength[sold]
        ),
        "cleaning_marks": marks_table(known.skus, known.months, known.units, cleaned, reasons),
        "cleaned_history": pd.DataFrame(cleaned[sold], index=known.skus[sold]),
    }


def _stringency(history: MarketHistory, months: pd.DatetimeIndex) -> np.ndarray:
    return history.covid_policy.set_index("month")["stringency_index"].reindex(months).to_numpy()


def _stock(history: MarketHistory, origin: pd.Timestamp) -> np.ndarray | None:
    stock = history.sell_out.get("stock_units")
    return None if stock is None else stock.until(origin, FEATURE_WINDOW_MONTHS).units


def differing(actual: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame]) -> list[str]:
    """Return the names of the tables that are not exactly equal."""
    assert list(actual) == list(expected)
    return [name for name in expected if not _is_equal(actual[name], expected[name])]


def _is_equal(actual: pd.DataFrame, expected: pd.DataFrame) -> bool:
    try:
        pd.testing.assert_frame_equal(actual, expected, check_exact=True)
    except AssertionError:
        return False
    return True
