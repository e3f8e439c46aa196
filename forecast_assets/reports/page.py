"""The HTML page: puts tables, tiles and embedded data into the template, in one file that needs no network.

Numbers come from `measures.py` and `chart_series.py`; look and behaviour from `report.html.jinja`, `report.css` and
`report.js`. No metric is computed here.
"""

import json
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast_assets.domain import number_format
from forecast_assets.domain.evaluation.backtest_accuracy import ALL_LAGS, accuracy_by
from forecast_assets.domain.evaluation.paired_comparison import MIN_ORIGINS, MIN_SKUS, compare_paired
from forecast_assets.domain.evaluation.realised_accuracy import realised_accuracy
from forecast_assets.domain.evaluation.value_added_verdict import over_months, override_verdict
from forecast_assets.domain.publication.churn import forecast_churn
from forecast_assets.reports.chart_series import chart_series
from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.measures import (
    BACKTEST_FORECASTS,
    REALISED_FORECASTS,
    accuracy_rows,
    beside_one_another,
    comparable_cells,
    marks_by_reason,
    overall_accuracy,
    publication_counts,
    realised_cells,
    sku_measures,
    value_added_steps,
)

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

FORECAST_TITLES = {
    "model": "Model",
    "published": "Published",
    "baseline": "Holt-Winters",
    "naive": "Seasonal naive",
}
LEVEL_TITLES = {"sku": "SKU", "category": "Category", "market": "Market total"}
STATUS_MEANINGS = {
    "published": "released to readers",
    "shadow": "measured, not for readers",
    "held": "the new forecast did not pass; what stands instead is named by the source",
    "stale": "no new forecast this cycle; the last one is carried on",
    "backfilled": "made after the fact",
}

MARK_MEANINGS = {
    "covid": "restrictions moved the whole market",
    "stock_out": "nothing to sell, or the catch-up after it",
    "outlier_high": "a single month far above what was usual",
    "outlier_low": "a single month far below what was usual",
    "latest_high": "one of the last two months, far above what was usual",
    "latest_low": "one of the last two months, far below what was usual",
    "old_level": "before a large change of the level; brought to the new one",
}


def render_market_report(report: MarketReport) -> str:
    """Render the report as one self-contained HTML page.

    Returns:
        The page. Styles, scripts and data are embedded; it opens from a folder or a mail, offline. The same report
        gives the same text.
    """
    backtest = comparable_cells(report.backtest, BACKTEST_FORECASTS)
    realised = realised_cells(report.performance, backfilled=False)
    backfilled = realised_cells(report.performance, backfilled=True)
    skus = sku_measures(report)
    tidy = accuracy_by(backtest)
    lags = beside_one_another(tidy, "lag")
    realised_lags = accuracy_rows(realised, "lag_months", REALISED_FORECASTS)
    data = chart_series(report, skus["sku"]) | {
        "lags": _lag_series(lags, "group", BACKTEST_FORECASTS),
        "realised_lags": _lag_series(realised_lags, "lag_months", REALISED_FORECASTS),
    }
    return (
        _template()
        .render(
            report=report,
            first_target=report.published["target_month"].min(),
            last_target=report.published["target_month"].max(),
            tile_groups=[
                _tile_group("Backtest", backtest, BACKTEST_FORECASTS),
                _tile_group("Realised", realised, REALISED_FORECASTS),
                _tile_group("Backfilled", backfilled, REALISED_FORECASTS),
            ],
            left_out_cells=len(report.backtest) - len(backtest),
            publications=_records(publication_counts(report.published)),
            findings=_records(report.findings),
            marks=_records(marks_by_reason(report.history_marks)),
            mark_meanings=MARK_MEANINGS,
            published_skus=report.published["sku"].nunique(),
            verdict=compare_paired(backtest) if len(backtest) else None,
            lags=_records(lags),
            lag_groups=_records(beside_one_another(tidy, "lag_group")),
            levels=_records(
                beside_one_another(tidy, "level").assign(group=lambda rows: rows["group"].map(LEVEL_TITLES))
            ),
            realised_lags=_records(realised_lags),
            realised_groups=_realised_groups(report.performance),
            churn=_churn(report),
            value_added=_records(value_added_steps(report.value_added)),
            override_verdict=override_verdict(over_months(report.value_added)),
            categories=_by_size(accuracy_rows(backtest, "category", BACKTEST_FORECASTS)),
            demand_classes=_records(beside_one_another(tidy, "segment")),
            skus=_records(skus),
            baseline_won_skus=int(skus["baseline_won"].sum()),
            tested_skus=int(skus["wape_model"].notna().sum()),
            data=_json_for_script(data),
        )
        .strip()
        + "\n"
    )


def _realised_groups(performance: pd.DataFrame | None) -> dict[str, list[dict]]:
    """Return realised accuracy over all lags by category and by class, largest first."""
    table = pd.DataFrame() if performance is None or performance.empty else realised_accuracy(performance)
    if table.empty:
        return {"category": [], "class": []}
    whole = table[table["lag"] == ALL_LAGS]
    return {level: _by_size(whole[whole["level"] == level]) for level in ("category", "class")}


def _churn(report: MarketReport) -> dict[str, float]:
    """Return the change against the previous publication; empty without one."""
    before = report.published_before
    return {} if before is None or before.empty else forecast_churn(report.published, before)


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
    return _records(table.sort_values("actual_units", ascending=False, kind="stable"))


def _records(table: pd.DataFrame) -> list[dict]:
    """Return rows as dicts for the template; missing texts become empty, missing numbers stay NaN."""
    texts = {name: table[name].fillna("") for name in table.columns if table[name].dtype == object}
    return table.assign(**texts).to_dict("records")


def _json_for_script(data: dict) -> "Markup":
    """Return JSON for a script element: without `<`, `>` and `&`, no name in it can close the element."""
    from markupsafe import Markup

    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # nosec B704: escaped here


def _sort_value(number: float) -> str:
    """Return the number that the page's script sorts by: six digits, or empty without one."""
    return "" if np.isnan(number) else f"{number:.6g}"


def _embedded(name: str) -> "Markup":
    """Return a file of this package as it is. Only for our own and vendored styles and scripts, never for data."""
    from markupsafe import Markup

    return Markup(files("forecast_assets.reports").joinpath(name).read_text(encoding="utf-8"))  # nosec B704: a file of the package


@lru_cache(maxsize=1)
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("forecast_assets", "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "units": number_format.format_units,
        "percent": number_format.format_percent,
        "signed_percent": number_format.format_signed_percent,
        "points": number_format.format_points,
        "month": number_format.format_month,
        "sort_value": _sort_value,
    }
    environment.globals |= {
        "embedded": _embedded,
        "titles": FORECAST_TITLES,
        "status_meanings": STATUS_MEANINGS,
        "min_origins": MIN_ORIGINS,
        "min_skus": MIN_SKUS,
    }
    return environment.get_template("report.html.jinja")
