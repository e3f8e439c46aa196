"""Features that are expectations: sell-out and sell-in of each target month from level, season, promotions and stock.

This module combines ``domain/demand/demand_structure.py`` and ``domain/demand/replenishment.py`` into columns.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Ints
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months, months_since
from forecast_assets.domain.demand.demand_structure import fit_structure, recent_level, smooth_level
from forecast_assets.domain.demand.promotions import PromotionCalendar
from forecast_assets.domain.demand.replenishment import (
    MONTHS_LOOKED_AHEAD,
    TradeExpectation,
    expected_orders,
    surprises,
    usual_cover,
)
from forecast_assets.domain.demand.shared_effects import RAMP_MONTHS, launch_ramp, moved_easter, relative_price
from forecast_assets.domain.features.columns import horizon_column
from forecast_assets.domain.features.windows import positive_ratio

YEAR = 12
# Sell-out reacts in the month of a promotion and after it; sell-in before it as well, when the trade loads stock.
SELL_OUT_MONTHS, SELL_IN_MONTHS = (0, 1), (-1, 0, 1)
# Sell-in is noisier than sell-out. Half-lives of 3 and 4 months: WAPE of lags 1-3 0.196 and 0.194.
SELL_IN_HALF_LIFE_MONTHS = 4.0
BALANCE_MONTHS = (3, 6, 12)
# Simulated companies, WAPE of lags 1-3 and 4-18: 0.1625 and 0.2169; equal weights of the first two 0.1657 and 0.2185.
EXPECTATION_WEIGHTS = {"expected_orders": 3.0, "adjusted_sell_in": 2.0, "adjusted_same_month": 1.0}


def months_ahead(horizon_months: int) -> int:
    """Return how many months ahead are expected: orders of the last target month depend on two more months."""
    return horizon_months + MONTHS_LOOKED_AHEAD


@dataclasses.dataclass(frozen=True)
class SkuMonths:
    """Shared inputs of these features for n SKUs, over T known months and A months ahead.

    Attributes:
        horizon_months: Number of target months; A is two months more (``months_ahead``).
        calendar_months: (T + A,), 1 .. 12.
        group: (n,) number of the SKU's category.
        is_gone: (n, A), True where the month ahead is after the SKU's end, as known at the origin.
        promotions: The promotion calendar over the same months.
        age: (n, T + A) months since the launch, ``RAMP_MONTHS`` where older or unknown, negative before it.
        is_replacement: (n,) 1 where the SKU replaces another, else 0. A replacement ramps up faster.
        regressors: (number, n, T + A) of ``demand_structure.fit_structure``.
    """

    horizon_months: int
    calendar_months: Ints
    group: Ints
    is_gone: Bools
    promotions: PromotionCalendar
    age: Floats
    is_replacement: Ints
    regressors: Floats

    @property
    def months_ahead(self) -> int:
        """Number of months ahead."""
        return months_ahead(self.horizon_months)


def sku_months(
    origin: pd.Timestamp,
    products: pd.DataFrame,
    promotions: PromotionCalendar,
    price: Floats | None,
    horizon_months: int = HORIZON_MONTHS,
    planned_price: Floats | None = None,
) -> SkuMonths:
    """Gather the shared inputs of these features.

    Args:
        origin: The origin month.
        products: ``category, launch_month, end_month`` and, if present, ``reference_sku`` of each SKU.
        promotions: Calendar that reaches ``months_ahead(horizon_months)`` months ahead.
        price: (n, T) of sell-out, NaN where unknown; None without sell-out.
        horizon_months: Number of target months.
        planned_price: (n, ``months_ahead(horizon_months)``) regular prices ahead, NaN where none is planned.
    """
    past, later = promotions.past_months, months_ahead(horizon_months)
    months = pd.date_range(end=add_months(origin, later), periods=past + later, freq="MS")
    ahead = np.arange(1 - past, later + 1)
    months_left = 0.0 - months_since(products["end_month"], origin)
    age = np.nan_to_num(months_since(products["launch_month"], origin)[:, None] + ahead, nan=RAMP_MONTHS)
    replaced = products["reference_sku"].notna() if "reference_sku" in products else np.zeros(len(products))
    easter = np.tile(moved_easter(months, past), (len(products), 1))
    regressors = [easter]
    if price is not None:
        regressors.append(relative_price(price, promotions.probability[:, :past], later, planned_price))
    return SkuMonths(
        horizon_months=horizon_months,
        calendar_months=months.month.to_numpy(),
        group=np.unique(products["category"].fillna("").to_numpy(str), return_inverse=True)[1],
        is_gone=ahead[past:] > np.nan_to_num(months_left, nan=np.inf)[:, None],
        promotions=promotions,
        age=np.minimum(age, RAMP_MONTHS),
        is_replacement=np.asarray(replaced, dtype=int),
        regressors=np.stack(regressors),
    )


@dataclasses.dataclass(frozen=True)
class Factors:
    """Factors of a level, each (n, T + A).

    Attributes:
        promoted: Effect of promotions.
        season: Effect of the calendar month.
        others: All other effects: price, Easter and launch.
        uplift: Log effect of promotions by SKU and month around a promotion.
    """

    promoted: Floats
    season: Floats
    others: Floats
    uplift: Floats

    @property
    def base(self) -> Floats:
        """Product of all factors except promotions."""
        return self.season * self.others


def factors(units: Floats, skus: SkuMonths, promotion_months: tuple[int, ...]) -> Factors:
    """Learn the factors of sell-in or sell-out from (n, T) units up to the origin, NaN where unknown."""
    past = units.shape[1]
    structure = fit_structure(
        units, skus.calendar_months[:past], skus.group, skus.promotions, promotion_months, skus.regressors
    )
    season, promoted = structure.season_factor(skus.calendar_months), structure.promotion_factor(skus.promotions)
    others = structure.shared_factor(skus.regressors)
    level = units / (season * promoted * others)[:, :past]
    ramps = launch_ramp(level, skus.age[:, :past], skus.is_replacement)
    others = others * ramps[skus.is_replacement[:, None], np.maximum(skus.age, 0).astype(int)]
    return Factors(promoted, season, others, structure.uplift)


def sell_in_expectation(sell_in: Floats, skus: SkuMonths) -> dict[str, Floats]:
    """Return the sell-in expected from its own level, season and promotions, each (n,).

    In units, zero after the SKU's end:

    - ``adjusted_sell_in_hNN``: level x season x price, Easter and launch x promotions.
    - ``base_sell_in_hNN``: the same without promotions.
    - ``adjusted_same_month_hNN``: the latest such calendar month, its promotions replaced by the expected ones.

    Factors: ``promotion_factor_hNN``, ``category_season_hNN`` (season shrunken towards that of the category) and
    ``promotion_uplift`` (log, of a promotion of the SKU's usual discount).

    Args:
        sell_in: (n, T) ending at the origin month, NaN where unknown.
        skus: Shared inputs of the SKUs.
    """
    past = sell_in.shape[1]
    learned = factors(sell_in, skus, SELL_IN_MONTHS)
    promoted = learned.promoted
    level = recent_level(sell_in, (learned.base * promoted)[:, :past], SELL_IN_HALF_LIFE_MONTHS)
    base = _unless_gone(level[:, None] * learned.base[:, past:], skus)
    same_month = _same_month(sell_in / promoted[:, :past], skus.months_ahead)
    by_month = {
        "base_sell_in": base,
        "adjusted_sell_in": base * promoted[:, past:],
        "adjusted_same_month": _unless_gone(same_month * promoted[:, past:], skus),
        "promotion_factor": promoted[:, past:],
        "category_season": learned.season[:, past:],
    }
    uplift = learned.uplift[:, SELL_IN_MONTHS.index(0)] * skus.promotions.usual_discount
    return _by_horizon(by_month, skus.horizon_months) | {"promotion_uplift": uplift}


def trade_expectation(sell_out: Floats, skus: SkuMonths) -> TradeExpectation:
    """Return the expected sell-out: known months from the smoothed level, later months from the recent level."""
    past = sell_out.shape[1]
    learned = factors(sell_out, skus, SELL_OUT_MONTHS)
    factor = (learned.base * learned.promoted)[:, :past]
    recent = recent_level(sell_out, factor)
    level = np.concatenate([smooth_level(sell_out, factor), np.tile(recent[:, None], skus.months_ahead)], axis=1)
    base = level * learned.base
    base[:, past:] = _unless_gone(base[:, past:], skus)
    return TradeExpectation(past, base * learned.promoted, base)


def trade_features(sell_in: Floats, sell_out: Floats, stock: Floats, skus: SkuMonths) -> dict[str, Floats]:
    """Return the sell-in expected from sell-out and the trade's stock, each (n,).

    - ``expected_sell_out_hNN`` and ``expected_orders_hNN`` in units.
    - ``sell_out_surprise``: log of last month's sell-out / expected.
    - ``stock_to_usual``: stock / usual stock for the two months ahead.
    - ``usual_cover_months``.
    - ``stock_built_<n>`` (3, 6, 12) in units a month: mean of sell-in - sell-out over the last n months where both are
      known.

    Args:
        sell_in: (n, T) ending at the origin month, NaN where unknown.
        sell_out: The same of sell-out.
        stock: The same of the trade's stock.
        skus: Shared inputs of the SKUs.
    """
    expected = trade_expectation(sell_out, skus)
    last = expected.past_months - 1
    orders = expected_orders(sell_in, sell_out, stock, expected)
    ahead = slice(expected.past_months, expected.past_months + skus.horizon_months)
    orders = np.full((len(sell_in), skus.horizon_months), np.nan) if orders is None else orders
    cover = usual_cover(stock, expected)
    features = {
        "sell_out_surprise": surprises(sell_out, expected)[:, last],
        "stock_to_usual": positive_ratio(stock[:, last], cover * expected.base_ahead[:, last]),
        "usual_cover_months": cover,
    }
    for months in BALANCE_MONTHS:
        built = (sell_in - sell_out)[:, -months:]
        known = np.isfinite(built).sum(axis=1)
        features[f"stock_built_{months}"] = positive_ratio(np.nan_to_num(built).sum(axis=1), known)
    by_month = {"expected_sell_out": expected.sell_out[:, ahead], "expected_orders": _unless_gone(orders, skus)}
    return features | _by_horizon(by_month, skus.horizon_months)


def expected_units(features: dict[str, Floats], horizon_months: int = HORIZON_MONTHS) -> dict[str, Floats]:
    """Return ``expected_units_hNN``: weighted mean of the known expectations of sell-in, at least 0."""
    expected = {}
    for horizon in range(1, horizon_months + 1):
        columns = {horizon_column(name, horizon): weight for name, weight in EXPECTATION_WEIGHTS.items()}
        parts = np.stack([features[column] for column in columns if column in features], axis=1)
        weights = np.array([weight for column, weight in columns.items() if column in features])
        known = np.isfinite(parts) * weights
        total = np.maximum((np.nan_to_num(parts) * known).sum(axis=1), 0.0)
        expected[horizon_column("expected_units", horizon)] = positive_ratio(total, known.sum(axis=1))
    return expected


def _unless_gone(units: Floats, skus: SkuMonths) -> Floats:
    return np.where(skus.is_gone[:, : units.shape[1]], 0.0, units)


def _same_month(units: Floats, months: int) -> Floats:
    """Return units of the latest same calendar month for each month ahead, (n, months); NaN without such a month."""
    same_month = np.full((len(units), months), np.nan)
    for ahead in range(1, months + 1):
        column = units.shape[1] - 1 + ahead - YEAR * -(-ahead // YEAR)
        if column >= 0:
            same_month[:, ahead - 1] = units[:, column]
    return same_month


def _by_horizon(values: dict[str, Floats], horizon_months: int) -> dict[str, Floats]:
    return {
        horizon_column(name, horizon): by_month[:, horizon - 1]
        for name, by_month in values.items()
        for horizon in range(1, horizon_months + 1)
    }
