"""Prediction intervals from empirical quantiles of earlier out-of-sample errors.

Errors are (forecast - actual) / demand scale of the SKU. They must come from forecasts made before the actual was
known. Not here: computing the errors and the scale.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Ints, Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS

MIN_ERRORS = 30
LAST_OF_BUCKETS = (3, 6, 12)
ANY_SEGMENT = "*"
REGULAR, INTERMITTENT = "regular", "intermittent"
QUANTILE_COLUMNS = ["segment", "horizon_months", "below", "above", "errors"]


def horizon_quantiles(
    errors_scaled: Floats,
    horizon: Ints,
    segment: Labels | None = None,
    lower: float = 0.1,
    upper: float = 0.9,
    horizon_months: int = HORIZON_MONTHS,
) -> pd.DataFrame:
    """Return the distances from the forecast down and up to the interval ends, per segment and horizon, scaled.

    A horizon with fewer than 30 errors takes, in this order:

    1. the errors of its bucket (1-3, 4-6, 7-12, from 13 on) in the segment;
    2. the errors of its bucket over all segments;
    3. the distances of the nearest earlier horizon, else the nearest later one, that has enough errors;
    4. all errors, if every bucket has fewer than 30.

    Both distances are >= 0 and never decrease with the horizon.

    Args:
        errors_scaled: (forecast - actual) / scale of out-of-sample cells, 1-d; NaN is left out.
        horizon: 1..``horizon_months`` of each cell.
        segment: Segment of each cell; None for one segment.
        lower: Quantile of the demand at the lower end of the interval.
        upper: Quantile of the demand at the upper end of the interval.
        horizon_months: Number of horizons of the result.

    Returns:
        segment, horizon_months (1..n), below, above, errors (number of errors used). Segment "*" is over all segments
        and applies to unknown ones.

    Raises:
        ValueError: If there is no error at all, a horizon is outside of them, or not 0 < lower < upper < 1.
    """
    if not 0 < lower < upper < 1:
        raise ValueError(f"expected 0 < lower < upper < 1, got lower {lower}, upper {upper}")
    errors = np.asarray(errors_scaled, dtype=float)
    known = ~np.isnan(errors)
    if not known.any():
        raise ValueError("no out-of-sample error is known: backtest at least one origin before computing intervals")
    segments = np.full(len(errors), ANY_SEGMENT, dtype=object) if segment is None else np.asarray(segment, dtype=object)
    cells = pd.DataFrame({"error": errors, "horizon": np.asarray(horizon, dtype=int), "segment": segments})[known]
    outside = cells.loc[~cells["horizon"].between(1, horizon_months), "horizon"]
    if len(outside):
        raise ValueError(f"horizon must lie in 1..{horizon_months}, got {sorted(outside.unique().tolist())}")
    names = [ANY_SEGMENT, *sorted(set(cells["segment"].dropna()) - {ANY_SEGMENT})]
    return pd.concat([_distances(cells, name, lower, upper, horizon_months) for name in names], ignore_index=True)


def _distances(cells: pd.DataFrame, segment: str, lower: float, upper: float, horizon_months: int) -> pd.DataFrame:
    own = cells if segment == ANY_SEGMENT else cells[cells["segment"] == segment]
    horizons = range(1, horizon_months + 1)
    samples = {step: _sample(own, cells, step) for step in horizons}
    samples = {step: sample for step, sample in samples.items() if len(sample) >= MIN_ERRORS} or {1: cells["error"]}
    # Demand is forecast - error: the upper quantile of the error is the lower end of the demand.
    # An intermittent SKU sells nothing in more months than one in ten. Its interval begins at zero, so the whole share
    # that may lie outside is above it.
    upper = upper - lower if segment == INTERMITTENT else upper
    rows = {
        step: (max(0.0, sample.quantile(1 - lower)), max(0.0, -sample.quantile(1 - upper)), len(sample))
        for step, sample in samples.items()
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["below", "above", "errors"])
    table = table.reindex(pd.Index(horizons, name="horizon_months")).ffill().bfill()
    table[["below", "above"]] = table[["below", "above"]].cummax()
    return table.reset_index().assign(segment=segment)[QUANTILE_COLUMNS]


def _sample(own: pd.DataFrame, every: pd.DataFrame, horizon: int) -> pd.Series:
    """Return the errors of the horizon, else of its bucket in the segment, else of its bucket over all segments."""
    first = 1 + max((last for last in LAST_OF_BUCKETS if last < horizon), default=0)
    last = min((last for last in LAST_OF_BUCKETS if last >= horizon), default=np.inf)
    candidates = (
        own.loc[own["horizon"] == horizon, "error"],
        own.loc[own["horizon"].between(first, last), "error"],
        every.loc[every["horizon"].between(first, last), "error"],
    )
    return next((sample for sample in candidates if len(sample) >= MIN_ERRORS), candidates[-1])


def apply_intervals(
    point: Floats,
    scale: Floats,
    horizon: Ints,
    quantiles: pd.DataFrame,
    segment: Labels | None = None,
) -> tuple[Floats, Floats]:
    """Return the interval ends of each forecast, in units: ``(p10, p90)`` for the default quantiles.

    ``p10 = max(0, point - below x scale)``, ``p90 = point + above x scale``: 0 <= p10 <= point <= p90 for point >= 0.
    The distances to the point do not shrink with the horizon unless cut off at 0.

    Args:
        point: (rows,) forecast in units, >= 0.
        scale: (rows,) demand scale in units.
        horizon: (rows,) a horizon of ``quantiles``.
        quantiles: From ``horizon_quantiles``.
        segment: (rows,); None, null or an unknown segment takes the distances over all segments.

    Raises:
        ValueError: If a point is negative or unknown, or a horizon is not in ``quantiles``.
    """
    point, scale = np.asarray(point, dtype=float), np.asarray(scale, dtype=float)
    if not (point >= 0).all():
        raise ValueError(f"{(~(point >= 0)).sum()} point forecasts are negative or NaN: clip and fill before intervals")
    table = quantiles.set_index(["segment", "horizon_months"])[["below", "above"]]
    seen = set(quantiles["segment"])
    names = pd.Series(np.full(len(point), ANY_SEGMENT) if segment is None else np.asarray(segment), dtype=object)
    names = names.where(names.isin(seen), ANY_SEGMENT)
    keys = pd.MultiIndex.from_arrays([names, np.asarray(horizon, dtype=int)])
    at = table.index.get_indexer(keys)
    if (at < 0).any():
        raise ValueError(f"no interval for horizon {np.unique(np.asarray(horizon)[at < 0]).tolist()}")
    distances = table.to_numpy()[at] * scale[:, None]
    low = np.where(names == INTERMITTENT, 0.0, point - distances[:, 0])
    return np.maximum(0.0, low), point + distances[:, 1]
