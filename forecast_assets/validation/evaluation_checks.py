"""Checks and figures of backtest and performance, in the words planners use: WAPE and bias of each method."""

from collections.abc import Mapping

import dagster as dg
import numpy as np
import pandas as pd

from forecast_assets.domain.evaluation.accuracy import accuracy_table, coverage
from forecast_assets.domain.evaluation.backtest_accuracy import BACKTEST_METHODS, BAND
from forecast_assets.domain.evaluation.paired_comparison import compare_paired
from forecast_assets.domain.evaluation.realised_accuracy import realised_accuracy, realised_figures
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
    """WAPE and bias per method over the scored cells, for the metadata that the UI plots; without ratios, nothing."""
    scored = cells.dropna(subset=["actual_units"])
    if scored.empty:
        return {"scored_cells": 0}
    row = accuracy_table(scored.assign(all_cells="all"), ["all_cells"], forecasts=dict(methods)).iloc[0]
    named = {f"{measure}_{name}": row[f"{measure}_{name}"] for name in methods for measure in ("wape", "bias")}
    return {"scored_cells": len(scored)} | {name: float(value) for name, value in named.items() if pd.notna(value)}


def backtest_figures(cells: pd.DataFrame, origin: pd.Timestamp) -> dict[str, float | str]:
    """What the UI shows of a backtest: ``figures``, coverage of the model's band, and the test against the baseline.

    Numbers are plotted over the months; without a scored cell there are none but the counts. ``coverage_80_model`` is
    the share of actuals within p10 .. p90, ``verdict`` how the model stands to the baseline.
    """
    left_out = ", ".join(f"{month:%Y-%m}" for month in origins_left_out(cells, origin))
    test = compare_paired(cells)
    numbers = {
        "coverage_80_model": coverage(cells["actual_units"], *(cells[column] for column in BAND)),
        "wape_ratio_to_baseline": test.ratio,
        "wape_ratio_p05": test.low,
        "wape_ratio_p95": test.high,
        "probability_better_than_baseline": test.probability_better,
    }
    return (
        figures(cells, BACKTEST_METHODS)
        | {name: value for name, value in numbers.items() if np.isfinite(value)}
        | {"origins": test.origins, "skus": test.skus, "verdict": test.verdict}
        | ({"origins_left_out": f"{left_out}: too little history"} if left_out else {})
    )


def backtest_checks() -> list[TableCheck]:
    """Checks of ``backtest``."""
    return [schema_check("backtest"), NOT_WORSE_THAN_NAIVE.rule(_not_worse_than_naive)]


def performance_figures(cells: pd.DataFrame) -> dict[str, object]:
    """What the UI shows of realised performance of a month: ``realised_figures``, and the table by category and class.

    Numbers keep their names from month to month and are plotted; backfilled rows are counted, not measured.
    """
    table = realised_accuracy(cells)
    shown = table[table["level"] != "market"] if len(table) else table
    columns = ["level", "entity", "lag", "cells", "actual_units"]
    columns += [name for name in shown if name.startswith(("wape_", "bias_"))]
    tables = {"by_category_and_class": dg.MetadataValue.md(shown[columns].to_markdown(index=False, floatfmt=".4g"))}
    return (
        realised_figures(table)
        | {"backfilled_cells": int((cells["status"] == "backfilled").sum())}
        | (tables if len(shown) else {})
    )


def performance_checks() -> list[TableCheck]:
    """Checks of ``performance``."""
    return [schema_check("performance")]


def _not_worse_than_naive(cells: pd.DataFrame, _: pd.Timestamp) -> Finding:
    measured = figures(cells, BACKTEST_METHODS)
    if "wape_model" not in measured:
        return Finding(1, None, "nothing to score: too little history for a backtest", is_warning=True)
    worse = measured["wape_model"] > measured["wape_naive"]
    message = f"WAPE of the model {measured['wape_model']:.4f}, of the seasonal naive {measured['wape_naive']:.4f}"
    return Finding(int(worse), None, message, figures=measured)
