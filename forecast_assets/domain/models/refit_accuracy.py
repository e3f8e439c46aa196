"""Accuracy of a model's refits on the months that followed them: what is known of a model before any backtest.

The refits have seen nothing after their origins, and are blended as the model is. They forecast a sample of the SKUs
with fewer rows and rounds, so their errors are somewhat larger than the model's.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecast_assets.domain.models.market_model import MarketModel
from forecast_assets.domain.models.refits import Refit
from forecast_assets.domain.models.sku_weights import weighed_by_sku

COLUMNS = ["horizon_months", "actual_units", "absolute_actual_units", "absolute_error_units", "error_units"]


def refit_errors(refits: Sequence[Refit], model: MarketModel) -> pd.DataFrame:
    """Return the sums over known cells by horizon: COLUMNS; an error is forecast minus actual, no rows without a cell.

    Args:
        refits: Refits of the model's recipe with the units that followed.
        model: The model, whose weights and shares blend them.
    """
    parts = []
    planned = [refit.with_planned(model.planned_share).mixed(model.pooled_share) for refit in refits]
    for refit, blended in zip(refits, weighed_by_sku(planned, model.sku_weights), strict=True):
        error = blended.predictions.blended(model.boosting_weight) - refit.actual_units
        known = np.isfinite(error)
        parts.append([np.where(known, values, 0.0).sum(axis=0) for values in _values(refit.actual_units, error)])
        parts[-1].append(known.sum(axis=0))
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    actual, absolute_actual, absolute_error, error_sum, cells = np.array(parts).sum(axis=0)
    horizons = np.arange(1, len(actual) + 1)
    table = pd.DataFrame(
        dict(zip(COLUMNS, (horizons, actual, absolute_actual, absolute_error, error_sum), strict=True))
    )
    scored: pd.DataFrame = table.loc[cells > 0].reset_index(drop=True)
    return scored


def _values(actual: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, ...]:
    return actual, np.abs(actual), np.abs(error), error
