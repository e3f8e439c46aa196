"""The tables of the report: publication counts, accuracy by set of cells, one line per SKU.

Formulas of metrics live in `domain/evaluation/accuracy.py`; this module chooses the cells and lines up the results.
Nothing here formats or renders.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.backtest_accuracy import BACKTEST_METHODS, segment
from forecast_assets.domain.evaluation.realised_accuracy import ONE_MARKET
from forecast_assets.domain.evaluation.value_added_verdict import over_months
from forecast_assets.domain.publication.forecasts import SWITCHED_OFF
from forecast_assets.reports.market_report import MarketReport

BACKTEST_FORECASTS = BACKTEST_METHODS
REALISED_FORECASTS = {"published": "published_units", "baseline": "baseline_units", "naive": "naive_units"}
PUBLICATION_COLUMNS = ["status", "source", "reason"]
NO_NAME = "(none)"
STEP_TITLES = {
    "naive": "Seasonal naive",
    "baseline": "Holt-Winters",
    "model": "Model",
    "before_overrides": "Published before overrides",
    "published": "Published",
}


def comparable_cells(cells: pd.DataFrame | None, forecasts: dict[str, str]) -> pd.DataFrame:
    """Return cells on which every forecast can be compared: actual known and no forecast missing.

    Forecasts are only compared on identical cells. A frame that is None or empty gives an empty frame.
    """
    if cells is None or cells.empty:
        return pd.DataFrame(columns=["actual_units", *forecasts.values()])
    return cells.dropna(subset=["actual_units", *forecasts.values()])


def realised_cells(performance: pd.DataFrame | None, backfilled: bool) -> pd.DataFrame:
    """Return scored cells of `performance`: published at the time, or backfilled later."""
    cells = comparable_cells(performance, REALISED_FORECASTS)
    return cells if cells.empty else cells[(cells["status"] == "backfilled") == backfilled]


def overall_accuracy(cells: pd.DataFrame, forecasts: dict[str, str]) -> pd.Series | None:
    """Return accuracy over all cells as one row of `accuracy_table`, or None without cells."""
    if cells.empty:
        return None
    return accuracy_table(cells, None, forecasts=forecasts).iloc[0]


def accuracy_rows(cells: pd.DataFrame, by: str, forecasts: dict[str, str]) -> pd.DataFrame:
    """Return `accuracy_table` by one column, in its order; no rows without cells. Missing names form a group."""
    if cells.empty:
        ratios = [f"{ratio}_{name}" for name in forecasts for ratio in ("wape", "bias")]
        return pd.DataFrame(columns=[by, "cells", "actual_units", *ratios])
    table = accuracy_table(cells, by, forecasts=forecasts)
    if pd.api.types.is_numeric_dtype(table[by]):
        return table
    return table.assign(**{by: table[by].astype(object).fillna(NO_NAME)})


def beside_one_another(tidy: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the groups of one kind of `evaluation.accuracy_by`, a row each in their order, methods side by side.

    Columns: group, cells, actual_units, coverage_80 (the model's), wape_ and bias_ of each method.
    """
    rows = tidy[tidy["kind"] == kind]
    wide = rows[rows["method"] == "model"][["group", "cells", "actual_units", "coverage_80"]]
    for method in BACKTEST_FORECASTS:
        ratios = rows.loc[rows["method"] == method, ["group", "wape", "bias"]]
        named = ratios.rename(columns={ratio: f"{ratio}_{method}" for ratio in ("wape", "bias")})
        wide = wide.merge(named, on="group", validate="1:1")
    return wide


def with_class(cells: pd.DataFrame) -> pd.DataFrame:
    """Add `demand_class`, the ABC and XYZ class in one word (`AX`); empty frames keep their columns."""
    if cells.empty:
        return cells.assign(demand_class=pd.Series(dtype=str))
    return cells.assign(demand_class=segment(cells))


def publication_counts(published: pd.DataFrame) -> pd.DataFrame:
    """Return SKUs, forecast rows and units per status, source and reason of publication, largest first."""
    named = published.assign(**{column: published[column].astype(object).fillna("") for column in PUBLICATION_COLUMNS})
    counts = named.groupby(PUBLICATION_COLUMNS, as_index=False, observed=True).agg(
        skus=("sku", "nunique"), rows=("sku", "size"), forecast_units=("forecast_units", "sum")
    )
    total_units = counts["forecast_units"].sum()
    counts["share_of_units"] = counts["forecast_units"] / total_units if total_units > 0 else np.nan
    return counts.sort_values(["rows", *PUBLICATION_COLUMNS], ascending=[False, True, True, True], ignore_index=True)


def sources_switched_off(published: pd.DataFrame) -> list[str]:
    """Return the delivered sources of features that the forecasts are made without because they cost accuracy."""
    if "inputs_missing" not in published:
        return []
    inputs = {name for text in published["inputs_missing"].dropna().unique() for name in text.split(",")}
    return sorted(name.removesuffix(SWITCHED_OFF).strip() for name in inputs if name.endswith(SWITCHED_OFF))


