"""Example of a member that learns over SKUs: scikit-learn's ridge regression on the last 13 months of every SKU.

One linear model for all SKUs and each horizon, on units in multiples of the SKU's level. It is stored as coefficients
in JSON. A weight in the recipe, or ``forecast-assets experiment --member ridge_on_lags``, makes it take part.
"""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.demand_panel import DemandPanel, demand_scale
from forecast_assets.domain.models.member import Member
from forecast_assets.domain.models.recipe import Recipe

LAGS = 13
ORIGINS = 36
LEAST_ROWS = 200
ALPHA = 10.0


class RidgeOnLags(Member):
    """Ridge regression from the last 13 months to each of the next 18."""

    name = "ridge_on_lags"
    family = "linear"
    learns_over_skus = True
    libraries = ("sklearn",)

    def fit(self, panel: DemandPanel, origin: pd.Timestamp, recipe: Recipe) -> dict[str, str]:
        """Fit one model per horizon on the origins of the last 36 months; empty with fewer than 200 rows."""
        from sklearn.linear_model import Ridge

        units = panel.learnable(origin).units
        coefficients, intercepts = [], []
        for horizon in range(1, HORIZON_MONTHS + 1):
            last = units.shape[1] - horizon
            rows = [_row_and_label(units, end, horizon) for end in range(max(LAGS, last - ORIGINS + 1), last + 1)]
            known = np.concatenate(rows) if rows else np.empty((0, LAGS + 1))
            known = known[np.isfinite(known).all(axis=1)]
            if len(known) < LEAST_ROWS:
                return {}
            fitted = Ridge(alpha=ALPHA).fit(known[:, :-1], known[:, -1])
            coefficients.append(fitted.coef_.tolist())
            intercepts.append(float(fitted.intercept_))
        return {"coefficients": json.dumps({"coefficients": coefficients, "intercepts": intercepts})}

    def predict(self, learned: Mapping[str, str], panel: DemandPanel, horizon_months: int, recipe: Recipe) -> Floats:
        """Multiply the last 13 months by the coefficients; an unknown month counts as the SKU's level."""
        stored = json.loads(learned["coefficients"])
        scale = demand_scale(panel.units)[:, None]
        lags = np.full((len(panel.skus), LAGS), 1.0)
        recent = (panel.units / scale)[:, -LAGS:]
        lags[:, LAGS - recent.shape[1] :] = np.where(np.isfinite(recent), recent, 1.0)
        coefficients = np.asarray(stored["coefficients"])[:horizon_months]
        forecast: Floats = (lags @ coefficients.T + np.asarray(stored["intercepts"])[:horizon_months]) * scale
        return np.maximum(forecast, 0.0)


def _row_and_label(units: Floats, end: int, horizon: int) -> Floats:
    """Return the lags of each SKU before column ``end`` and the units ``horizon`` months on, (n, 14), by its level."""
    scale = demand_scale(units[:, :end])[:, None]
    row: Floats = np.hstack([units[:, end - LAGS : end], units[:, end + horizon - 1, None]]) / scale
    return row
