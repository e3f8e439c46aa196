"""Example of a member that learns from each SKU alone: complex exponential smoothing of statsforecast.

It needs the extra ``benchmark``. A weight in the recipe, or ``forecast-assets experiment --member auto_ces``, makes it
take part.
"""

from collections.abc import Mapping

import numpy as np

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.demand.demand_panel import DemandPanel, known_mean
from forecast_assets.domain.models.member import Member
from forecast_assets.domain.models.recipe import Recipe

SEASON_MONTHS = 12
# The seasonal forms need two seasons; a younger SKU is forecast by its mean.
LEAST_MONTHS = 2 * SEASON_MONTHS + 1


class AutoCes(Member):
    """Complex exponential smoothing, its form chosen by AICc."""

    name = "auto_ces"
    family = "statistical"
    libraries = ("statsforecast",)

    def predict(self, learned: Mapping[str, str], panel: DemandPanel, horizon_months: int, recipe: Recipe) -> Floats:
        """Forecast each SKU; the library takes no gaps, so an unknown month repeats the one before."""
        level = np.nan_to_num(known_mean(panel.units[:, -SEASON_MONTHS:]))
        forecast = np.repeat(level[:, None], horizon_months, axis=1)
        for row, units in enumerate(panel.units):
            history = _without_gaps(units)
            if len(history) >= LEAST_MONTHS and history.min() < history.max():
                forecast[row] = _smoothed(history, horizon_months, forecast[row])
        return np.maximum(forecast, 0.0)


def _smoothed(history: Floats, horizon_months: int, otherwise: Floats) -> Floats:
    """Return the forecast of the library; ``otherwise`` where its optimiser found none."""
    from statsforecast.models import AutoCES

    forecast = np.asarray(
        AutoCES(season_length=SEASON_MONTHS).forecast(y=history, h=horizon_months)["mean"], dtype=float
    )
    return forecast if np.isfinite(forecast).all() else otherwise


def _without_gaps(units: Floats) -> Floats:
    """Return the months from the first known one on, gaps filled forwards."""
    known = np.flatnonzero(np.isfinite(units))
    if not len(known):
        return units[:0]
    filled = units[known[0] :].copy()
    latest = np.maximum.accumulate(np.where(np.isfinite(filled), np.arange(len(filled)), 0))
    result: Floats = filled[latest]
    return result