def sku_measures(report: MarketReport) -> pd.DataFrame:
    """Return one row per published, backtested or ranked SKU, the largest contributor to the model's error first.

    Columns: sku, category, demand_class, last_12_units, next_12_units, change, wape_ and bias_ of model and baseline,
    error_units, error_share, baseline_won.

    - ``last_12_units`` is null without a known month.
    - ``change`` is null unless all last 12 months are known and their sum is above zero.
    - ``error_units`` is the model's absolute error, ``error_share`` its share of the market's.
    - ``baseline_won`` is true if the baseline's WAPE is lower than the model's.
    """
    cells = comparable_cells(report.backtest, BACKTEST_FORECASTS)
    tested = cells.get("sku", pd.Series(dtype=str))
    skus = pd.concat([report.published["sku"], tested, report.exceptions["sku"]]).drop_duplicates()
    rows = pd.DataFrame({"sku": skus.to_numpy()})
    for part in (_names(report, cells), _last_and_next_year(report), _sku_accuracy(cells)):
        rows = rows.merge(part, on="sku", how="left", validate="1:1")
    rows["category"] = rows["category"].astype(object).fillna(NO_NAME)
    rows["demand_class"] = rows["demand_class"].fillna("")
    comparable = rows["known_months"].eq(12) & (rows["last_12_units"] > 0)
    rows["change"] = (rows["next_12_units"] / rows["last_12_units"] - 1).where(comparable)
    rows["baseline_won"] = rows["wape_baseline"] < rows["wape_model"]
    keys = ["error_units", "next_12_units", "sku"]
    order = rows.sort_values(keys, ascending=[False, False, True], na_position="last")
    return order.drop(columns="known_months").reset_index(drop=True)


def _names(report: MarketReport, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the category of the products table, else of the backtest; the class at the latest backtest origin."""
    products = report.products[["sku", "category"]].drop_duplicates("sku", keep="last")
    if cells.empty:
        return products.assign(demand_class=None)
    latest = with_class(cells.sort_values("origin_month")).drop_duplicates("sku", keep="last")
    names = latest[["sku", "demand_class", "category"]].merge(
        products, on="sku", how="outer", validate="1:1", suffixes=("_then", "")
    )
    return names.assign(category=names["category"].fillna(names["category_then"])).drop(columns="category_then")


def _last_and_next_year(report: MarketReport) -> pd.DataFrame:
    """Return sell-in of the 12 months up to the origin, its known months, and published units of the next 12."""
    origin = report.origin_month
    past = report.sell_in[report.sell_in["month"].between(origin - pd.DateOffset(months=11), origin)]
    ahead = report.published[
        report.published["target_month"].between(origin + pd.DateOffset(months=1), origin + pd.DateOffset(months=12))
    ]
    last = past.groupby("sku")["sell_in_units"].agg(
        last_12_units=lambda units: units.sum(min_count=1), known_months="count"
    )
    following = ahead.groupby("sku")["forecast_units"].sum().rename("next_12_units")
    return pd.concat([last, following], axis=1).rename_axis("sku").reset_index()


def _sku_accuracy(cells: pd.DataFrame) -> pd.DataFrame:
    """Return accuracy of model and baseline per SKU, with the model's absolute error and its share of the market's."""
    columns = ["sku", "cells", "wape_model", "bias_model", "wape_baseline", "bias_baseline", "wape_naive"]
    if cells.empty:
        return pd.DataFrame(columns=[*columns, "error_units", "error_share"], dtype=float).astype({"sku": object})
    by_sku = accuracy_table(cells, "sku", forecasts=BACKTEST_FORECASTS)
    error = by_sku["absolute_error_units_model"]
    total = error.sum()
    return by_sku[columns].assign(error_units=error, error_share=error / total if total > 0 else np.nan)


def marks_by_reason(marks: pd.DataFrame) -> pd.DataFrame:
    """Return marked cells of the history by reason: `reason, cells, skus, units, cleaned_units`, most cells first."""
    counted = marks.groupby("reason", as_index=False).agg(
        cells=("sku", "size"), skus=("sku", "nunique"), units=("units", "sum"), cleaned_units=("cleaned_units", "sum")
    )
    return counted.sort_values(["cells", "reason"], ascending=[False, True], ignore_index=True)


def value_added_steps(value_added: pd.DataFrame) -> pd.DataFrame:
    """Return the market's errors of the five steps over all months, a row each with its ``title``; no rows without."""
    if value_added.empty:
        return value_added
    table = over_months(value_added)
    of_market = table[(table["level"] == "market") & (table["entity"] == ONE_MARKET)].set_index("step")
    present = [step for step in STEP_TITLES if step in of_market.index]
    return of_market.loc[present].reset_index().assign(title=lambda rows: rows["step"].map(STEP_TITLES))
