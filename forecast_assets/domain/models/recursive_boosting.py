"""Recursive LightGBM on monthly changes of the logarithm, one model over all SKUs of a market.

It reads a SKU's last 14 months and the calendar month, and forecasts one month at a time from its own forecasts. Its
errors differ from those of the direct model (``gradient_boosting.py``), so the blend of both beats either. The blend is
in ``predictions.py``.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Ints
from forecast_assets.domain.demand.demand_panel import known_mean
from forecast_assets.domain.models.booster_text import booster_text
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.statistical.forecast_cap import cap_forecasts

LAGS = 13
MEANS_OF_MONTHS = (3, 6, 12)
COLUMNS = [
    *(f"change_lag_{lag}" for lag in range(1, LAGS + 1)),
    *(f"change_mean_{months}" for months in MEANS_OF_MONTHS),
    *(f"level_above_mean_{months}" for months in MEANS_OF_MONTHS),
    "change_std_12",
    "target_month_number",
]
TRAINING_MONTHS = 60
SCALE_MONTHS = 36
# Added before the logarithm, in units of the SKU's mean month: a zero month stays finite.
LOG_OFFSET = 0.02
OBJECTIVES = ("l1", "l2")


@dataclasses.dataclass(frozen=True)
class LogLevels:
    """Logarithms of units, gaps filled forwards.

    Attributes:
        levels: (n_sku, n_months) logarithm of the units plus the offset.
        offset_units: (n_sku,) share of the SKU's mean month that is added before the logarithm.
        is_change: (n_sku, n_months - 1), True if the change into the next month is between two known months.
    """

    levels: Floats
    offset_units: Floats
    is_change: Bools


def _log_levels(units: Floats) -> LogLevels:
    mean = np.nan_to_num(known_mean(units[:, -SCALE_MONTHS:]))
    offset = LOG_OFFSET * np.where(mean > 0.0, mean, 1.0)
    filled = pd.DataFrame(units).ffill(axis=1).to_numpy()
    known = np.isfinite(units)
    levels = np.log(np.maximum(filled, 0.0) + offset[:, None])
    return LogLevels(levels, offset, known[:, 1:] & known[:, :-1])


def fit_recursive(units: Floats, calendar_months: Ints, recipe: Recipe) -> dict[str, str]:
    """Train on the changes of the last 60 months and return LightGBM texts by name.

    Args:
        units: (n_sku, n_months) ending at the cutoff month, NaN where unknown; it must hold no later month.
        calendar_months: (n_months,), 1 .. 12.
        recipe: Rounds, rows and seed.

    Returns:
        ``l1`` and ``l2``; empty with fewer than ``recipe.min_recursive_rows`` changes.
    """
    logarithm = _log_levels(units)
    levels = logarithm.levels
    origins = np.arange(max(LAGS, levels.shape[1] - 1 - TRAINING_MONTHS), levels.shape[1] - 1)
    usable = logarithm.is_change[:, origins] & np.isfinite(levels[:, origins - LAGS])
    sku, position = np.nonzero(usable)
    if len(sku) < recipe.min_recursive_rows:
        return {}
    if len(sku) > recipe.recursive_rows:
        rng = np.random.default_rng(recipe.seed)
        chosen = np.sort(rng.choice(len(sku), recipe.recursive_rows, replace=False))
        sku, position = sku[chosen], position[chosen]
    origin = origins[position]
    window = levels[sku[:, None], origin[:, None] - LAGS + np.arange(LAGS + 1)]
    rows = _rows(window, np.asarray(calendar_months)[origin + 1])
    change = levels[sku, origin + 1] - levels[sku, origin]
    weight = np.sqrt(logarithm.offset_units[sku] / LOG_OFFSET)
    return {name: _train(rows, change, weight, name, recipe) for name in OBJECTIVES}


def _rows(levels: Floats, target_month_number: Ints) -> Floats:
    """Return rows (k, columns) from the levels of the last 14 months before each target month."""
    changes = np.diff(levels, axis=1)
    parts = [changes[:, ::-1]]
    parts += [changes[:, -months:].mean(axis=1, keepdims=True) for months in MEANS_OF_MONTHS]
    parts += [levels[:, -1:] - levels[:, -months:].mean(axis=1, keepdims=True) for months in MEANS_OF_MONTHS]
    return np.hstack([*parts, changes[:, -12:].std(axis=1, keepdims=True), target_month_number[:, None]])


def _train(rows: Floats, change: Floats, weight: Floats, objective: str, recipe: Recipe) -> str:
    from forecast_assets.domain.models.boosting_library import lightgbm

    data = lightgbm.Dataset(
        rows,
        change,
        weight=weight,
        feature_name=COLUMNS,
        params={"verbosity": -1, "num_threads": recipe.threads, "max_bin": recipe.max_bin},
    )
    parameters = recipe.recursive_parameters({"objective": objective})
    return booster_text(lightgbm.train(parameters, data, num_boost_round=recipe.recursive_rounds))


def forecast_recursive(
    texts: Mapping[str, str], units: Floats, calendar_months: Ints, horizon_months: int, threads: int = 1
) -> Floats:
    """Forecast month by month, each booster from its own forecasts, and average the boosters.

    Args:
        texts: From ``fit_recursive``; not empty.
        units: (n_sku, n_months) ending at the origin month; NaN where unknown. Months before the first known month
            count as equal to it.
        calendar_months: (n_months,), 1 .. 12.
        horizon_months: Number of months to forecast.
        threads: Threads of LightGBM; they change no forecast.

    Returns:
        (n_sku, horizon_months) units, within 0 and 4 x the maximum of the last 36 months, never NaN.
    """
    from forecast_assets.domain.models.boosting_library import lightgbm

    logarithm = _log_levels(units)
    last_month = int(np.asarray(calendar_months)[-1])
    paths = []
    for text in texts.values():
        booster = lightgbm.Booster(model_str=text)
        levels = _last_levels(logarithm.levels)
        path = np.empty((len(units), horizon_months))
        for step in range(horizon_months):
            month = np.full(len(units), (last_month + step) % 12 + 1)
            change = np.asarray(booster.predict(_rows(levels, month), num_threads=threads))
            levels = np.hstack([levels[:, 1:], levels[:, -1:] + change[:, None]])
            path[:, step] = np.exp(levels[:, -1]) - logarithm.offset_units
        paths.append(np.maximum(path, 0.0))
    return cap_forecasts(np.mean(paths, axis=0), units)


def _last_levels(levels: Floats) -> Floats:
    """Return the last 14 months, (n_sku, 14), filled backwards with the first known month."""
    short = np.full((len(levels), max(0, LAGS + 1 - levels.shape[1])), np.nan)
    return pd.DataFrame(np.hstack([short, levels])[:, -LAGS - 1 :]).bfill(axis=1).fillna(0.0).to_numpy()
