"""All features of a market's SKUs at one origin: the list of families, and the slice of history each may see.

Every panel is cut at the origin here, once, before any family runs: a family cannot read what it is not given.
"""

import dataclasses
from collections.abc import Iterable

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.cleaning.history_marks import history_marks
from forecast_assets.domain.demand import segmentation
from forecast_assets.domain.demand.demand import DemandPanel, active_skus, demand_scale, panel_from_rows
from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY
from forecast_assets.domain.demand.promotions import promotion_calendar
from forecast_assets.domain.features.age import age_features
from forecast_assets.domain.features.aggregates import aggregate_features
from forecast_assets.domain.features.attributes import attribute_features, learn_vocabulary
from forecast_assets.domain.features.calendar import calendar_features
from forecast_assets.domain.features.covid import covid_features
from forecast_assets.domain.features.expected_demand import (
    MONTHS_AHEAD,
    expected_units,
    sell_in_expectation,
    sku_months,
    trade_features,
)
from forecast_assets.domain.features.lags import SELL_IN_LAGS, SELL_OUT_LAGS, lag_features, same_month_features
from forecast_assets.domain.features.life_ahead import life_ahead_features, reference_features
from forecast_assets.domain.features.plans import plan_features
from forecast_assets.domain.features.promotion_history import promotion_history_features
from forecast_assets.domain.features.segments import segment_features
from forecast_assets.domain.features.statistical import statistical_features
from forecast_assets.domain.features.totals import totals_features
from forecast_assets.domain.features.windows import sell_out_features, window_features

FEATURE_WINDOW_MONTHS = 84
SELL_OUT_MEASURES = ("sell_out_units", "stock_units", "price", "distribution_pct", "is_promoted")


@dataclasses.dataclass(frozen=True)
class MarketHistory:
    """What a market has delivered, over all months that any origin of interest needs.

    Attributes:
        code, region, iso2: Of the market.
        sell_in: Panel of sell-in units, with the marks of the origins of interest where they are known.
        sell_out: Panels of sell-out measures by name, on the SKUs and months of ``sell_in``; empty without sell-out.
        products, promotions, totals_known, covid_policy: Tables with the partition ``month`` they were known in.
    """

    code: str
    region: str
    iso2: str
    sell_in: DemandPanel
    sell_out: dict[str, DemandPanel]
    products: pd.DataFrame
    promotions: pd.DataFrame
    totals_known: pd.DataFrame
    covid_policy: pd.DataFrame

    def marked(self, origins: Iterable[pd.Timestamp]) -> "MarketHistory":
        """The history with the marks of the origins, as the asset ``history_marks`` stores them."""
        made = [
            history_marks(self.sell_in, origin, self.sell_out, self.promotions, self.covid_policy) for origin in origins
        ]
        return dataclasses.replace(self, sell_in=self.sell_in.with_marks(pd.concat(made, ignore_index=True)))


def market_history(
    code: str,
    region: str,
    iso2: str,
    sell_in: pd.DataFrame,
    sell_out: pd.DataFrame,
    marks: pd.DataFrame | None = None,
    **tables: pd.DataFrame,
) -> MarketHistory:
    """Pivot the rows of a market into panels.

    Args:
        code, region, iso2: Of the market.
        sell_in: ``sku, month, sell_in_units``.
        sell_out: ``sku, month`` and the sell-out measures; may be empty.
        marks: ``history_marks`` with ``month``; None: features of level and season are learned from all units.
        **tables: ``products, promotions, totals_known, covid_policy``, each with ``month``.

    Raises:
        ValueError: If there is no sell-in, or a SKU has two rows in a month.
    """
    if sell_in.empty:
        raise ValueError(f"market {code}: no sell-in rows; materialize sell_in of this market first")
    panel, measures = sell_in_and_sell_out(sell_in, sell_out)
    return MarketHistory(code, region, iso2, panel if marks is None else panel.with_marks(marks), measures, **tables)


def sell_in_and_sell_out(sell_in: pd.DataFrame, sell_out: pd.DataFrame) -> tuple[DemandPanel, dict[str, DemandPanel]]:
    """The panel of sell-in, and those of the sell-out measures by name on its SKUs and months; none without sell-out.

    Raises:
        ValueError: If there is no sell-in, or a SKU has two rows in a month.
    """
    if sell_in.empty:
        raise ValueError("no sell-in rows up to the origin; materialize sell_in of this market first")
    panel = panel_from_rows(sell_in, sell_in["month"].min(), sell_in["month"].max())
    return panel, {} if sell_out.empty else {name: _aligned(sell_out, panel, name) for name in SELL_OUT_MEASURES}


def _aligned(rows: pd.DataFrame, panel: DemandPanel, value: str) -> DemandPanel:
    return panel_from_rows(rows, panel.months[0], panel.months[-1], value, panel.skus)


