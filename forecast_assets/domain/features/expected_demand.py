"""Features that are expectations: sell-out and sell-in of each target month from level, season, promotions and stock.

Here belongs only which columns the parts make. The parts are ``demand_structure`` and ``replenishment``.
"""

import dataclasses

import numpy as np
import pandas as pd

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
MONTHS_AHEAD = HORIZON_MONTHS + MONTHS_LOOKED_AHEAD
# Sell-out reacts in the month of a promotion and after it; sell-in before it as well, when the trade loads stock.
SELL_OUT_MONTHS, SELL_IN_MONTHS = (0, 1), (-1, 0, 1)
# Sell-in is noisier than sell-out. Half-lives of 3 and 4 months: WAPE of lags 1-3 0.196 and 0.194.
SELL_IN_HALF_LIFE_MONTHS = 4.0
BALANCE_MONTHS = (3, 6, 12)
# Simulated companies, WAPE of lags 1-3 and 4-18: 0.1625 and 0.2169; equal weights of the first two 0.1657 and 0.2185.
EXPECTATION_WEIGHTS = {"expected_orders": 3.0, "adjusted_sell_in": 2.0, "adjusted_same_month": 1.0}


@dataclasses.dataclass(frozen=True)
class SkuMonths:
    """What the families of this file share about n SKUs.

    Attributes:
        calendar_months: (T + 20,), 1 .. 12: known months and those ahead.
        group: (n,) number of the SKU's category.
        is_gone: (n, 20): whether the month ahead lies after the SKU's end, as known at the origin.
        promotions: The calendar over the same months.
        age: (n, T + 20) months since the launch, ``RAMP_MONTHS`` where it is older or unknown, negative before it.
        is_replacement: (n,) 1 where the SKU replaces another, else 0: it ramps up faster.
        regressors: (number, n, T + 20) of ``demand_structure.fit_structure``.
    """

    calendar_months: np.ndarray
    group: np.ndarray
    is_gone: np.ndarray
    promotions: PromotionCalendar
    age: np.ndarray
    is_replacement: np.ndarray
    regressors: np.ndarray


