"""Holt-Winters with additive trend and additive season: the planners' baseline, for all SKUs of a market at once.

Here belong the choice of smoothing parameters and starting states and what happens to short series. Not here: the
recursion itself (``holt_winters_recursion.py``) and any other model.
"""

from dataclasses import dataclass

import numpy as np

from forecast_assets.domain.models.aligned_panel import AlignedPanel, aligned_chunks
from forecast_assets.domain.models.forecast_cap import cap_forecasts
from forecast_assets.domain.models.holt_winters_recursion import (
    States,
    extrapolate,
    one_step_errors,
    sum_of_squared_errors,
)

MONTHS_FOR_TREND = 4
HISTORY_MONTHS = 120
START_MONTHS = 72
SKUS_PER_CHUNK = 512
# About 2,000 cells of level, trend and twelve seasons fit the second-level cache of a core.
CELLS_PER_PASS = 2048

ALPHAS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.99)
SEARCH_ROUNDS = 4
SEARCH_STEP = 0.1

# Series are scaled to a mean of 1. The penalties decide only what no month can: a constant moved from the level to all
# seasons, a calendar month never known. Larger ones flatten a clean season (1.0: off by 9 %).
LEVEL_PENALTY, SEASON_PENALTY = 1e-6, 1e-3


@dataclass(frozen=True)
class SearchSpace:
    """Where parameters are looked for: grid values, the last beta the largest allowed, and the trend's penalty."""

    season_length: int
    betas: tuple[float, ...] = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0)
    gammas: tuple[float, ...] = (0.0, 0.05, 0.1, 0.2, 0.4, 0.7)
    trend_penalty: float = 1e-3


# A trend fitted freely on 12 months and carried on for 18 has 1.6 times the WAPE of their mean (M3); held back, 1.02.
SHORT_HISTORY = SearchSpace(season_length=1, betas=(0.0, 0.02, 0.05), gammas=(0.0,), trend_penalty=1000.0)


def forecast_holt_winters(
    units: np.ndarray, horizon_months: int = 18, season_length: int = 12, history_months: int = HISTORY_MONTHS
) -> np.ndarray:
    """Forecast every series by Holt-Winters, parameters and starting states estimated per series.

    Parameters minimise the squared one-step errors: first over a grid, then by a coordinate search around the best grid
    point, both from a trend-and-season regression on the first 72 months; at last the starting states are re-estimated
    for those parameters by penalised least squares (the errors are linear in them). Series share nothing, so rows of
    different origins may be stacked in one call, each ending at its own origin month.

    Args:
        units: (n_sku, n_months) ending at the origin month. NaN before the first row of a SKU, and inside where
            unknown: there the state carries over.
        horizon_months: How many months after the origin to forecast.
        season_length: Months in a season.
        history_months: Only this many last months are looked at.

    Returns:
        (n_sku, horizon_months) units, within 0 and 4 x the maximum of the last 36 months, never NaN. With fewer known
        months than two seasons: Holt's trend without season; fewer than 4: their mean; none known, or all zero: 0.

    Raises:
        ValueError: If ``units`` is not two-dimensional, or a length is < 1.
    """
    if units.ndim != 2:
        raise ValueError(f"units must be (n_sku, n_months), got shape {units.shape}: pass one row per SKU")
    if min(horizon_months, season_length, history_months) < 1:
        raise ValueError(
            "horizon_months, season_length and history_months must be >= 1, "
            f"got {horizon_months}, {season_length} and {history_months}"
        )
    recent = np.asarray(units, dtype=float)[:, -history_months:]
    n_known = np.isfinite(recent).sum(axis=1)
    known_sum = np.where(np.isfinite(recent), recent, 0.0).sum(axis=1)
    forecasts = np.repeat((known_sum / np.maximum(n_known, 1))[:, None], horizon_months, axis=1)
    is_seasonal = n_known >= 2 * season_length
    has_trend = (n_known >= MONTHS_FOR_TREND) & ~is_seasonal
    forecasts[is_seasonal] = _forecast_in_chunks(recent[is_seasonal], horizon_months, SearchSpace(season_length))
    forecasts[has_trend] = _forecast_in_chunks(recent[has_trend], horizon_months, SHORT_HISTORY)
    return cap_forecasts(forecasts, recent)


def _forecast_in_chunks(units: np.ndarray, horizon_months: int, space: SearchSpace) -> np.ndarray:
    forecasts = np.empty((len(units), horizon_months))
    is_known = np.isfinite(units)
    size = np.where(is_known, np.abs(units), 0.0).sum(axis=1, keepdims=True) / is_known.sum(axis=1, keepdims=True)
    size[size == 0.0] = 1.0
    for rows, panel in aligned_chunks(units / size, SKUS_PER_CHUNK):
        forecasts[rows] = extrapolate(_fit(panel, space), panel.lengths, horizon_months)
    return forecasts * size


