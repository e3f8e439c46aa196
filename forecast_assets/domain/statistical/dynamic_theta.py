"""The dynamic optimised Theta model, for all SKUs of a market at once.

Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler, "Models for optimising the theta method and their relationship
to state space models", International Journal of Forecasting 32 (2016), model DOTM: simple smoothing of the units plus a
line that is fitted anew every month. This module holds the recursion and the choice of its two parameters. The simpler
Theta that serves as a feature is in ``seasonal_smoothing.py``.
"""

from dataclasses import dataclass

import numpy as np

from forecast_assets.domain.arrays import Floats, Ints
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.demand_panel import known_mean
from forecast_assets.domain.demand.seasonality import following_calendar_months, tested_seasonal_indices
from forecast_assets.domain.statistical.aligned_panel import AlignedPanel, aligned_chunks
from forecast_assets.domain.statistical.forecast_cap import cap_forecasts

HISTORY_MONTHS = 120
MONTHS_NEEDED = 3
SKUS_PER_CHUNK = 512
SETTINGS_PER_PASS = 4
ALPHAS = (0.01, 0.03, 0.07, 0.15, 0.25, 0.4, 0.55, 0.7, 0.85, 0.98)
THETAS = (1.0, 1.5, 2.0, 3.0, 5.0)
# The starting level is estimated by least squares; the penalty keeps it at the first month where no error needs it.
LEVEL_PENALTY = 1e-3


@dataclass
class ThetaStates:
    """States of DOTM, each (n_settings, n_series), after ``months`` months.

    Attributes:
        level: The smoothed level.
        mean: Mean of the line through the months so far.
        intercept: Intercept of that line.
        slope: Slope of that line per month.
        forgotten: (1 - alpha)^months, the share of the starting level that is left.
    """

    level: Floats
    mean: Floats
    intercept: Floats
    slope: Floats
    forgotten: Floats

    def first(self, n_series: int) -> "ThetaStates":
        """Return views on the leading series: changes to them change these states."""
        fields = (self.level, self.mean, self.intercept, self.slope, self.forgotten)
        return ThetaStates(*(values[:, :n_series] for values in fields))

    def expected(self, alpha: Floats, theta: Floats) -> Floats:
        """Return the units expected in the next month."""
        line = self.forgotten * self.intercept + (1.0 - self.forgotten * (1.0 - alpha)) / alpha * self.slope
        return self.level + (1.0 - 1.0 / theta) * line

    def update(self, units: Floats, month: Ints | int, alpha: Floats) -> None:
        """Update the states in place by the units of a month, counted from 1."""
        slope = ((month - 2) * self.slope + 6.0 * (units - self.mean) / month) / (month + 1)
        self.slope[...] = np.where(np.equal(month, 1), 0.0, slope)
        self.mean[...] = ((month - 1) * self.mean + units) / month
        self.intercept[...] = self.mean - self.slope * (month + 1) / 2.0
        self.level[...] += alpha * (units - self.level)
        self.forgotten[...] *= 1.0 - alpha


def forecast_dynamic_theta(units: Floats, calendar_months: Ints, horizon_months: int = HORIZON_MONTHS) -> Floats:
    """Forecast every SKU by the dynamic optimised Theta model on units divided by their seasonal index.

    Alpha and theta come from a grid by the squared one-step errors in sample, the starting level in closed form. The
    index is that of ``tested_seasonal_indices``. An unknown month counts as the value expected in it.

    Args:
        units: (n_sku, n_months) ending at the origin month; NaN before the first row of a SKU and where unknown.
        calendar_months: (n_months,), 1 .. 12, of the columns of ``units``.
        horizon_months: Number of months after the origin to forecast.

    Returns:
        (n_sku, horizon_months) units, within 0 and 4 x the maximum of the last 36 months, never NaN; 0 with fewer than
        3 known months.

    Raises:
        ValueError: If ``calendar_months`` is not one number 1 .. 12 per column.
    """
    recent = np.asarray(units, dtype=float)[:, -HISTORY_MONTHS:]
    months = np.asarray(calendar_months)[-HISTORY_MONTHS:]
    index = tested_seasonal_indices(recent, months)
    adjusted = recent / index[:, months - 1]
    mean = np.nan_to_num(known_mean(np.abs(adjusted)))
    size = np.where(mean > 0.0, mean, 1.0)[:, None]
    forecasts = np.zeros((len(recent), horizon_months))
    long_enough = np.flatnonzero(np.isfinite(recent).sum(axis=1) >= MONTHS_NEEDED)
    for rows, panel in aligned_chunks((adjusted / size)[long_enough], SKUS_PER_CHUNK):
        forecasts[long_enough[rows]] = _forecast(panel, horizon_months)
    ahead = following_calendar_months(months, horizon_months)
    return cap_forecasts(np.maximum(forecasts * size, 0.0) * index[:, ahead - 1], recent)


