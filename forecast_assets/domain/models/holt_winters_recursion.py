"""The recursion of additive Holt-Winters in error-correction form, run for many series and many settings at once.

Here belong the states and one pass over the months. Not here: the panel layout (``aligned_panel.py``) and the choice of
parameters and starting states (``holt_winters.py``). Only elementwise operations touch the series, so a result never
depends on which other series share the batch.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from forecast_assets.domain.models.aligned_panel import AlignedPanel


@dataclass(frozen=True)
class States:
    """Level (n_settings, n_series), trend (same) and season (season_length, n_settings, n_series) before a month."""

    level: np.ndarray
    trend: np.ndarray
    season: np.ndarray

    def spread(self, n_settings: int) -> "States":
        """A writable copy with the first setting repeated ``n_settings`` times."""
        return States(
            np.repeat(self.level[:1], n_settings, axis=0),
            np.repeat(self.trend[:1], n_settings, axis=0),
            np.repeat(self.season[:, :1], n_settings, axis=1),
        )


def one_step_errors(panel: AlignedPanel, states: States, smoothing: np.ndarray) -> Iterator[np.ndarray]:
    """Run the recursion over all months, changing ``states`` in place, and yield the error of each month.

    ``e = y - (l + b + s)``, ``l = l + b + alpha e``, ``b = b + alpha beta e``, ``s = s + gamma e``: the recursion of
    Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, 8.3, solved for the error. In an unknown month the
    error counts as 0, so level and season carry over and the level moves on by the trend.

    Args:
        panel: The series.
        states: States before the first month; afterwards those after each series' last month.
        smoothing: (3, n_settings, 1 or n_series): alpha, beta, gamma.

    Yields:
        (n_settings, active series): actual minus fitted, one array per month; valid until the next one is asked for.
    """
    alpha, beta, gamma = np.broadcast_to(smoothing, (3, *states.level.shape))
    alpha_beta = alpha * beta
    season_length = len(states.season)
    for month, n_active in enumerate(panel.active):
        now = np.s_[:, :n_active]
        level, trend, season = states.level[now], states.trend[now], states.season[month % season_length][now]
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


def sum_of_squared_errors(panel: AlignedPanel, start: States, smoothing: np.ndarray) -> np.ndarray:
    """Sum of squared one-step errors of each setting and series, (n_settings, n_series), from one common start."""
    states = start.spread(smoothing.shape[1])
    total = np.zeros(states.level.shape)
    for error in one_step_errors(panel, states, smoothing):
        total[:, : error.shape[1]] += error * error
    return total


def extrapolate(states: States, lengths: np.ndarray, horizon_months: int) -> np.ndarray:
    """Forecasts (n_series, horizon_months) of the first setting: level, plus trend per month, plus season."""
    ahead = np.arange(1, horizon_months + 1)
    phase = (lengths[:, None] + ahead - 1) % len(states.season)
    season = np.take_along_axis(states.season[:, 0].T, phase, axis=1)
    return states.level[0][:, None] + ahead * states.trend[0][:, None] + season