def _fit(panel: AlignedPanel, space: SearchSpace) -> States:
    """States after the last month, with the estimated parameters. A season of length 1 stands for none."""
    n_series = len(panel.lengths)
    nothing = States(np.zeros((1, n_series)), np.zeros((1, n_series)), np.zeros((space.season_length, 1, n_series)))
    no_smoothing = np.zeros((3, 1, n_series))
    start = _estimate_start(panel.first_months(START_MONTHS), nothing, no_smoothing, space.trend_penalty)
    smoothing = _refine(panel, start, *_search_grid(panel, start, space), space)
    states = _estimate_start(panel, start, smoothing, space.trend_penalty)
    for _ in one_step_errors(panel, states, smoothing):
        pass
    return states


def _estimate_start(panel: AlignedPanel, prior: States, smoothing: np.ndarray, trend_penalty: float) -> States:
    """Starting states that minimise squared errors plus penalties on the distance from ``prior``.

    With all smoothing parameters 0 this is a regression on a trend and the calendar months.
    """
    season_length, n_series = len(prior.season), len(panel.lengths)
    n_states = 2 + (season_length if season_length > 1 else 0)
    unit = np.repeat(np.eye(2 + season_length)[:, :n_states, None], n_series, axis=2)
    responses = one_step_errors(panel.silenced(), States(unit[0], unit[1], unit[2:]), smoothing)
    normal, target = np.zeros((n_states, n_states, n_series)), np.zeros((n_states, n_series))
    for error, response in zip(one_step_errors(panel, prior.spread(1), smoothing), responses, strict=True):
        n_active = error.shape[1]
        normal[:, :, :n_active] += response[:, None] * response[None]
        target[:, :n_active] -= response * error
    penalty = np.diag([LEVEL_PENALTY, trend_penalty, *[SEASON_PENALTY] * (n_states - 2)])
    shift = np.linalg.solve(normal.transpose(2, 0, 1) + penalty, target.T[..., None])[..., 0].T
    season = prior.season.copy()
    season[: n_states - 2, 0] += shift[2:]
    return States(prior.level + shift[:1], prior.trend + shift[1:2], season)


def _search_grid(panel: AlignedPanel, start: States, space: SearchSpace) -> tuple[np.ndarray, np.ndarray]:
    """Best grid point per series, (3, 1, n_series), and its sum of squared errors, (n_series,)."""
    grid = np.array([(a, b, g) for a in ALPHAS for b in space.betas for g in space.gammas if a + g <= 1.0])
    n_series = len(panel.lengths)
    best, smoothing = np.full(n_series, np.inf), np.zeros((3, 1, n_series))
    n_settings = max(1, CELLS_PER_PASS // n_series)
    for begin in range(0, len(grid), n_settings):
        settings = grid[begin : begin + n_settings]
        squared = sum_of_squared_errors(panel, start, settings.T[:, :, None])
        _keep_better(best, smoothing, squared, np.repeat(settings.T[:, :, None], n_series, axis=2))
    return smoothing, best


def _refine(
    panel: AlignedPanel, start: States, smoothing: np.ndarray, best: np.ndarray, space: SearchSpace
) -> np.ndarray:
    """Coordinate search on the square roots of the parameters, where small values are as far apart as large ones."""
    step = np.full(smoothing.shape, SEARCH_STEP)
    coordinates = (0, 1, 2) if space.season_length > 1 else (0, 1)
    for _ in range(SEARCH_ROUNDS):
        for coordinate in coordinates:
            tried = np.repeat(smoothing, 2, axis=1)
            moved = np.sqrt(tried[coordinate]) + step[coordinate] * np.array([[1.0], [-1.0]])
            tried[coordinate] = np.clip(moved, 0.0, 1.0) ** 2
            tried[1] = np.minimum(tried[1], space.betas[-1])
            tried[2] = np.minimum(tried[2], 1.0 - tried[0])
            improved = _keep_better(best, smoothing, sum_of_squared_errors(panel, start, tried), tried)
            step[coordinate, 0, ~improved] *= 0.5
    return smoothing


def _keep_better(best: np.ndarray, smoothing: np.ndarray, squared: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """Take over, in place, the settings that beat the best so far; returns for which series one did.

    A gain within rounding does not count: else a tie would be decided by the order of summation.
    """
    winner = squared.argmin(axis=0)[None]
    value = np.take_along_axis(squared, winner, axis=0)[0]
    improved = value < best * (1.0 - 1e-9)
    best[improved] = value[improved]
    chosen = np.take_along_axis(tried, np.broadcast_to(winner, (3, *winner.shape)), axis=1)
    smoothing[:, :, improved] = chosen[:, :, improved]
    return improved
