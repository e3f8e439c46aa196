"""Prediction intervals from empirical quantiles of earlier out-of-sample errors.

Errors are forecast - actual divided by the SKU's demand scale; they must come from forecasts made before the actual was
known. Making those errors, and the scale, happens elsewhere.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS

MIN_ERRORS = 30
HORIZON_BUCKETS = ((1, 3), (4, 6), (7, 12), (13, HORIZON_MONTHS))
ANY_SEGMENT = "*"
REGULAR, INTERMITTENT = "regular", "intermittent"
QUANTILE_COLUMNS = ["segment", "horizon_months", "below", "above", "errors"]


def horizon_quantiles(
    errors_scaled: np.ndarray,
    horizon: np.ndarray,
    segment: np.ndarray | None = None,
    lower: float = 0.1,
    upper: float = 0.9,
) -> pd.DataFrame:
    """How far demand fell below and rose above the forecast, per segment and horizon, in scaled units.

    A horizon with under 30 errors takes those of its bucket (1-3, 4-6, 7-12, 13-18) in the segment, then of its bucket
    over all segments, then the distances of the nearest earlier horizon (else the nearest later one) that has enough;
    with fewer than 30 errors in every bucket it takes all errors. Both distances are >= 0 and are made non-decreasing
    in the horizon.

    Args:
        errors_scaled: (forecast - actual) / scale of out-of-sample cells, 1-d; NaN is left out.
        horizon: 1..18 of each cell.
        segment: Segment of each cell; None: one segment.
        lower, upper: Quantiles of the demand that the interval ends at.

    Returns:
        segment, horizon_months (1..18), below, above, errors (how many the distances rest on). Segment "*" is over all
        segments and serves those not seen.

    Raises:
        ValueError: If there is no error at all, a horizon is outside 1..18, or not 0 < lower < upper < 1.
    """
    if not 0 < lower < upper < 1:
        raise ValueError(f"expected 0 < lower < upper < 1, got lower {lower}, upper {upper}")
    errors = np.asarray(errors_scaled, dtype=float)
    known = ~np.isnan(errors)
    if not known.any():
        raise ValueError("no out-of-sample error is known: backtest at least one origin before asking for intervals")
    segments = np.full(len(errors), ANY_SEGMENT, dtype=object) if segment is None else np.asarray(segment, dtype=object)
    cells = pd.DataFrame({"error": errors, "horizon": np.asarray(horizon, dtype=int), "segment": segments})[known]
    outside = cells.loc[~cells["horizon"].between(1, HORIZON_MONTHS), "horizon"]
    if len(outside):
        raise ValueError(f"horizon must lie in 1..{HORIZON_MONTHS}, got {sorted(outside.unique().tolist())}")
    names = [ANY_SEGMENT, *sorted(set(cells["segment"].dropna()) - {ANY_SEGMENT})]
    return pd.concat([_distances(cells, name, lower, upper) for name in names], ignore_index=True)


def _distances(cells: pd.DataFrame, segment: str, lower: float, upper: float) -> pd.DataFrame:
    own = cells if segment == ANY_SEGMENT else cells[cells["segment"] == segment]
    horizons = range(1, HORIZON_MONTHS + 1)
    samples = {step: _sample(own, cells, step) for step in horizons}
    samples = {step: sample for step, sample in samples.items() if len(sample) >= MIN_ERRORS} or {1: cells["error"]}
    # Demand is forecast - error: the upper quantile of the error is the lower end of the demand.
    # An intermittent SKU sells nothing in more months than one in ten: its interval begins at zero, and all that it may
    # miss lies above it.
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
    """The errors of the horizon, else of its bucket in the segment, else of its bucket over all segments."""
    first, last = next(bucket for bucket in HORIZON_BUCKETS if horizon <= bucket[1])
    candidates = (
        own.loc[own["horizon"] == horizon, "error"],
        own.loc[own["horizon"].between(first, last), "error"],
        every.loc[every["horizon"].between(first, last), "error"],
    )
    return next((sample for sample in candidates if len(sample) >= MIN_ERRORS), candidates[-1])


def apply_intervals(
    point: np.ndarray,
    scale: np.ndarray,
    horizon: np.ndarray,
    quantiles: pd.DataFrame,
    segment: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the interval of each forecast, in units: ``(p10, p90)`` for the default quantiles.

    ``p10 = max(0, point - below x scale)``, ``p90 = point + above x scale``: 0 <= p10 <= point <= p90 for point >= 0,
    and the distances to the point do not shrink with the horizon unless cut off at 0.

    Args:
        point, scale: (rows,) forecast and demand scale in units, point >= 0.
        horizon: (rows,) 1..18.
        quantiles: From ``horizon_quantiles``.
        segment: (rows,); None, null or a segment not seen takes the distances over all segments.

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
        raise ValueError(f"no interval for horizon {np.unique(np.asarray(horizon)[at < 0]).tolist()}, known 1..18")
    distances = table.to_numpy()[at] * scale[:, None]
    low = np.where(names == INTERMITTENT, 0.0, point - distances[:, 0])
    return np.maximum(0.0, low), point + distances[:, 1]
