"""Contents of the Accuracy tab: tiles, tables by lag, category, class and level, and the series of its charts.

Numbers come from `measures.py` and `domain/evaluation`. No metric is computed here.
"""

import pandas as pd

from forecast_assets.domain.evaluation.backtest_accuracy import ALL_LAGS, accuracy_by
from forecast_assets.domain.evaluation.paired_comparison import compare_paired
from forecast_assets.domain.evaluation.realised_accuracy import realised_accuracy, realised_by_level
from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.measures import (
    BACKTEST_FORECASTS,
    REALISED_FORECASTS,
    accuracy_rows,
    beside_one_another,
    comparable_cells,
    overall_accuracy,
    realised_cells,
)

FORECAST_TITLES = {
    "model": "Model",
    "published": "Published",
    "baseline": "Holt-Winters",
    "naive": "Seasonal naive",
}
LEVEL_TITLES = {"sku": "SKU", "category": "Category", "market": "Market total"}


def accuracy_context(report: MarketReport, skus: pd.DataFrame) -> dict:
    """Return the variables of `accuracy.jinja` and `sku_accuracy.jinja`, and `lag_series` of the two charts.

    Args:
        report: The report's frames.
        skus: From `sku_measures`, with `name`.
    """
    backtest = comparable_cells(report.backtest, BACKTEST_FORECASTS)
    realised = realised_cells(report.performance, backfilled=False)
    backfilled = realised_cells(report.performance, backfilled=True)
    tidy = accuracy_by(backtest)
    published = report.published["sku"].nunique()
    untold = len(skus) - published
    levels, lags = beside_one_another(tidy, "level"), beside_one_another(tidy, "lag")
    realised_lags = accuracy_rows(realised, "lag_months", REALISED_FORECASTS)
    return {
        "tile_groups": [
            _tile_group("Backtest", backtest, BACKTEST_FORECASTS),
            _tile_group("Realised", realised, REALISED_FORECASTS),
            _tile_group("Backfilled", backfilled, REALISED_FORECASTS),
        ],
        "left_out_cells": len(report.backtest) - len(backtest),
        "verdict": compare_paired(backtest) if len(backtest) else None,
        "lags": records(lags),
        "lag_groups": records(beside_one_another(tidy, "lag_group")),
        "levels": records(levels.assign(group=levels["group"].map(LEVEL_TITLES))),
        "realised_lags": records(realised_lags),
        "lag_series": {
            "lags": _lag_series(lags, "group", BACKTEST_FORECASTS),
            "realised_lags": _lag_series(realised_lags, "lag_months", REALISED_FORECASTS),
        },
        "realised_levels": _realised_levels(realised),
        "realised_groups": _realised_groups(report.performance),
        "categories": _by_size(accuracy_rows(backtest, "category", BACKTEST_FORECASTS)),
        "demand_classes": records(beside_one_another(tidy, "segment")),
        "skus": records(skus),
        "sku_count": f"{len(skus)} SKUs" + (f": {published} forecast, {untold} no longer" if untold else ""),
        "baseline_won_skus": int(skus["baseline_won"].sum()),
        "tested_skus": int(skus["wape_model"].notna().sum()),
    }


def records(table: pd.DataFrame) -> list[dict]:
    """Return rows as dicts for the template; missing texts become empty, missing numbers stay NaN."""
    texts = {name: table[name].fillna("") for name in table.columns if table[name].dtype == object}
    return table.assign(**texts).to_dict("records")


def _realised_levels(realised: pd.DataFrame) -> list[dict]:
    """Return realised accuracy of SKUs, categories and the market, each as one row."""
    table = realised_by_level(realised, REALISED_FORECASTS)
    return records(table.assign(group=table["level"].map(LEVEL_TITLES)))


def _realised_groups(performance: pd.DataFrame | None) -> dict[str, list[dict]]:
    """Return realised accuracy over all lags by category and by class, largest first."""
    table = pd.DataFrame() if performance is None or performance.empty else realised_accuracy(performance)
    if table.empty:
        return {"category": [], "class": []}
    whole = table[table["lag"] == ALL_LAGS]
    return {level: _by_size(whole[whole["level"] == level]) for level in ("category", "class")}


def _tile_group(title: str, cells: pd.DataFrame, forecasts: dict[str, str]) -> dict:
    """Return one row of tiles: accuracy of the first forecast beside the others; no tiles without cells."""
    overall = overall_accuracy(cells, forecasts)
    first, *others = forecasts
    group = {"title": title, "cells": len(cells), "measures": None}
    if overall is None:
        return group
    wapes = {name: float(overall[f"wape_{name}"]) for name in forecasts}
    biases = {name: float(overall[f"bias_{name}"]) for name in forecasts}
    baseline = wapes["baseline"]
    return group | {
        "measures": {"wape": wapes, "bias": biases, "accuracy": {name: 1 - wape for name, wape in wapes.items()}},
        "name": title if title == "Backfilled" else FORECAST_TITLES[first],
        "first": first,
        "others": others,
        "saved_error": 1 - wapes[first] / baseline if baseline > 0 else float("nan"),
        "origins": int(cells["origin_month"].nunique()),
    }


def _lag_series(table: pd.DataFrame, lag: str, forecasts: dict[str, str]) -> dict:
    """Return WAPE by lag as lists: `lag` and one list per forecast, fractions rounded to 0.01 percent points."""
    wapes = {name: _nullable(table[f"wape_{name}"].astype(float).round(4)) for name in forecasts}
    return {"lag": [int(value) for value in table[lag]]} | wapes


def _nullable(values: pd.Series) -> list:
    return [None if missing else value for value, missing in zip(values.tolist(), values.isna(), strict=True)]


def _by_size(table: pd.DataFrame) -> list[dict]:
    return records(table.sort_values("actual_units", ascending=False, kind="stable"))
