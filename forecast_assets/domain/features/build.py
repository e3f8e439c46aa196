"""All features of a market's SKUs at one origin: the feature families and the SKUs each is computed over.

The cut at the origin is in ``market_at_origin.py``, each family in a module of its own.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS, target_months
from forecast_assets.domain.demand import segmentation
from forecast_assets.domain.demand.demand_panel import demand_scale
from forecast_assets.domain.demand.promotions import promotion_calendar
from forecast_assets.domain.features.age import age_features
from forecast_assets.domain.features.aggregates import aggregate_features
from forecast_assets.domain.features.attributes import attribute_features, learn_vocabulary
from forecast_assets.domain.features.calendar import calendar_features
from forecast_assets.domain.features.covid import covid_features
from forecast_assets.domain.features.expected_demand import (
    expected_units,
    months_ahead,
    sell_in_expectation,
    sku_months,
    trade_features,
)
from forecast_assets.domain.features.lags import SELL_IN_LAGS, SELL_OUT_LAGS, lag_features, same_month_features
from forecast_assets.domain.features.life_ahead import life_ahead_features, reference_features
from forecast_assets.domain.features.market_at_origin import (
    ActiveSkus,
    MarketAtOrigin,
    category_of,
    market_at_origin,
)
from forecast_assets.domain.features.market_history import MarketHistory
from forecast_assets.domain.features.promotion_history import promotion_history_features
from forecast_assets.domain.features.promotion_plans import plan_features
from forecast_assets.domain.features.segments import segment_features
from forecast_assets.domain.features.statistical import statistical_features
from forecast_assets.domain.features.totals import totals_features
from forecast_assets.domain.features.windows import sell_out_features, window_features


def build_features(
    history: MarketHistory,
    origin: pd.Timestamp,
    skus: Labels | None = None,
    horizon_months: int = HORIZON_MONTHS,
) -> pd.DataFrame:
    """Return the features of every active SKU as known at the end of the origin month.

    Args:
        history: The market's history; months after the origin are not read.
        origin: The origin month.
        skus: Return only the rows of these SKUs, with the same values; None: of all.
        horizon_months: Number of target months that features are computed for.

    Returns:
        One row per SKU sorted by sku: ``sku, origin_month, category, abc_class, xyz_class, inputs_missing,
        scale_units``, then float32 features. No rows if no SKU is active.
    """
    market = market_at_origin(history, origin)
    of_rows = np.ones(len(market.active.skus), dtype=bool) if skus is None else np.isin(market.active.skus, skus)
    rows = market.active.where(of_rows)
    abc_class = _abc_class(market)[of_rows]
    xyz_class = segmentation.xyz_class(rows.units)
    described = {
        "sku": rows.skus,
        "origin_month": origin,
        "category": rows.category,
        "abc_class": abc_class,
        "xyz_class": xyz_class,
        "inputs_missing": market.inputs_missing,
        "scale_units": demand_scale(rows.units),
    }
    features = (
        _own_demand_features(rows, origin, horizon_months)
        | segment_features(rows.units, abc_class, xyz_class)
        | age_features(rows.units, origin, rows.products["launch_month"], rows.products["end_month"])
        | attribute_features(rows.products, learn_vocabulary(market.active.products))
        | {name: values[of_rows] for name, values in _features_of_active_skus(market, horizon_months).items()}
        | _aggregate_features(market, rows.skus)
        | _surrounding_features(market, rows, horizon_months)
    )
    return pd.DataFrame(described | {name: np.asarray(values, dtype=np.float32) for name, values in features.items()})


def _abc_class(market: MarketAtOrigin) -> Labels:
    """Return the ABC class of each active SKU: shares of the market need all of them."""
    active = market.active
    return segmentation.abc_class(active.units, active.skus, active.sell_out.get("price"))


def _own_demand_features(rows: ActiveSkus, origin: pd.Timestamp, horizon_months: int) -> dict[str, Floats]:
    """Return features of each SKU's own sell-in and sell-out.

    Level and season are learned from learnable units, lags and windows from all.
    """
    count = len(rows.skus)
    sold = rows.sell_out.get("sell_out_units")
    return (
        lag_features(rows.units, "sell_in", SELL_IN_LAGS, count)
        | window_features(rows.units, "sell_in", count)
        | same_month_features(rows.learnable, horizon_months)
        | lag_features(sold, "sell_out", SELL_OUT_LAGS, count)
        | window_features(sold, "sell_out", count)
        | sell_out_features(rows.units, **rows.sell_out)
        | statistical_features(rows.learnable, origin, horizon_months)
        | {"log_scale_units": np.log(demand_scale(rows.units))}
    )


def _features_of_active_skus(market: MarketAtOrigin, horizon_months: int) -> dict[str, Floats]:
    """Return features that need all active SKUs at once, because effects or columns are shared among them."""
    products = market.active.products
    return (
        life_ahead_features(market.origin, products["launch_month"], products["end_month"], horizon_months)
        | reference_features(products.get("reference_sku"), market.sell_in)
        | _expectation_features(market, horizon_months)
    )


def _expectation_features(market: MarketAtOrigin, horizon_months: int) -> dict[str, Floats]:
    """Return demand expected from promotions, sell-out and stock; no columns without promotions and sell-out."""
    active, has_sell_out = market.active, market.active.has_sell_out
    if not len(active.skus) or (market.promotions.empty and not has_sell_out):
        return {}
    calendar = promotion_calendar(
        market.promotions,
        active.skus,
        market.origin,
        active.units.shape[1],
        months_ahead(horizon_months),
        active.sell_out["is_promoted"] if has_sell_out else None,
    )
    price = active.sell_out["price"] if has_sell_out else None
    planned = _planned_price(market, months_ahead(horizon_months))
    of_skus = sku_months(market.origin, active.products, calendar, price, horizon_months, planned)
    features = promotion_history_features(calendar, horizon_months) | sell_in_expectation(active.learnable, of_skus)
    if has_sell_out:
        features |= trade_features(
            active.units, active.sell_out["sell_out_units"], active.sell_out["stock_units"], of_skus
        )
    return features | expected_units(features, horizon_months)


def _planned_price(market: MarketAtOrigin, months_ahead: int) -> Floats | None:
    """Return planned regular prices of the active SKUs, (n, months ahead), NaN where there is none; None without."""
    if market.planned_price is None:
        return None
    months = target_months(market.origin, months_ahead)
    wide = market.planned_price.pivot(index="sku", columns="month", values="price")
    return wide.reindex(index=pd.Index(market.active.skus), columns=months).to_numpy(float)


def _aggregate_features(market: MarketAtOrigin, skus: Labels) -> dict[str, Floats]:
    """Return totals over all SKUs as features of some.

    SKUs that have ended are included: without them last year's total would be too small.
    """
    category = category_of(market.products.reindex(market.sell_in.skus))
    features = aggregate_features(market.sell_in.units, "sell_in", category)
    features |= aggregate_features(market.sell_out.get("sell_out_units"), "sell_out", category)
    of_rows = np.isin(market.sell_in.skus, skus)
    return {name: values[of_rows] for name, values in features.items()}


def _surrounding_features(market: MarketAtOrigin, rows: ActiveSkus, horizon_months: int) -> dict[str, Floats]:
    """Return features of the SKUs' surroundings: calendar, plans, restrictions, demand of other SKUs and markets."""
    policy, count = market.covid_policy, len(rows.skus)
    return (
        calendar_features(market.origin, market.iso2, count, horizon_months)
        | plan_features(market.promotions, rows.skus, market.origin, horizon_months)
        | covid_features(
            policy["stringency_index"].to_numpy(float), policy["economic_support_index"].to_numpy(float), count
        )
        | totals_features(market.totals, market.origin, market.code, market.region, rows.category)
    )
