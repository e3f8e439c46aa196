"""Refits as plain arrays and back, so that they can be kept in a file without pickle."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast_assets.domain.models.predictions import Predictions
from forecast_assets.domain.models.refits import Refit, RowsAndRefit

Arrays = Mapping[str, npt.NDArray[np.generic]]
OWN, POOLED, WITHOUT = "own", "pooled", "without_"


def refit_to_arrays(refit: RowsAndRefit | None) -> Arrays:
    """Return the arrays of a refit and its rows; none for a market without boosters at the origin."""
    if refit is None:
        return {}
    rows, fitted = refit
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "sku": rows["sku"].to_numpy(str),
        "origin_month": rows["origin_month"].to_numpy("datetime64[ns]"),
        "gain_names": fitted.gains.index.to_numpy(str),
        "gains": fitted.gains.to_numpy(float),
    }
    arrays |= {f"{WITHOUT}{source}": units for source, units in fitted.without.items()}
    for prefix, predictions in ((OWN, fitted.predictions), (POOLED, fitted.pooled)):
        if predictions is not None:
            for name, values in dataclasses.asdict(predictions).items():
                arrays[f"{prefix}_{name}"] = values.astype(str) if name == "skus" else values
    return arrays


def refit_from_arrays(arrays: Arrays) -> RowsAndRefit | None:
    """Return the refit and its rows from ``refit_to_arrays``."""
    if not arrays:
        return None
    rows = pd.DataFrame({"sku": arrays["sku"].astype(object), "origin_month": arrays["origin_month"]})
    own = _predictions(arrays, OWN)
    gains = pd.Series(arrays["gains"], index=arrays["gain_names"].astype(object), dtype=float)
    pooled = _predictions(arrays, POOLED) if f"{POOLED}_skus" in arrays else None
    tested = [name.removeprefix(WITHOUT) for name in arrays if name.startswith(WITHOUT)]
    without = {source: arrays[f"{WITHOUT}{source}"].astype(float) for source in tested}
    return rows, Refit(own, np.full_like(own.boosting, np.nan), gains, pooled, without)


def _predictions(arrays: Arrays, prefix: str) -> Predictions:
    values = {field.name: arrays[f"{prefix}_{field.name}"] for field in dataclasses.fields(Predictions)}
    return Predictions(**values | {"skus": values["skus"].astype(object)})