def build_features(history: MarketHistory, origin: pd.Timestamp, skus: np.ndarray | None = None) -> pd.DataFrame:
    """Features of every active SKU as known at the end of the origin month.

    Args:
        history: The market's history; months after the origin are not read.
        origin: The origin month.
        skus: Only these, which changes no value of theirs; None: all.

    Returns:
        One row per SKU sorted by sku: ``sku, origin_month, category, abc_class, xyz_class, inputs_missing,
        scale_units``, then float32 features. No rows where no SKU is active.
    """
    products = history.products[history.products["month"] == origin].drop(columns="month").set_index("sku")
    known = history.sell_in.until(origin, FEATURE_WINDOW_MONTHS)
    learnable = history.sell_in.learnable(origin, FEATURE_WINDOW_MONTHS).units
    end_month = products["end_month"].reindex(known.skus)
    active = active_skus(known, origin, end_month.to_numpy())
    trade = {name: panel.until(origin, FEATURE_WINDOW_MONTHS).units for name, panel in history.sell_out.items()}
    everyone = products.reindex(known.skus[active])
    sell_out = {name: values[active] for name, values in trade.items()}
    abc = segmentation.abc_class(known.units[active], known.skus[active], sell_out.get("price"))
    over_everyone = (
        life_ahead_features(origin, everyone["launch_month"].to_numpy(), everyone["end_month"].to_numpy())
        | reference_features(everyone.get("reference_sku"), known)
        | _expectations(history, origin, everyone, known.units[active], learnable[active], sell_out)
    )
    vocabulary = learn_vocabulary(everyone)
    if skus is not None:
        asked_for = np.isin(known.skus[active], skus)
        active[np.flatnonzero(active)[~asked_for]] = False
        abc = abc[asked_for]
        over_everyone = {name: values[asked_for] for name, values in over_everyone.items()}
        sell_out = {name: values[asked_for] for name, values in sell_out.items()}
    skus, units = known.skus[active], known.units[active]
    own = products.reindex(skus)
    xyz = segmentation.xyz_class(units)
    described = {
        "sku": skus,
        "origin_month": origin,
        "category": _category(own),
        "abc_class": abc,
        "xyz_class": xyz,
        "inputs_missing": _missing(history, trade, origin),
        "scale_units": demand_scale(units),
    }
    values = (
        _demand_features(units, learnable[active], sell_out, origin)
        | segment_features(units, abc, xyz)
        | age_features(units, origin, own["launch_month"].to_numpy(), own["end_month"].to_numpy())
        | attribute_features(own, vocabulary)
        | over_everyone
        | _aggregates(known.units, trade.get("sell_out_units"), _category(products.reindex(known.skus)), active)
        | _market_features(history, origin, described["category"], skus)
    )
    numbers = {name: np.asarray(value, dtype=np.float32) for name, value in values.items()}
    return pd.DataFrame(described | numbers)


def _demand_features(
    units: np.ndarray, learnable: np.ndarray, sell_out: dict[str, np.ndarray], origin: pd.Timestamp
) -> dict[str, np.ndarray]:
    """What the SKU's own sell-in and sell-out say: level and season of learnable units, lags and windows of all."""
    count = len(units)
    sold = sell_out.get("sell_out_units")
    return (
        lag_features(units, "sell_in", SELL_IN_LAGS, count)
        | window_features(units, "sell_in", count)
        | same_month_features(learnable)
        | lag_features(sold, "sell_out", SELL_OUT_LAGS, count)
        | window_features(sold, "sell_out", count)
        | sell_out_features(units, **sell_out)
        | statistical_features(learnable, origin)
        | {"log_scale_units": np.log(demand_scale(units))}
    )


def _expectations(
    history: MarketHistory,
    origin: pd.Timestamp,
    own: pd.DataFrame,
    units: np.ndarray,
    learnable: np.ndarray,
    sell_out: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """What promotions, sell-out and stock let expect; no columns where there are neither promotions nor sell-out."""
    promotions = history.promotions[history.promotions["month"] == origin]
    has_sell_out = bool(sell_out) and np.isfinite(sell_out["sell_out_units"]).any()
    if not len(units) or (promotions.empty and not has_sell_out):
        return {}
    is_promoted = sell_out["is_promoted"] if has_sell_out else None
    skus = own.index.to_numpy()
    calendar = promotion_calendar(promotions, skus, origin, units.shape[1], MONTHS_AHEAD, is_promoted)
    of_skus = sku_months(origin, own, calendar, sell_out["price"] if has_sell_out else None)
    features = promotion_history_features(calendar) | sell_in_expectation(learnable, of_skus)
    if has_sell_out:
        features |= trade_features(units, sell_out["sell_out_units"], sell_out["stock_units"], of_skus)
    return features | expected_units(features)


def _aggregates(
    sell_in: np.ndarray, sell_out: np.ndarray | None, category: np.ndarray, active: np.ndarray
) -> dict[str, np.ndarray]:
    """Totals over all SKUs, those that have ended too: without them last year's total would be too small."""
    features = aggregate_features(sell_in, "sell_in", category) | aggregate_features(sell_out, "sell_out", category)
    return {name: values[active] for name, values in features.items()}


def _category(products: pd.DataFrame) -> np.ndarray:
    return products["category"].fillna(UNKNOWN_CATEGORY).to_numpy(dtype=object)


def _market_features(
    history: MarketHistory, origin: pd.Timestamp, category: np.ndarray, skus: np.ndarray
) -> dict[str, np.ndarray]:
    """What is known around the SKU: calendar, plans, restrictions, demand of other SKUs and markets."""
    policy = history.covid_policy[history.covid_policy["month"] <= origin].sort_values("month")
    promotions = history.promotions[history.promotions["month"] == origin]
    totals = history.totals_known[history.totals_known["month"] == origin]
    return (
        calendar_features(origin, history.iso2, len(skus), HORIZON_MONTHS)
        | plan_features(promotions, skus, origin)
        | covid_features(policy["stringency_index"], policy["economic_support_index"], len(skus))
        | totals_features(totals, origin, history.code, history.region, category)
    )


def _missing(history: MarketHistory, trade: dict[str, np.ndarray], origin: pd.Timestamp) -> str:
    """Names of inputs that were not there, comma separated.

    Sell-out that starts after the origin is missing at it, whether or not the later months are loaded.
    """
    has_totals = (history.totals_known["month"] == origin).any()
    has_sell_out = any(np.isfinite(values).any() for values in trade.values())
    absent = {"demand_totals_known": not has_totals, "sell_out": not has_sell_out}
    return ",".join(name for name, is_absent in absent.items() if is_absent)