def _forecast(panel: AlignedPanel, horizon_months: int) -> Floats:
    """Forecast each series with its best setting, (n_series, horizon)."""
    alpha, theta, start = _best_setting(panel)
    states, *_ = _run(panel, alpha, theta, start)
    ahead = np.empty((horizon_months, len(panel.lengths)))
    for step in range(horizon_months):
        ahead[step] = states.expected(alpha, theta)[0]
        states.update(ahead[step][None], panel.lengths + step + 1, alpha)
    return ahead.T


def _best_setting(panel: AlignedPanel) -> tuple[Floats, Floats, Floats]:
    """Return alpha, theta and starting level with the least squared errors, each (1, n_series)."""
    n_series = len(panel.lengths)
    first = panel.units[:1]
    best = np.full(n_series, np.inf)
    chosen = np.empty((3, n_series))
    grid = np.array([(alpha, theta) for alpha in ALPHAS for theta in THETAS])
    for begin in range(0, len(grid), SETTINGS_PER_PASS):
        alpha, theta = grid[begin : begin + SETTINGS_PER_PASS].T[:, :, None]
        _, squared, leaning, response = _run(panel, alpha, theta, first)
        shift = leaning / (response + LEVEL_PENALTY)
        squared = squared - shift * leaning
        winner = (squared.argmin(axis=0), np.arange(n_series))
        improved = squared[winner] < best
        best[improved] = squared[winner][improved]
        candidate = np.array([alpha[winner[0], 0], theta[winner[0], 0], first[0] + shift[winner]])
        chosen[:, improved] = candidate[:, improved]
    return chosen[:1], chosen[1:2], chosen[2:]


def _run(
    panel: AlignedPanel, alpha: Floats, theta: Floats, start: Floats
) -> tuple[ThetaStates, Floats, Floats, Floats]:
    """Run one pass over the months.

    The error is linear in the starting level, with the response (1 - alpha)^month.

    Returns:
        The states after each series' last month, the sum of squared one-step errors from the second month on, the sum
        of response times error, and the sum of squared responses.
    """
    shape = np.broadcast_shapes(alpha.shape, theta.shape, start.shape)
    alpha, theta = np.broadcast_to(alpha, shape), np.broadcast_to(theta, shape)
    level = np.array(np.broadcast_to(start, shape))
    states = ThetaStates(level, np.zeros(shape), np.zeros(shape), np.zeros(shape), forgotten=np.ones(shape))
    squared, leaning, response = (np.zeros(shape) for _ in range(3))
    for month, n_active in enumerate(panel.active, start=1):
        now = np.s_[:, :n_active]
        active = states.first(n_active)
        expected = active.expected(alpha[now], theta[now])
        units = np.where(panel.unknown[month - 1, :n_active], expected, panel.units[month - 1, :n_active])
        if month > 1:
            error = units - expected
            squared[now] += error * error
            leaning[now] += active.forgotten * error
            response[now] += active.forgotten * active.forgotten
        active.update(units, month, alpha[now])
    return states, squared, leaning, response
