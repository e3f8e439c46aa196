"""Accuracy of the backtest in one tidy table: by lag, segment and level, for every method on the same cells.

Here belong the groups of cells. Not here: formulas (``accuracy.py``), sums over SKUs (``levels.py``), the test of a
difference (``paired_comparison.py``).
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.levels import at_levels

BACKTEST_METHODS = {"model": "model_units", "baseline": "baseline_units", "naive": "naive_units"}
# The band is the model's; other methods have none.
BANDED_METHOD, BAND = "model", ["forecast_units_p10", "forecast_units_p90"]
LAG_GROUP_ENDS = (1, 3, 6, 12, HORIZON_MONTHS)
LAG_GROUPS = ("1", *(f"{last + 1}-{end}" for last, end in pairwise(LAG_GROUP_ENDS)))
ALL_LAGS = "all"
TIDY = ["kind", "group", "method", "cells", "actual_units", "wape", "bias", "coverage_80"]


def accuracy_by(cells: pd.DataFrame, methods: Mapping[str, str] = BACKTEST_METHODS) -> pd.DataFrame:
    """Compute WAPE, bias and coverage by lag, group of lags, segment and level.

    Sums before ratios; error = forecast - actual; fractions. Only cells with a known actual and all methods known
    count, so all methods are compared on the same cells. Long lags have fewer origins than short ones.

    Args:
        cells: One row per SKU, origin and horizon: ``sku, category, abc_class, xyz_class, origin_month, target_month,
            horizon_months, actual_units, forecast_units_p10, forecast_units_p90`` and the methods.
        methods: Column by name.

    Returns:
        One row per kind, group and method, in this order: ``kind`` lag ("1" .. "18"), lag_group ("1", "2-3", "4-6",
        "7-12", "13-18", "all"), segment ("AX" .. "CZ") and level (sku, category, market: errors of the sums per
        origin and target month); ``cells`` (SKU or entity, origin and month), ``actual_units``, ``wape``, ``bias``,
        ``coverage_80``. Ratios are null if the actuals of a group sum to zero. Coverage is null for methods without a
        band and for levels above the SKU, because bands do not add up. No rows without a scored cell.
    """
    scored = cells.dropna(subset=["actual_units", *methods.values()])
    if scored.empty:
        return pd.DataFrame(columns=TIDY)
    kinds = {
        "lag": _grouped(scored, scored["horizon_months"].astype(str), range(1, HORIZON_MONTHS + 1)),
        "lag_group": _by_lag_group(scored),
        "segment": _grouped(scored, segment(scored)),
        "level": _by_level(scored, methods),
    }
    return pd.concat([_tidy(grouped, kind, methods) for kind, grouped in kinds.items()], ignore_index=True)


def segment(cells: pd.DataFrame) -> pd.Series:
    """Return ABC and XYZ class in one word, "AX" .. "CZ"; "(none)" if both are null."""
    classes = cells["abc_class"].astype(object).fillna("") + cells["xyz_class"].astype(object).fillna("")
    return classes.replace("", "(none)")


def _grouped(cells: pd.DataFrame, group: pd.Series, order: range | tuple[str, ...] | None = None) -> pd.DataFrame:
    """Return the cells with their group as an ordered category; sorted without an order."""
    names = sorted(set(group)) if order is None else [str(name) for name in order]
    return cells.assign(group=pd.Categorical(group, categories=names, ordered=True))


def _by_lag_group(cells: pd.DataFrame) -> pd.DataFrame:
    """Return each cell in its group of lags and once more in the group of all."""
    position = np.searchsorted(LAG_GROUP_ENDS, cells["horizon_months"])
    groups = pd.Series(np.array(LAG_GROUPS, dtype=object)[position], index=cells.index)
    everything = pd.Series(ALL_LAGS, index=cells.index)
    twice = pd.concat([cells, cells], ignore_index=True)
    return _grouped(twice, pd.concat([groups, everything], ignore_index=True), (*LAG_GROUPS, ALL_LAGS))


def _by_level(cells: pd.DataFrame, methods: Mapping[str, str]) -> pd.DataFrame:
    """Return the cells of each level of one market; without a band above the SKU, as quantiles do not add up."""
    one_market = cells.drop(columns="country", errors="ignore")
    summed = at_levels(one_market, ["actual_units", *methods.values(), *BAND], ["origin_month", "target_month"])
    banded = summed.assign(**{column: summed[column].where(summed["level"] == "sku") for column in BAND})
    return _grouped(banded, banded["level"], tuple(banded["level"].unique()))


def _tidy(grouped: pd.DataFrame, kind: str, methods: Mapping[str, str]) -> pd.DataFrame:
    """Return one row per group and method, groups in their order."""
    wide = accuracy_table(grouped, "group", forecasts=dict(methods))
    covered = covered_share(grouped, "group").reindex(wide["group"]).to_numpy()
    parts = [
        pd.DataFrame(
            {
                "kind": kind,
                "group": wide["group"].astype(str),
                "method": method,
                "cells": wide[f"cells_{method}"],
                "actual_units": wide["actual_units"],
                "wape": wide[f"wape_{method}"],
                "bias": wide[f"bias_{method}"],
                "coverage_80": covered if method == BANDED_METHOD else np.nan,
            }
        )
        for method in methods
    ]
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def covered_share(cells: pd.DataFrame, by: str) -> pd.Series:
    """Return the share of the actuals within p10 .. p90, both ends included, by group; NaN without a band."""
    low, high = (cells[column] for column in BAND)
    inside = cells["actual_units"].between(low, high).astype(float)
    return (
        inside.where(low.notna() & high.notna() & cells["actual_units"].notna())
        .groupby(cells[by], observed=True)
        .mean()
    )
