"""Cheap statistical forecasts, computed at every training origin: simple exponential smoothing, Theta, damped Holt.

This module holds the three methods on seasonally adjusted units and the choice of their parameters. The seasonal index
is in ``domain/demand/seasonality.py``. The learning models read these forecasts as features.
"""

from dataclasses import dataclass, fields
from itertools import product

import numpy as np

from forecast_assets.domain.arrays import Floats, Ints
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.seasonality import SeasonalIndex, following_calendar_months, seasonal_indices
from forecast_assets.domain.statistical.aligned_panel import AlignedPanel, aligned_chunks
from forecast_assets.domain.statistical.forecast_cap import cap_forecasts

HISTORY_MONTHS = 84
# The mean of the first year is the starting level: one month alone costs 0.7 % of WAPE on M3.
START_MONTHS = 12
SKUS_PER_CHUNK = 128

ALPHAS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
DAMPED_ALPHAS, DAMPED_BETAS, DAMPINGS = (0.1, 0.3, 0.5, 0.8), (0.05, 0.1, 0.2), (0.85, 0.93, 0.98)

# All three are one recursion, l = l + phi b + alpha e and b = phi b + alpha beta e, from a starting trend that is a
# multiple of the least-squares slope. Columns: alpha, beta, phi, multiple of the slope.
SES = np.array([(alpha, 0.0, 1.0, 0.0) for alpha in ALPHAS])
THETA = np.array([(alpha, 0.0, 1.0, 0.5) for alpha in ALPHAS])
DAMPED_HOLT = np.array([(*settings, 1.0) for settings in product(DAMPED_ALPHAS, DAMPED_BETAS, DAMPINGS)])
METHODS = {"ses": SES, "theta": THETA, "damped_holt": DAMPED_HOLT}


@dataclass(frozen=True)
class StatisticalForecasts:
    """Forecasts (n_sku, horizon_months) in units, and the parameters behind them (n_sku,).

    Attributes:
        ses: Simple exponential smoothing: the last level.
        theta: Level plus half the least-squares slope per month (Theta as smoothing with drift, Hyndman & Billah 2003).
        damped_holt: Level plus a trend that fades.
        ses_alpha: Smoothing parameters chosen; NaN, like all below, where no month is known.
        theta_alpha: The same.
        damped_holt_alpha: The same.
        damped_holt_beta: The same.
        damped_holt_phi: The damping per month chosen.
        ses_one_step_mae: Mean absolute one-step error in sample, in seasonally adjusted units.
        theta_one_step_mae: The same.
        damped_holt_one_step_mae: The same.
        slope: Least-squares slope of the seasonally adjusted units, per month.
        season: The seasonal index used.
    """

    ses: Floats
    theta: Floats
    damped_holt: Floats
    ses_alpha: Floats
    theta_alpha: Floats
    damped_holt_alpha: Floats
    damped_holt_beta: Floats
    damped_holt_phi: Floats
    ses_one_step_mae: Floats
    theta_one_step_mae: Floats
    damped_holt_one_step_mae: Floats
    slope: Floats
    season: SeasonalIndex

    @property
    def mean(self) -> Floats:
        """Mean of the three forecasts, (n_sku, horizon_months)."""
        return (self.ses + self.theta + self.damped_holt) / 3.0

    def parameters(self) -> dict[str, Floats]:
        """Return the parameters, errors, slope and seasonal strength of each SKU, each (n_sku,), by feature name."""
        chosen = [field.name for field in fields(self) if field.name.endswith(("_alpha", "_beta", "_phi", "_mae"))]
        return {name: getattr(self, name) for name in chosen} | {
            "statistical_slope": self.slope,
            "seasonal_strength": self.season.strength,
        }


