"""Whole distribution of a market's forecasts: quantiles learned from errors out of sample, applied to predictions.

Quantiles of regular SKUs are distances from the forecast in scales of its error; intermittent SKUs have those of their
own months (``sporadic_quantiles.py``). Not here: refits (``refits.py``), the scale (``error_scale.py``).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.evaluation.intervals import DISTANCES, apply_quantiles, horizon_quantiles
from forecast_assets.domain.evaluation.quantiles import OF_P90, around_forecast
from forecast_assets.domain.models.predictions import Predictions
from forecast_assets.domain.models.refits import Refit
from forecast_assets.domain.models.sporadic_quantiles import sporadic_quantiles
from forecast_assets.domain.models.training_rows import TrainingRows

# Column of the table of quantiles: the scale that its distances are multiples of.
SCALE = "scale"
MULTI_STEP, ONE_STEP = "multi_step", "one_step"


def quantiles_of_refits(
    refits: Sequence[Refit], boosting_weight: float, horizon_months: int = HORIZON_MONTHS
) -> pd.DataFrame:
    """Return the table of quantiles from the refits' regular SKUs, in multi-step errors (``horizon_quantiles``)."""
    errors, horizons = [np.empty(0)], [np.empty(0, dtype=int)]
    for refit in refits:
        predictions = refit.predictions
        scaled = (refit.actual_units - predictions.blended(boosting_weight)) / predictions.error_units
        known = np.isfinite(scaled) & ~predictions.is_intermittent[:, None]
        errors.append(scaled[known])
        horizons.append(np.nonzero(known)[1] + 1)
    table = horizon_quantiles(np.concatenate(errors), np.concatenate(horizons), horizon_months)
    return table.assign(**{SCALE: MULTI_STEP})


def quantiles_of_statistical_errors(rows: TrainingRows, horizon_months: int = HORIZON_MONTHS) -> pd.DataFrame:
    """Return the table of quantiles from the statistical forecasts of regular SKUs, in their one-step errors.

    They serve without refits. They are out of sample because each starts at its row's origin.
    """
    regular = rows.where(~rows.is_intermittent)
    errors = (regular.actual - regular.statistical) / regular.dispersion
    return horizon_quantiles(errors, regular.horizon_months, horizon_months).assign(**{SCALE: ONE_STEP})


def forecast_quantiles(predictions: Predictions, point: Floats, table: pd.DataFrame) -> Floats:
    """Return the quantiles of each SKU and month in units, (n, horizon, 19); the forecast is between p10 and p90.

    Args:
        predictions: Predictions of one origin.
        point: (n, horizon) the blended forecast.
        table: From ``quantiles_of_refits`` or ``quantiles_of_statistical_errors``.
    """
    one_step = np.repeat(predictions.dispersion_units[:, None], point.shape[1], axis=1)
    scale = one_step if (table[SCALE] == ONE_STEP).all() else predictions.error_units
    quantiles = apply_quantiles(point, scale, table)
    sporadic = predictions.is_intermittent
    if sporadic.any():
        own = sporadic_quantiles(predictions.history[sporadic], predictions.expected_units[sporadic])
        quantiles[sporadic] = around_forecast(own, point[sporadic])
    return quantiles


def table_from_manifest(stored: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Read a table of quantiles; one of an older version has the ends of the 80 % interval in one-step errors."""
    table = pd.DataFrame(stored)
    if "below" not in table:
        return table
    every = table[table["segment"] == "*"]
    distances = [np.where(OF_P90 < 0, row.below * OF_P90, row.above * OF_P90) for row in every.itertuples()]
    described = every[["horizon_months", "errors"]].reset_index(drop=True)
    return described.join(pd.DataFrame(distances, columns=DISTANCES)).assign(**{SCALE: ONE_STEP})
