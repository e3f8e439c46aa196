"""The search for smoothing parameters and starting states, for all series of a panel at once.

This module holds the space of parameters and the fit by least squares. The recursion is in
``holt_winters_recursion.py``; ``holt_winters.py`` and ``exponential_smoothing.py`` use the fitted states.
"""

from dataclasses import dataclass

import numpy as np

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.statistical.aligned_panel import AlignedPanel
from forecast_assets.domain.statistical.holt_winters_recursion import States, one_step_errors, sum_of_squared_errors

START_MONTHS = 72
# About 2,000 cells of level, trend and twelve seasons fit the second-level cache of a core.
CELLS_PER_PASS = 2048
SEARCH_STEP = 0.1

# Series are scaled to a mean of 1. The penalties decide only where no month can: on a constant moved from the level to
# all seasons, and on a calendar month that is never known. Larger ones flatten a clean season (1.0: off by 9 %).
LEVEL_PENALTY, SEASON_PENALTY = 1e-6, 1e-3


@dataclass(frozen=True)
class SearchSpace:
    """The values that the search tries.

    Attributes:
        season_length: Months in a season; 1: no season.
        alphas: Grid values of the smoothing of the level.
        betas: Grid values of the smoothing of the trend; the last one is the largest allowed.
        gammas: Grid values of the smoothing of the season.
        dampings: Grid values of the monthly damping of the trend; (1.0,) is an undamped trend.
        trend_penalty: Penalty on the starting trend.
        has_trend: False: level and season only.
        rounds: Rounds of the coordinate search after the grid.
    """

    season_length: int
    alphas: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.99)
    betas: tuple[float, ...] = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0)
    gammas: tuple[float, ...] = (0.0, 0.05, 0.1, 0.2, 0.4, 0.7)
    dampings: tuple[float, ...] = (1.0,)
    trend_penalty: float = 1e-3
    has_trend: bool = True
    rounds: int = 4

    @property
    def grid(self) -> Floats:
        """All settings with alpha + gamma <= 1: (n_settings, 4) of alpha, beta, gamma, damping."""
        settings = [
            (alpha, beta, gamma, damping)
            for alpha in self.alphas
            for beta in self.betas
            for gamma in self.gammas
            for damping in self.dampings
            if alpha + gamma <= 1.0
        ]
        return np.array(settings)


@dataclass(frozen=True)
class FittedSmoothing:
    """Result of the search.

    Attributes:
        states: States after the last month.
        smoothing: (4, 1, n_series) alpha, beta, gamma and damping.
        squared_errors: (n_series,) sum of squared one-step errors.
    """

    states: States
    smoothing: Floats
    squared_errors: Floats


def fit_smoothing(panel: AlignedPanel, space: SearchSpace) -> FittedSmoothing:
    """Find the parameters that minimise the squared one-step errors, and the states they lead to.

    1. A regression on trend and season over the first 72 months gives the starting states.
    2. A grid search is followed by a coordinate search around the best grid point.
    3. Penalised least squares re-estimates the starting states for those parameters; the errors are linear in them.
    """
    n_series = len(panel.lengths)
    zero = States(np.zeros((1, n_series)), np.zeros((1, n_series)), np.zeros((space.season_length, 1, n_series)))
    no_smoothing = np.zeros((4, 1, n_series))
    no_smoothing[3] = max(space.dampings)
    start = _estimate_start(panel.first_months(START_MONTHS), zero, no_smoothing, space)
    smoothing = _refine(panel, start, *_search_grid(panel, start, space), space)
    states = _estimate_start(panel, start, smoothing, space).spread(1)
    squared = np.zeros(n_series)
    for error in one_step_errors(panel, states, smoothing):
        squared[: error.shape[1]] += error[0] ** 2
    return FittedSmoothing(states, smoothing, squared)