def forecast_statistical(
    units: Floats, calendar_months: Ints, horizon_months: int = HORIZON_MONTHS
) -> StatisticalForecasts:
    """Forecast every SKU by three smoothing methods on units divided by their seasonal index.

    Only the last 84 months are smoothed. Parameters come from small grids, per SKU, by the mean absolute one-step error
    in sample. In an unknown month the state carries over (the level moves on by its trend).

    Args:
        units: (n_sku, n_months) ending at the origin month; NaN before the first row of a SKU and where unknown.
        calendar_months: (n_months,), 1 .. 12, of the columns of ``units``.
        horizon_months: Number of months after the origin to forecast.

    Returns:
        Forecasts with the season put back, within 0 and 4 x the maximum of the last 36 months, never NaN; 0 where no
        month of the last 84 is known.

    Raises:
        ValueError: If ``calendar_months`` is not one number 1 .. 12 per column, or ``horizon_months`` is < 1.
    """
    if horizon_months < 1:
        raise ValueError(f"horizon_months must be >= 1, got {horizon_months}")
    units = np.asarray(units, dtype=float)
    season = seasonal_indices(units, calendar_months)
    adjusted = (units / season.of_months(calendar_months))[:, -HISTORY_MONTHS:]
    fields = _smooth_in_chunks(adjusted, horizon_months)
    target_index = season.of_months(following_calendar_months(calendar_months, horizon_months))
    for method in METHODS:
        fields[method] = cap_forecasts(fields[method] * target_index, units)
    return StatisticalForecasts(**fields, season=season)


def _smooth_in_chunks(adjusted: Floats, horizon_months: int) -> dict[str, Floats]:
    """Compute the fields of ``StatisticalForecasts`` before season and cap, in chunks whose states fit the cache."""
    n_sku = len(adjusted)
    parameters = ["slope", *(f"{method}_{name}" for method in METHODS for name in ("alpha", "one_step_mae"))]
    results = {name: np.full(n_sku, np.nan) for name in [*parameters, "damped_holt_beta", "damped_holt_phi"]}
    results |= {method: np.full((n_sku, horizon_months), np.nan) for method in METHODS}
    known = np.flatnonzero(np.isfinite(adjusted).any(axis=1))
    for rows, panel in aligned_chunks(adjusted[known], SKUS_PER_CHUNK):
        for name, values in _smooth(panel, horizon_months).items():
            results[name][known[rows]] = values
    return results


def _smooth(panel: AlignedPanel, horizon_months: int) -> dict[str, Floats]:
    """Run all settings of all methods over one panel and keep the best setting per method and series."""
    settings = np.concatenate(list(METHODS.values()))
    slope = _least_squares_slope(panel)
    level, trend, error = _run(panel, settings, slope)
    ahead = np.arange(1, horizon_months + 1)
    results, begin = {"slope": slope}, 0
    for method, grid in METHODS.items():
        best = error[begin : begin + len(grid)].argmin(axis=0)
        cell = (begin + best, np.arange(len(best)))
        alpha, beta, phi, _ = grid[best].T
        reach = np.cumsum(phi[:, None] ** ahead, axis=1)
        results[method] = level[cell][:, None] + reach * trend[cell][:, None]
        results[f"{method}_alpha"], results[f"{method}_one_step_mae"] = alpha, error[cell]
        begin += len(grid)
    return results | {"damped_holt_beta": beta, "damped_holt_phi": phi}


def _run(panel: AlignedPanel, settings: Floats, slope: Floats) -> tuple[Floats, Floats, Floats]:
    """Return level and trend after the last month and the mean absolute one-step error, each (n_settings, n_series)."""
    is_known = ~panel.unknown
    is_start = is_known & (is_known.cumsum(axis=0) <= START_MONTHS)
    start_level = (panel.units * is_start).sum(axis=0) / is_start.sum(axis=0)
    alpha, beta, phi, slope_share = settings.T[:, :, None]
    alpha_beta = alpha * beta
    level = np.repeat(start_level[None], len(settings), axis=0)
    trend = slope_share * slope
    total = np.zeros_like(level)
    for month, n_active in enumerate(panel.active):
        level_now, trend_now = level[:, :n_active], trend[:, :n_active]
        trend_now *= phi
        level_now += trend_now
        error = panel.units[month, :n_active] - level_now
        unknown = panel.unknown[month, :n_active]
        if unknown.any():
            error[:, unknown] = 0.0
        total[:, :n_active] += np.abs(error)
        level_now += alpha * error
        trend_now += alpha_beta * error
    return level, trend, total / is_known.sum(axis=0)


def _least_squares_slope(panel: AlignedPanel) -> Floats:
    """Return the slope per month of the known units of every series, (n_series,); 0 with a single known month."""
    is_known = ~panel.unknown
    n_known = is_known.sum(axis=0)
    months = np.arange(len(panel.units), dtype=float)[:, None]
    from_middle = np.where(is_known, months - (months * is_known).sum(axis=0) / n_known, 0.0)
    spread: Floats = (from_middle**2).sum(axis=0)
    covariance: Floats = (from_middle * panel.units).sum(axis=0)
    return covariance / np.where(spread > 0.0, spread, 1.0)
