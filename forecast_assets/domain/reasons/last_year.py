"""A forecast against the same calendar month of the last known year, in units by cause.

Last year's month is taken apart into level x season, its promotion and what was unusual in it. The forecast is taken
apart into level x season, promotions, the trade's stock and the contributions of the boosting. The difference of the
two sides is the cause's part. All inputs are known at the origin. Not here: the boosting (``boosting_causes.py``),
rules and words (``rule_reasons.py``, ``sentences.py``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.features.columns import horizon_column
from forecast_assets.domain.features.expected_demand import EXPECTATION_WEIGHTS, YEAR
from forecast_assets.domain.reasons.causes import (
    CAUSES,
    FEATURE_CAUSES,
    LEVEL,
    ONE_OFF,
    PROMOTION,
    REST,
    SEASON,
    STOCK,
)

# A smaller part is no reason: it joins the rest. As a share of the larger of forecast and last year's units.
SMALLEST_SHARE = 0.01
# Causes of the boosting that belong to the path of level and season.
IN_PATH = [CAUSES.index(LEVEL), CAUSES.index(SEASON)]
HORIZONS = np.arange(1, HORIZON_MONTHS + 1)


@dataclasses.dataclass(frozen=True)
class LastYear:
    """Latest known month of each target month's calendar month, for n SKUs; arrays (n, 18) unless noted.

    Attributes:
        units: Sell-in as known at the origin; NaN if unknown.
        learnable: The same without extremes (``history-marks``).
        without_promotion: The same without extremes and without the effect of promotions.
        season: Usual season of the calendar month, mean 1 over a year.
        level: (n,) monthly level of the last 12 months, without promotions and season; NaN if unknown.
    """

    units: Floats
    learnable: Floats
    without_promotion: Floats
    season: Floats
    level: Floats

    @property
    def usual(self) -> Floats:
        """Level x season."""
        usual: Floats = self.level[:, None] * self.season
        return usual


@dataclasses.dataclass(frozen=True)
class Differences:
    """Parts of forecast minus last year's units; arrays (n, 18) unless noted, NaN where last year is unknown.

    Attributes:
        parts: (n, 18, ``CAUSES``). They add up to the difference.
        level: Monthly level of the forecast, without promotions and season.
        level_then: (n,) the same of the last 12 months.
        promotion_now: Effect of promotions on the forecast, units.
        promotion_then: Effect of promotions on last year's month, units.
    """

    parts: Floats
    level: Floats
    level_then: Floats
    promotion_now: Floats
    promotion_then: Floats


def last_year(features: pd.DataFrame, sell_in: Floats) -> LastYear:
    """Return what is known of last year's months.

    Args:
        features: Features of the origin, one row per SKU.
        sell_in: (n, T) units as known at the origin, ending at the origin month; T is at least 12.
    """
    units = sell_in[:, -YEAR:][:, (HORIZONS - 1) % YEAR]
    years = [by_horizon(features, f"same_month_{years}_years_ago") for years in (1, 2)]
    learnable = np.where(HORIZONS <= YEAR, *years)
    learnable = np.where(np.isfinite(learnable), learnable, units)
    expected, factor = by_horizon(features, "adjusted_same_month"), by_horizon(features, "promotion_factor")
    is_known = (expected > 0) & (factor > 0)
    without = np.where(is_known, np.divide(expected, factor, out=np.ones_like(factor), where=is_known), learnable)
    season = by_horizon(features, "category_season")
    season = np.where(np.isfinite(season), season, by_horizon(features, "seasonal_index"))
    season = np.where(np.isfinite(season), season, 1.0)
    season /= season[:, :YEAR].mean(axis=1, keepdims=True)
    level = _level(without[:, :YEAR], season[:, :YEAR])
    return LastYear(units, learnable, without, season, level)


def by_horizon(features: pd.DataFrame, name: str) -> Floats:
    """Return a feature that differs by horizon, (n, 18); NaN if the market does not have it."""
    columns = [horizon_column(name, int(horizon)) for horizon in HORIZONS]
    return features.reindex(columns=columns).to_numpy(np.float64, copy=True)


def _level(units: Floats, season: Floats) -> Floats:
    """Return the level of months whose season is known: sum of units / sum of season, (n,); NaN if none is known."""
    known = np.isfinite(units)
    total = np.where(known, season, 0.0).sum(axis=1)
    level: Floats = np.divide(
        np.nan_to_num(units).sum(axis=1), total, out=np.full(len(units), np.nan), where=known.any(axis=1)
    )
    return level


@dataclasses.dataclass(frozen=True)
class ExpectedParts:
    """Parts of ``expected_units`` of markets with promotions or sell-out; arrays (n, 18).

    Attributes:
        units: The expected units.
        promotion: Effect of promotions.
        stock: Orders of the trade beyond what level, season and promotions explain.
        same_month_share: Share of last year's month, without promotions, in the expected units.
    """

    units: Floats
    promotion: Floats
    stock: Floats
    same_month_share: Floats


def expected_parts(features: pd.DataFrame) -> ExpectedParts:
    """Return the parts of the expected units; NaN where they are unknown.

    The expected orders are compared with the sell-in expected from level, season and promotions, moved to the level of
    the expected sell-out. The difference is the stock correction.
    """
    members = {name: by_horizon(features, name) for name in EXPECTATION_WEIGHTS}
    weights = {name: np.isfinite(members[name]) * weight for name, weight in EXPECTATION_WEIGHTS.items()}
    weight_known = sum(weights.values(), np.zeros(members["adjusted_sell_in"].shape))
    share = {
        name: np.divide(weight, weight_known, out=np.zeros_like(weight_known), where=weight_known > 0)
        for name, weight in weights.items()
    }
    adjusted, base = members["adjusted_sell_in"], by_horizon(features, "base_sell_in")
    sold, factor = by_horizon(features, "expected_sell_out"), by_horizon(features, "promotion_factor")
    both = np.isfinite(sold + adjusted)
    total_sold, total = (np.where(both, values, 0.0).sum(axis=1, keepdims=True) for values in (sold, adjusted))
    ratio = np.divide(total_sold, total, out=np.ones_like(total), where=total > 0)
    uplift, same_month = np.nan_to_num(adjusted - base), np.nan_to_num(members["adjusted_same_month"])
    of_same_month = same_month * (1.0 - np.divide(1.0, factor, out=np.ones_like(factor), where=factor > 0))
    promotion = (
        share["adjusted_sell_in"] * uplift
        + share["expected_orders"] * ratio * uplift
        + share["adjusted_same_month"] * of_same_month
    )
    stock = share["expected_orders"] * np.nan_to_num(members["expected_orders"] - ratio * adjusted)
    kept = share["adjusted_same_month"] * (same_month > 0)
    return ExpectedParts(by_horizon(features, "expected_units"), promotion, stock, kept)


def differences(
    forecast_units: Floats,
    last: LastYear,
    is_after_end: Bools,
    boosting: Floats | None = None,
    expected: ExpectedParts | None = None,
    expected_weight: Floats | None = None,
) -> Differences:
    """Attribute forecast minus last year's units to causes.

    Args:
        forecast_units: (n, 18).
        last: Last year's months of the same SKUs.
        is_after_end: (n, 18) True in months that do not count for the level.
        boosting: (n, 18, ``FEATURE_CAUSES``) contributions of the boosting in units; None: it has no part in the
            numbers.
        expected: Parts of the expected units; None: they have no part in the numbers.
        expected_weight: (n,) weight of the expected units in each SKU's forecast; 0 where they have no part.
    """
    parts = np.zeros((*forecast_units.shape, len(CAUSES)))
    if boosting is not None:
        parts[:, :, [CAUSES.index(cause) for cause in FEATURE_CAUSES]] = boosting
        # Their share of level and season is found from the whole path, with the rest of the forecast.
        parts[:, :, IN_PATH] = 0.0
    base = forecast_units - parts.sum(axis=2)
    kept = np.zeros_like(base)
    if expected is not None and expected_weight is not None:
        weight = np.where(np.isfinite(expected.units), expected_weight[:, None], 0.0)
        promotion, stock = weight * np.nan_to_num(expected.promotion), weight * np.nan_to_num(expected.stock)
        base = base - promotion - stock
        kept = weight * expected.same_month_share
        parts[:, :, CAUSES.index(PROMOTION)] += promotion
        parts[:, :, CAUSES.index(STOCK)] += stock
    promotion_now = parts[:, :, CAUSES.index(PROMOTION)].copy()
    unusual = last.without_promotion - last.usual
    base = base - kept * unusual
    level = _level_ahead(base, last.season, is_after_end)
    parts[:, :, CAUSES.index(LEVEL)] += (level - last.level[:, None]) * last.season
    parts[:, :, CAUSES.index(SEASON)] += base - level * last.season
    parts[:, :, CAUSES.index(ONE_OFF)] += (kept - 1.0) * unusual - (last.units - last.learnable)
    promotion_then = last.learnable - last.without_promotion
    parts[:, :, CAUSES.index(PROMOTION)] -= promotion_then
    closed = _with_rest(parts, forecast_units, last.units)
    return Differences(closed, level, last.level, promotion_now, promotion_then)


def _level_ahead(base: Floats, season: Floats, is_after_end: Bools) -> Floats:
    """Return the level of each target month, (n, 18): of the first 12, or of the 12 up to a later one."""
    counted, of_season = np.where(is_after_end, np.nan, base), season
    levels = [_level(counted[:, max(0, h - YEAR) : max(h, YEAR)], of_season[:, max(0, h - YEAR) : max(h, YEAR)])
              for h in HORIZONS]  # fmt: skip
    return np.stack(levels, axis=1)


def _with_rest(parts: Floats, forecast_units: Floats, last_units: Floats) -> Floats:
    """Return the parts without those that are too small to be a reason; the rest closes the sum."""
    smallest = SMALLEST_SHARE * np.maximum(np.abs(forecast_units), np.abs(last_units))
    kept = np.where(np.abs(parts) < smallest[:, :, None], 0.0, parts)
    rest = CAUSES.index(REST)
    kept[:, :, rest] = 0.0
    kept[:, :, rest] = forecast_units - last_units - kept.sum(axis=2)
    return np.where(np.isfinite(last_units)[:, :, None], kept, np.nan)