def _estimate_start(panel: AlignedPanel, prior: States, smoothing: Floats, space: SearchSpace) -> States:
    """Estimate the starting states that minimise squared errors plus penalties on the distance from ``prior``.

    With all smoothing parameters 0 this is a regression on a trend and the calendar months.
    """
    season_length, n_series = len(prior.season), len(panel.lengths)
    n_states = 2 + (season_length if season_length > 1 else 0)
    unit = np.repeat(np.eye(2 + season_length)[:, :n_states, None], n_series, axis=2)
    responses = one_step_errors(panel.zeroed(), States(unit[0], unit[1], unit[2:]), smoothing)
    normal, target = np.zeros((n_states, n_states, n_series)), np.zeros((n_states, n_series))
    for error, response in zip(one_step_errors(panel, prior.spread(1), smoothing), responses, strict=True):
        n_active = error.shape[1]
        normal[:, :, :n_active] += response[:, None] * response[None]
        target[:, :n_active] -= response * error
    # Without a trend, a penalty that no month can outweigh holds its state at zero.
    trend_penalty = space.trend_penalty if space.has_trend else 1e12
    penalty = np.diag([LEVEL_PENALTY, trend_penalty, *[SEASON_PENALTY] * (n_states - 2)])
    shift = np.linalg.solve(normal.transpose(2, 0, 1) + penalty, target.T[..., None])[..., 0].T
    season = prior.season.copy()
    season[: n_states - 2, 0] += shift[2:]
    return States(prior.level + shift[:1], prior.trend + shift[1:2], season)


def _search_grid(panel: AlignedPanel, start: States, space: SearchSpace) -> tuple[Floats, Floats]:
    """Return the best grid point per series, (4, 1, n_series), and its sum of squared errors, (n_series,)."""
    grid = space.grid
    n_series = len(panel.lengths)
    best, smoothing = np.full(n_series, np.inf), np.zeros((4, 1, n_series))
    n_settings = max(1, CELLS_PER_PASS // n_series)
    for begin in range(0, len(grid), n_settings):
        settings = grid[begin : begin + n_settings]
        squared = sum_of_squared_errors(panel, start, settings.T[:, :, None])
        _keep_better(best, smoothing, squared, np.repeat(settings.T[:, :, None], n_series, axis=2))
    return smoothing, best


def _refine(panel: AlignedPanel, start: States, smoothing: Floats, best: Floats, space: SearchSpace) -> Floats:
    """Search by coordinates on the square roots of the parameters, which puts small and large values equally apart."""
    step = np.full(smoothing.shape, SEARCH_STEP)
    coordinates = [0, *([1] if space.has_trend else []), *([2] if space.season_length > 1 else [])]
    for _ in range(space.rounds):
        for coordinate in coordinates:
            tried = np.repeat(smoothing, 2, axis=1)
            moved = np.sqrt(tried[coordinate]) + step[coordinate] * np.array([[1.0], [-1.0]])
            tried[coordinate] = np.clip(moved, 0.0, 1.0) ** 2
            tried[1] = np.minimum(tried[1], space.betas[-1])
            tried[2] = np.minimum(tried[2], 1.0 - tried[0])
            improved = _keep_better(best, smoothing, sum_of_squared_errors(panel, start, tried), tried)
            step[coordinate, 0, ~improved] *= 0.5
    return smoothing


def _keep_better(best: Floats, smoothing: Floats, squared: Floats, tried: Floats) -> Bools:
    """Take over, in place, the settings that beat the best so far; return for which series one did.

    A gain within rounding does not count; otherwise the order of summation would decide a tie.
    """
    winner = squared.argmin(axis=0)[None]
    value = np.take_along_axis(squared, winner, axis=0)[0]
    improved: Bools = value < best * (1.0 - 1e-9)
    best[improved] = value[improved]
    chosen = np.take_along_axis(tried, np.broadcast_to(winner, (len(tried), *winner.shape)), axis=1)
    smoothing[:, :, improved] = chosen[:, :, improved]
    return improved
