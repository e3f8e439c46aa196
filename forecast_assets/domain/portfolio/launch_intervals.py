"""Quantiles of a new SKU, from the errors of forecasts of earlier launches.

Here belong the forecasts of earlier launches as they would have been, and the quantiles learned from them. Not here:
the forecast itself (``launches``).
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Ints
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.quantiles import OF_P90, QUANTILE_LEVELS, around_forecast
from forecast_assets.domain.portfolio.launches import (
    Launch,
    earlier_launches,
    launch_columns,
    launch_forecasts,
    new_launches,
)

# Earlier launches are forecast at every third origin of the last four years: denser origins repeat their errors.
ORIGIN_STEP_MONTHS, ORIGINS = 3, 16
# A year before the first origin, so that there are relatives to compare with.
LEAST_MONTHS = 12
LAUNCHES_NEEDED = 8
# Known months of a SKU at the origin, first and last: its level comes from relatives, from both, from its own months.
AGES = ((0, 0), (1, 2), (3, 11))
# Ends of the 80 % interval with too few launches, in multiples of the forecast.
USUAL_ENDS = {(0, 0): (0.4, 2.5), (1, 2): (0.5, 2.0), (3, 11): (0.6, 1.7)}


def launch_errors(panel: DemandPanel, products: pd.DataFrame) -> pd.DataFrame:
    """Return actual / forecast of earlier launches, as ``launch_forecasts`` would have forecast them.

    The origins are 3, 6, .. 48 months before the last month. At each, the SKUs that were new, or launched within the
    next 18 months, are forecast from the months up to it, with today's products.

    Args:
        panel: Panel of the market up to the origin month, as for ``launches.new_launches``.
        products: One row per SKU of the panel, as for ``launches.new_launches``.

    Returns:
        ``sku, age_months`` (known months at that origin, 0 before the launch), ``horizon_months`` and ``ratio``
        (actual / forecast). There is one row per month from the launch on with a known actual and a forecast above 0.
    """
    starts = launch_columns(panel.units, panel.months[-1], products["launch_month"].to_numpy())
    earlier = earlier_launches(panel, products)
    tables = [_errors_at(panel, products, starts, last, earlier) for last in _earlier_ends(panel)]
    empty = pd.DataFrame({"sku": [], "age_months": [], "horizon_months": [], "ratio": []})
    return pd.concat([empty, *tables], ignore_index=True) if tables else empty


def _earlier_ends(panel: DemandPanel) -> Iterator[int]:
    """Yield the columns of the earlier origins."""
    for back in range(1, ORIGINS + 1):
        column = len(panel.months) - 1 - back * ORIGIN_STEP_MONTHS
        if column + 1 >= LEAST_MONTHS:
            yield column


def _errors_at(
    panel: DemandPanel, products: pd.DataFrame, starts: Floats, last: int, earlier: list[Launch]
) -> pd.DataFrame:
    """Return the errors of the launches forecast at the column ``last``."""
    known = panel.until(panel.months[last])
    in_panel = np.isfinite(starts) & (starts < len(panel.months))
    launched = panel.months.to_numpy()[np.where(in_panel, starts, 0).astype(int)]
    dated = products.assign(launch_month=np.where(in_panel, launched, products["launch_month"].to_numpy()))
    launches = [launch for launch in new_launches(known, dated) if in_panel[launch.row]]
    ahead = min(HORIZON_MONTHS, len(panel.months) - 1 - last)
    forecasts = launch_forecasts(known, dated, launches, HORIZON_MONTHS, earlier)[:, :ahead]
    rows = np.array([launch.row for launch in launches], dtype=int)
    start = starts[rows].astype(int)
    column = last + 1 + np.arange(ahead)
    actual = panel.units[rows][:, column]
    # Before the launch the forecast is 0.
    at, step = np.nonzero(np.isfinite(actual) & (forecasts > 0))
    return pd.DataFrame(
        {
            "sku": panel.skus[rows[at]],
            "age_months": np.maximum(last + 1 - start[at], 0),
            "horizon_months": step + 1,
            "ratio": actual[at, step] / forecasts[at, step],
        }
    )


def launch_multiples(errors: pd.DataFrame) -> dict[tuple[int, int], Floats]:
    """Return the quantiles (19,) as multiples of the forecast, by age; p10 at most 1, and p90 at least 1.

    They are the quantiles of the ratios at that age; each launch has the same weight, however many months it has. With
    fewer than 8 launches of that age, all ages are used. With fewer than 8 in all, a log-normal distribution with the
    usual 80 % interval applies.
    """
    multiples = {}
    for first, last in AGES:
        of_age = errors[errors["age_months"].between(first, last)]
        sample = next((rows for rows in (of_age, errors) if rows["sku"].nunique() >= LAUNCHES_NEEDED), None)
        if sample is None:
            low, high = USUAL_ENDS[first, last]
            multiples[first, last] = np.where(OF_P90 < 0, low**-OF_P90, high**OF_P90)
            continue
        weight = 1.0 / sample.groupby("sku")["ratio"].transform("size").to_numpy()
        ratios = _weighted_quantiles(sample["ratio"].to_numpy(float), weight)
        multiples[first, last] = around_forecast(ratios, np.array(1.0))
    return multiples


def _weighted_quantiles(values: Floats, weights: Floats) -> Floats:
    """Return the smallest value at which the cumulated weights reach each level, (19,)."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    quantiles: Floats = values[order][np.searchsorted(reached, np.array(QUANTILE_LEVELS) - 1e-12)]
    return quantiles


def launch_quantiles(point: Floats, age_months: Ints, multiples: dict[tuple[int, int], Floats]) -> Floats:
    """Return the quantiles (n, horizon, 19) of forecasts (n, horizon) of SKUs of an age (n,); 0 around 0."""
    of_sku = np.ones((len(point), len(QUANTILE_LEVELS)))
    for (first, last), of_age in multiples.items():
        of_sku[(age_months >= first) & (age_months <= last)] = of_age
    return point[..., None] * of_sku[:, None]