def sku_months(
    origin: pd.Timestamp, products: pd.DataFrame, promotions: PromotionCalendar, price: np.ndarray | None
) -> SkuMonths:
    """Gather the SKUs' months.

    Args:
        origin: The origin month.
        products: ``category, launch_month, end_month`` and, where products have it, ``reference_sku`` of each SKU.
        promotions: Calendar that reaches 20 months ahead.
        price: (n, T) of sell-out, NaN where unknown; None without sell-out.
    """
    past = promotions.past_months
    months = pd.date_range(end=add_months(origin, MONTHS_AHEAD), periods=past + MONTHS_AHEAD, freq="MS")
    ahead = np.arange(1 - past, MONTHS_AHEAD + 1)
    months_left = 0.0 - months_since(products["end_month"], origin)
    age = np.nan_to_num(months_since(products["launch_month"], origin)[:, None] + ahead, nan=RAMP_MONTHS)
    replaced = products["reference_sku"].notna() if "reference_sku" in products else np.zeros(len(products))
    easter = np.tile(moved_easter(months, past), (len(products), 1))
    regressors = [easter]
    if price is not None:
        regressors.append(relative_price(price, promotions.probability[:, :past], MONTHS_AHEAD))
    return SkuMonths(
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
    """What a level is multiplied by, (n, T + 20): ``promoted`` by promotions, ``season``, ``others`` by all else."""

    promoted: np.ndarray
    season: np.ndarray
    others: np.ndarray
    uplift: np.ndarray

    @property
    def base(self) -> np.ndarray:
        """Everything but promotions."""
        return self.season * self.others


def factors(units: np.ndarray, skus: SkuMonths, promotion_months: tuple[int, ...]) -> Factors:
    """Learn the factors of sell-in or sell-out, (n, T) units up to the origin, NaN where unknown."""
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


def sell_in_expectation(sell_in: np.ndarray, skus: SkuMonths) -> dict[str, np.ndarray]:
    """Sell-in from its own level, season and promotions, each (n,).

    In units: ``adjusted_sell_in_hNN`` (level x season x price, Easter and launch x promotions), ``base_sell_in_hNN``
    (without promotions), ``adjusted_same_month_hNN`` (the latest such calendar month, without its promotions and with
    those expected). Factors: ``promotion_factor_hNN``, ``category_season_hNN`` (season shrunken towards that of the
    category), and ``promotion_uplift`` (log, of a promotion of the SKU's usual discount). Zero after the SKU's end.

    Args:
        sell_in: (n, T) ending at the origin month, NaN where unknown.
    """
    past = sell_in.shape[1]
    found = factors(sell_in, skus, SELL_IN_MONTHS)
    promoted = found.promoted
    level = recent_level(sell_in, (found.base * promoted)[:, :past], SELL_IN_HALF_LIFE_MONTHS)
    base = _unless_gone(level[:, None] * found.base[:, past:], skus)
    by_month = {
        "base_sell_in": base,
        "adjusted_sell_in": base * promoted[:, past:],
        "adjusted_same_month": _unless_gone(_same_month(sell_in / promoted[:, :past]) * promoted[:, past:], skus),
        "promotion_factor": promoted[:, past:],
        "category_season": found.season[:, past:],
    }
    month_itself = found.uplift[:, SELL_IN_MONTHS.index(0)]
    return _by_horizon(by_month) | {"promotion_uplift": month_itself * skus.promotions.usual_discount}


def trade_expectation(sell_out: np.ndarray, skus: SkuMonths) -> TradeExpectation:
    """Expected sell-out of known months (around the smoothed level) and of those ahead (from the recent one)."""
    past = sell_out.shape[1]
    found = factors(sell_out, skus, SELL_OUT_MONTHS)
    factor = (found.base * found.promoted)[:, :past]
    recent = recent_level(sell_out, factor)
    level = np.concatenate([smooth_level(sell_out, factor), np.tile(recent[:, None], MONTHS_AHEAD)], axis=1)
    base = level * found.base
    base[:, past:] = _unless_gone(base[:, past:], skus)
    return TradeExpectation(past, base * found.promoted, base)


def trade_features(
    sell_in: np.ndarray, sell_out: np.ndarray, stock: np.ndarray, skus: SkuMonths
) -> dict[str, np.ndarray]:
    """Sell-in from sell-out and the trade's stock, each (n,).

    ``expected_sell_out_hNN`` and ``expected_orders_hNN`` in units; ``sell_out_surprise`` (log of last month's sell-out
    / expected), ``stock_to_usual`` (stock / usual stock for the two months ahead), ``usual_cover_months``, and in units
    a month ``stock_built_<n>`` (3, 6, 12): mean of sell-in - sell-out over the last n months where both are known.

    Args:
        sell_in, sell_out, stock: (n, T) ending at the origin month, NaN where unknown.
    """
    expected = trade_expectation(sell_out, skus)
    last = expected.past_months - 1
    orders = expected_orders(sell_in, sell_out, stock, expected)
    ahead = slice(expected.past_months, expected.past_months + HORIZON_MONTHS)
    orders = np.full((len(sell_in), HORIZON_MONTHS), np.nan) if orders is None else orders
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
    return features | _by_horizon(by_month)


def expected_units(features: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """``expected_units_hNN``: weighted mean of the expectations of sell-in, over those that are known, at least 0."""
    made = {}
    for horizon in range(1, HORIZON_MONTHS + 1):
        columns = {horizon_column(name, horizon): weight for name, weight in EXPECTATION_WEIGHTS.items()}
        parts = np.stack([features[column] for column in columns if column in features], axis=1)
        weights = np.array([weight for column, weight in columns.items() if column in features])
        known = np.isfinite(parts) * weights
        total = np.maximum((np.nan_to_num(parts) * known).sum(axis=1), 0.0)
        made[horizon_column("expected_units", horizon)] = positive_ratio(total, known.sum(axis=1))
    return made


def _unless_gone(units: np.ndarray, skus: SkuMonths) -> np.ndarray:
    return np.where(skus.is_gone[:, : units.shape[1]], 0.0, units)


def _same_month(units: np.ndarray) -> np.ndarray:
    """Units of the latest same calendar month for each month ahead, (n, MONTHS_AHEAD); NaN where there is none."""
    found = np.full((len(units), MONTHS_AHEAD), np.nan)
    for ahead in range(1, MONTHS_AHEAD + 1):
        place = units.shape[1] - 1 + ahead - YEAR * -(-ahead // YEAR)
        if place >= 0:
            found[:, ahead - 1] = units[:, place]
    return found


def _by_horizon(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        horizon_column(name, horizon): by_month[:, horizon - 1]
        for name, by_month in values.items()
        for horizon in range(1, HORIZON_MONTHS + 1)
    }
