"""The recursion of additive Holt-Winters, its trend damped or not, run for many series and many settings at once.

This module holds the states and one pass over the months, in error-correction form. The panel layout is in
``aligned_panel.py``, the choice of parameters and starting states in ``smoothing_search.py``. Only elementwise
operations touch the series, so a result never depends on which other series share the batch.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from forecast_assets.domain.arrays import Floats, Ints
from forecast_assets.domain.statistical.aligned_panel import AlignedPanel


@dataclass(frozen=True)
class States:
    """Level (n_settings, n_series), trend (same) and season (season_length, n_settings, n_series) before a month."""

    level: Floats
    trend: Floats
    season: Floats

    def spread(self, n_settings: int) -> "States":
        """Return a writable copy with the first setting repeated ``n_settings`` times."""
        return States(
            np.repeat(self.level[:1], n_settings, axis=0),
            np.repeat(self.trend[:1], n_settings, axis=0),
            np.repeat(self.season[:, :1], n_settings, axis=1),
        )


def one_step_errors(panel: AlignedPanel, states: States, smoothing: Floats) -> Iterator[Floats]:
    """Run the recursion over all months, changing ``states`` in place, and yield the error of each month.

    ``e = y - (l + phi b + s)``, ``l = l + phi b + alpha e``, ``b = phi b + alpha beta e``, ``s = s + gamma e``: the
    recursion of Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, 8.3, solved for the error. In an
    unknown month the error counts as 0, so level and season carry over and the level moves on by the trend.

    Args:
        panel: The series.
        states: States before the first month; afterwards those after each series' last month.
        smoothing: (3 or 4, n_settings, 1 or n_series): alpha, beta, gamma and, by default 1, the damping phi.

    Yields:
        (n_settings, active series): actual minus fitted, one array per month, valid until the next iteration.
    """
    alpha, beta, gamma, *damping = np.broadcast_to(smoothing, (len(smoothing), *states.level.shape))
    is_damped = bool(damping) and (damping[0] != 1.0).any()
    alpha_beta = alpha * beta
    season_length = len(states.season)
    for month, n_active in enumerate(panel.active):
        now = np.s_[:, :n_active]
        level, trend, season = states.level[now], states.trend[now], states.season[month % season_length][now]
        if is_damped:
            trend *= damping[0][now]
        level += trend
        error = panel.units[month, :n_active] - level
        error -= season
        unknown = panel.unknown[month, :n_active]
        if unknown.any():
            error[:, unknown] = 0.0
        level += alpha[now] * error
        trend += alpha_beta[now] * error
        season += gamma[now] * error
        yield error


def sum_of_squared_errors(panel: AlignedPanel, start: States, smoothing: Floats) -> Floats:
    """Return the sum of squared one-step errors of each setting and series, (n_settings, n_series), from one start."""
    states = start.spread(smoothing.shape[1])
    total = np.zeros(states.level.shape)
    for error in one_step_errors(panel, states, smoothing):
        total[:, : error.shape[1]] += error * error
    return total


def extrapolate(states: States, lengths: Ints, horizon_months: int, damping: Floats | None = None) -> Floats:
    """Forecast (n_series, horizon_months) with the first setting: level, plus trend per month, plus season.

    Args:
        states: States after each series' last month.
        lengths: (n_series,) months of each series.
        horizon_months: Number of months to forecast.
        damping: (n_series,) share of the trend that is kept each month; None: all of it.
    """
    ahead = np.arange(1, horizon_months + 1)
    reach: Floats
    reach = ahead[None, :].astype(float) if damping is None else np.cumsum(damping[:, None] ** ahead, axis=1)
    phase = (lengths[:, None] + ahead - 1) % len(states.season)
    season: Floats = np.take_along_axis(states.season[:, 0].T, phase, axis=1)
    level: Floats = states.level[0][:, None]
    trend: Floats = states.trend[0][:, None]
    return level + reach * trend + season
