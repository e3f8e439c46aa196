"""Ways to make forecasts of all levels add up, and the base forecasts they start from.

Bottom-up is a sum; the others are those of hierarchicalforecast, imported when asked for. A negative SKU forecast is
set to zero and the levels are summed from the SKUs, so that every result is coherent and can be published.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.engine_method import forecast_engine
from benchmarks.hierarchical_series import TreeCase
from benchmarks.protocol import KnownSeries
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters
from forecast_assets.domain.statistical.seasonal_smoothing import forecast_statistical

RESIDUAL_MONTHS = 36
MIN_FITTED_MONTHS = 12
BASE, BOTTOM_UP = "base", "bottom_up"
MIN_TRACE = {"mint_ols": "ols", "mint_wls_struct": "wls_struct", "mint_shrink": "mint_shrink"}
FORECAST_PROPORTIONS = "forecast_proportions"
METHODS = (BASE, BOTTOM_UP, FORECAST_PROPORTIONS, *MIN_TRACE)
# units (n, T), calendar months (T,), horizon -> forecasts (n, horizon)
BaseForecast = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def statistical_mean(units: np.ndarray, calendar_months: np.ndarray, horizon_months: int) -> np.ndarray:
    """The product's mean of three statistical forecasts."""
    return forecast_statistical(units, calendar_months, horizon_months).mean


def holt_winters(units: np.ndarray, calendar_months: np.ndarray, horizon_months: int) -> np.ndarray:
    """The product's Holt-Winters."""
    return forecast_holt_winters(units, horizon_months)


BASE_FORECASTS: dict[str, BaseForecast] = {"statistical": statistical_mean, "holt_winters": holt_winters}
# The product's model for the SKUs; above them the statistical mean, or the model once more.
ENGINE, ENGINE_EVERYWHERE = "engine", "engine_everywhere"
BASES = (*BASE_FORECASTS, ENGINE, ENGINE_EVERYWHERE)


def base_forecasts(case: TreeCase, base: str, horizon_months: int, threads: int) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts (all series, horizon) of every level by itself, and one-step errors (all series, 36 months).

    ``engine`` is the product's model for the SKUs with the statistical mean above them, ``engine_everywhere`` the model
    for every series. Their errors are those of the statistical mean, because 36 refits would take hours.
    """
    method = BASE_FORECASTS.get(base, statistical_mean)
    history = case.summed_history()
    if base == ENGINE_EVERYWHERE:
        forecasts = forecast_engine(every_series(case, history), horizon_months, threads).point
    else:
        forecasts = method(history, case.calendar_months, horizon_months)
    if base in (ENGINE, ENGINE_EVERYWHERE):
        forecasts[case.level_rows["sku"]] = forecast_engine(case.known, horizon_months, threads).point
    return forecasts.clip(0), one_step_errors(history, case.calendar_months, method)


def every_series(case: TreeCase, history: np.ndarray) -> KnownSeries:
    """The series of all levels as one market; the level of a series is its category."""
    level = np.repeat(list(case.level_rows), [len(rows) for rows in case.level_rows.values()])
    names = [f"series {number}" for number in range(len(history))]
    keys = pd.DataFrame({"market": "ALL", "sku": names, "category": level})
    return KnownSeries(keys, history, np.repeat(case.known.last_month[:1], len(history)))


def one_step_errors(history: np.ndarray, calendar_months: np.ndarray, method: BaseForecast) -> np.ndarray:
    """Actual minus forecast made a month before, (n, 36), of the last 36 months: out of sample, as at an origin.

    NaN where a series has fewer than 12 known months before the month, or the month is unknown.
    """
    errors = []
    for end in range(history.shape[1] - RESIDUAL_MONTHS, history.shape[1]):
        before = history[:, :end]
        enough = np.isfinite(before).sum(axis=1) >= MIN_FITTED_MONTHS
        made = method(before, calendar_months[:end], 1)[:, 0]
        errors.append(np.where(enough, history[:, end] - made, np.nan))
    return np.stack(errors, axis=1)


def reconcile(method: str, case: TreeCase, forecasts: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Forecasts (all series, horizon) by one method; all but ``base`` are sums of SKU forecasts >= 0.

    Raises:
        ValueError: If the method is unknown or gives a missing number.
    """
    if method == BASE:
        return forecasts
    bottom = forecasts[case.level_rows["sku"]] if method == BOTTOM_UP else _reconciled(method, case, forecasts, errors)
    if not np.isfinite(bottom).all():
        raise ValueError(f"{method} at origin {case.origin}: {(~np.isfinite(bottom)).sum()} forecasts are missing")
    return case.summing @ bottom.clip(0)


def _reconciled(method: str, case: TreeCase, forecasts: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """SKU forecasts by a method of hierarchicalforecast."""
    from hierarchicalforecast.methods import MinTrace, TopDown

    rows = case.level_rows
    if method == FORECAST_PROPORTIONS:
        made = TopDown(FORECAST_PROPORTIONS).fit_predict(S=case.summing, y_hat=forecasts, tags=rows)
    elif method in MIN_TRACE:
        made = MinTrace(MIN_TRACE[method]).fit_predict(
            S=case.summing, y_hat=forecasts, y_insample=errors, y_hat_insample=np.zeros_like(errors), tags=rows
        )
    else:
        raise ValueError(f"unknown method {method}; known: {', '.join(METHODS)}")
    return made["mean"][rows["sku"]]
