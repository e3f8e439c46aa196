"""Holt-Winters with additive trend and additive season: the planners' baseline, for all SKUs of a market at once.

This module holds the search space and the treatment of short series. The search is in ``smoothing_search.py``, the
recursion in ``holt_winters_recursion.py``.
"""

import numpy as np

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.statistical.aligned_panel import aligned_chunks
from forecast_assets.domain.statistical.forecast_cap import cap_forecasts
from forecast_assets.domain.statistical.holt_winters_recursion import extrapolate
from forecast_assets.domain.statistical.smoothing_search import SearchSpace, fit_smoothing

MONTHS_FOR_TREND = 4
HISTORY_MONTHS = 120
SKUS_PER_CHUNK = 512

# A trend fitted freely on 12 months and continued for 18 has 1.6 times the WAPE of their mean (M3); penalised, 1.02.
SHORT_HISTORY = SearchSpace(season_length=1, betas=(0.0, 0.02, 0.05), gammas=(0.0,), trend_penalty=1000.0)


def forecast_holt_winters(
    units: Floats,
    horizon_months: int = HORIZON_MONTHS,
    season_length: int = 12,
    history_months: int = HISTORY_MONTHS,
) -> Floats:
    """Forecast every series by Holt-Winters, parameters and starting states estimated per series.

    Parameters minimise the squared one-step errors (``smoothing_search.fit_smoothing``). Series share nothing, so rows
    of different origins may be stacked in one call, each ending at its own origin month.

    Args:
        units: (n_sku, n_months) ending at the origin month. NaN before the first row of a SKU, and inside where
            unknown: there the state carries over.
        horizon_months: Number of months after the origin to forecast.
        season_length: Months in a season.
        history_months: Number of last months that are read.

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


def _forecast_in_chunks(units: Floats, horizon_months: int, space: SearchSpace) -> Floats:
    forecasts = np.empty((len(units), horizon_months))
    is_known = np.isfinite(units)
    size: Floats = np.where(is_known, np.abs(units), 0.0).sum(axis=1, keepdims=True) / is_known.sum(
        axis=1, keepdims=True
    )
    size[size == 0.0] = 1.0
    for rows, panel in aligned_chunks(units / size, SKUS_PER_CHUNK):
        fitted = fit_smoothing(panel, space)
        forecasts[rows] = extrapolate(fitted.states, panel.lengths, horizon_months)
    return forecasts * size
