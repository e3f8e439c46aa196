"""Checks and figures of backtest and performance, in the terms planners use: WAPE and bias of each method."""

from collections.abc import Mapping

import dagster as dg
import numpy as np
import pandas as pd

from forecast_assets.domain.evaluation.accuracy import accuracy_table, coverage
from forecast_assets.domain.evaluation.backtest_accuracy import BACKTEST_METHODS, BAND
from forecast_assets.domain.evaluation.paired_comparison import compare_paired
from forecast_assets.domain.evaluation.realised_accuracy import realised_accuracy, realised_figures
from forecast_assets.domain.number_format import format_percent
from forecast_assets.domain.selection.backtest import origins_left_out
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck

NOT_WORSE_THAN_NAIVE = CheckDeclaration(
    "not_worse_than_naive",
    "WAPE of the model on the backtest is not above the seasonal naive's; otherwise the baseline is published.",
    blocking=False,
)
BACKTEST = (NOT_WORSE_THAN_NAIVE,)


def figures(cells: pd.DataFrame, methods: Mapping[str, str]) -> dict[str, float]:
    """Return WAPE and bias per method over the scored cells; a ratio that is undefined is left out."""
    scored = cells.dropna(subset=["actual_units"])
    if scored.empty:
        return {"scored_cells": 0}
    row = accuracy_table(scored.assign(all_cells="all"), ["all_cells"], forecasts=dict(methods)).iloc[0]
    named = {f"{measure}_{name}": row[f"{measure}_{name}"] for name in methods for measure in ("wape", "bias")}
    return {"scored_cells": len(scored)} | {name: float(value) for name, value in named.items() if pd.notna(value)}


def backtest_figures(cells: pd.DataFrame, origin: pd.Timestamp) -> dict[str, float | str]:
    """Return the UI's metadata of a backtest: ``figures``, coverage of the model's band, test against the baseline.

    Numbers are plotted over the months; without a scored cell only the counts are given. ``coverage_80_model`` is the
    share of actuals within p10 .. p90, ``verdict`` compares the model with the baseline.
    """
    left_out = ", ".join(f"{month:%Y-%m}" for month in origins_left_out(cells, origin))
    test = compare_paired(cells)
    numbers = {
        "coverage_80_model": coverage(*(cells[column].to_numpy(float) for column in ("actual_units", *BAND))),
        "wape_ratio_to_baseline": test.ratio,
        "wape_ratio_p05": test.low,
        "wape_ratio_p95": test.high,
        "probability_better_than_baseline": test.probability_better,
    }
    return {
        **figures(cells, BACKTEST_METHODS),
        **{name: value for name, value in numbers.items() if np.isfinite(value)},
        "origins": test.origins,
        "skus": test.skus,
        "verdict": test.verdict,
        **({"origins_left_out": f"{left_out}: too little history"} if left_out else {}),
    }


def backtest_checks() -> list[TableCheck]:
    """Return the checks of ``backtest``."""
    return [schema_check("backtest"), NOT_WORSE_THAN_NAIVE.rule(_not_worse_than_naive)]


def performance_figures(cells: pd.DataFrame) -> dict[str, object]:
    """Return the UI's metadata of a month's performance: ``realised_figures``, and the table by category and class.

    Numbers keep their names from month to month and are plotted; backfilled rows are counted, not measured.
    """
    table = realised_accuracy(cells)
    shown = table[table["level"] != "market"] if len(table) else table
    columns = ["level", "entity", "lag", "cells", "actual_units"]
    columns += [name for name in map(str, shown.columns) if name.startswith(("wape_", "bias_"))]
    figures_of_month: dict[str, object] = {
        **realised_figures(table),
        "backfilled_cells": int((cells["status"] == "backfilled").sum()),
    }
    if len(shown):
        markdown = shown[columns].to_markdown(index=False, floatfmt=".4g")
        figures_of_month["by_category_and_class"] = dg.MetadataValue.md(markdown)
    return figures_of_month


def performance_checks() -> list[TableCheck]:
    """Return the checks of ``performance``."""
    return [schema_check("performance")]


def _not_worse_than_naive(cells: pd.DataFrame, _: pd.Timestamp) -> Finding:
    measured = figures(cells, BACKTEST_METHODS)
    if "wape_model" not in measured:
        return Finding(1, None, "nothing to score: too little history for a backtest", is_warning=True)
    worse = measured["wape_model"] > measured["wape_naive"]
    model, naive = (format_percent(measured[f"wape_{name}"]) for name in ("model", "naive"))
    message = f"WAPE of the model {model}, of the seasonal naive {naive}"
    return Finding(int(worse), None, message, figures=measured)
