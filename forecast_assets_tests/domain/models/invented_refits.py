"""Refits with predictions as a test invents them, in place of trained boosters."""

import numpy as np

from forecast_assets.domain.models.predictions import Predictions
from forecast_assets.domain.models.refits import Refit
from forecast_assets.domain.models.sku_traits import TRAITS

# Above every forecast, so that none is capped.
HISTORY_UNITS = 1e6


def invented_refit(
    own, actual=100.0, pooled=None, skus=20, intermittent=(), dispersion=1.0, planned=np.nan, without=None
) -> Refit:
    """A refit of ``skus`` SKUs over 18 months.

    ``own`` and ``pooled`` are the predictions of the boosters, a pair of boosting and members or one value for both.
    ``planned`` is what promotions, sell-out and stock let expect. ``without`` has the small learners' predictions by
    source.
    """
    return Refit(
        _predictions(own, skus, intermittent, dispersion, planned),
        _cells(actual, skus),
        without={source: _cells(units, skus) for source, units in (without or {}).items()},
        pooled=None if pooled is None else _predictions(pooled, skus, intermittent, dispersion, planned),
    )


def _predictions(values, skus, intermittent, dispersion, planned) -> Predictions:
    boosting, members = values if isinstance(values, tuple) else (values, values)
    return Predictions(
        np.arange(skus),
        _cells(boosting, skus),
        _cells(members, skus),
        np.isin(np.arange(skus), list(intermittent)),
        np.ones(skus),
        np.broadcast_to(dispersion, skus),
        np.full((skus, 36), HISTORY_UNITS),
        error_units=np.repeat(np.broadcast_to(dispersion, skus)[:, None], 18, axis=1) * np.arange(1, 19),
        expected_units=np.zeros((skus, 18)),
        planned_units=_cells(planned, skus),
        by_member=_cells(members, skus)[:, :, None],
        traits=np.zeros((skus, len(TRAITS))),
        boosting_odds=np.ones(skus),
    )


def _cells(values, skus) -> np.ndarray:
    return np.array(np.broadcast_to(values, (skus, 18)), dtype=float)
