"""The numbers that the page draws: months, history, forecasts and bands as plain lists for JSON.

Columnar: one matrix per quantity, a line per SKU in the order of the SKU table. Rounded to the precision of a chart or
a monthly table. The meaning of the numbers is decided in `measures.py`.
"""

import numpy as np
import pandas as pd

from forecast_assets.reports.level_rows import category_range, market_range
from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.measures import PUBLICATION_COLUMNS

HISTORY_MONTHS = 60
BACKTEST_ORIGINS = 4  # faint lines that a reader can still distinguish
FORECAST_COLUMNS = {
    "forecast": "forecast_units",
    "p10": "forecast_units_p10",
    "p90": "forecast_units_p90",
    "baseline": "baseline_units",
    "model": "model_units",
}
LAST_FORECAST = "last"
# Of the market: the range of the sum, not the sum of ranges.
RANGE = ("forecast_units_p10", "forecast_units_p90")


def chart_series(report: MarketReport, skus: pd.Series, categories: pd.Series) -> dict:
    """Return all series of the page.

    Args:
        report: The report's frames.
        skus: The SKUs to draw one by one, in the order of the page's SKU table.
        categories: The category of each of them.

    Returns:
        `months` (`YYYY-MM`: history, then target months), `history_months` (how many are history), `skus`, and under
        `market` (lists), `by_category` and `by_sku` (lists of lists, one per category or SKU): `history`, the series of
        FORECAST_COLUMNS over the target months, `last` (the publication of the month before), and `backtest` of market
        and SKUs: one entry per origin with `first_month` (index into `months`) and `model`. `by_sku.publication`
        numbers the entries of `publications` (status, source, reason). Null = no number.
    """
    months = page_months(report)
    history_months, target_months = months[months <= report.origin_month], months[months > report.origin_month]
    history = _matrix(report.sell_in, skus, history_months, "month", "sell_in_units")
    forecasts = {
        name: _matrix(report.published, skus, target_months, "target_month", column)
        for name, column in FORECAST_COLUMNS.items()
    }
    forecasts[LAST_FORECAST] = _matrix(_before(report), skus, target_months, "target_month", "forecast_units")
    names = sorted(set(categories))
    publications, publication = _publications(report, skus, target_months)
    by_sku = {"history": _numbers(history), "publication": publication}
    return {
        "months": [f"{month:%Y-%m}" for month in months],
        "history_months": len(history_months),
        "skus": skus.tolist(),
        "categories": names,
        "category_of": [names.index(name) for name in categories],
        "publications": publications,
        "market": {
            "history": _numbers(_market_total(report.sell_in, "month", "sell_in_units", history_months)),
            "backtest": _backtest(report, None, months),
        }
        | {
            name: _numbers(_market_total(report.published, "target_month", column, target_months))
            for name, column in FORECAST_COLUMNS.items()
            if column not in RANGE
        }
        | {LAST_FORECAST: _numbers(_market_total(_before(report), "target_month", "forecast_units", target_months))}
        | {name: _numbers(market_range(report, FORECAST_COLUMNS[name], target_months)) for name in ("p10", "p90")},
        "by_category": _by_category({"history": history, **forecasts}, categories, names)
        | {
            name: [_numbers(category_range(report, each, FORECAST_COLUMNS[name], target_months)) for each in names]
            for name in ("p10", "p90")
        },
        "by_sku": by_sku
        | {"backtest": _backtest(report, skus, months)}
        | {name: _numbers(matrix) for name, matrix in forecasts.items()},
    }


def page_months(report: MarketReport) -> pd.DatetimeIndex:
    """Return the months of the page: the history window, then the target months."""
    ahead = pd.date_range(
        report.origin_month + pd.DateOffset(months=1), report.published["target_month"].max(), freq="MS"
    )
    return pd.DatetimeIndex(_history_months(report).append(ahead))


def _before(report: MarketReport) -> pd.DataFrame:
    """Return the publication of the month before, without rows if there is none."""
    return report.published.iloc[:0] if report.published_before is None else report.published_before


def _by_category(matrices: dict[str, np.ndarray], categories: pd.Series, names: list[str]) -> dict[str, list]:
    """Return the sums over the SKUs of each category; null where no SKU has a number."""
    sums: dict[str, list] = {name: [] for name in matrices if name not in ("p10", "p90")}
    for category in names:
        rows = (categories == category).to_numpy()
        for name in sums:
            known = np.isfinite(matrices[name][rows])
            total = np.where(known, matrices[name][rows], 0.0).sum(axis=0)
            sums[name].append(_numbers(np.where(known.any(axis=0), total, np.nan)))
    return sums


def _history_months(report: MarketReport) -> pd.DatetimeIndex:
    """Return the months of the history window, at most HISTORY_MONTHS, ending at the origin month."""
    earliest = report.origin_month - pd.DateOffset(months=HISTORY_MONTHS - 1)
    first = report.sell_in["month"].min()
    start = report.origin_month if pd.isna(first) else min(max(first, earliest), report.origin_month)
    return pd.date_range(start, report.origin_month, freq="MS")


def _matrix(frame: pd.DataFrame, skus: pd.Series, months: pd.DatetimeIndex, month: str, value: str) -> np.ndarray:
    """Return values by SKU (rows) and month (columns), NaN where the frame has none; rows outside both are left out."""
    row = pd.Index(skus).get_indexer(pd.Index(frame["sku"]))
    column = months.get_indexer(pd.Index(frame[month]))
    inside = (row >= 0) & (column >= 0)
    matrix = np.full((len(skus), len(months)), np.nan)
    matrix[row[inside], column[inside]] = frame[value].to_numpy(dtype=float)[inside]
    return matrix


def _market_total(frame: pd.DataFrame, month: str, value: str, months: pd.DatetimeIndex) -> np.ndarray:
    """Return the sum over SKUs by month; NaN where no SKU has a number."""
    return frame.groupby(month)[value].sum(min_count=1).reindex(months).to_numpy(dtype=float)


def _backtest(report: MarketReport, skus: pd.Series | None, months: pd.DatetimeIndex) -> list[dict]:
    """Return the model's backtest forecasts at origins spread over the test, for the market or by SKU."""
    cells = report.backtest if report.backtest.empty else report.backtest[report.backtest["target_month"].isin(months)]
    if cells.empty:
        return []
    every = np.sort(cells["origin_month"].unique())
    origins = np.unique(every[np.linspace(len(every) - 1, 0, BACKTEST_ORIGINS).round().astype(int)])
    lines = []
    for origin in origins:
        of_origin = cells[cells["origin_month"] == origin]
        targets = pd.date_range(of_origin["target_month"].min(), of_origin["target_month"].max(), freq="MS")
        if skus is None:
            model = _market_total(of_origin, "target_month", "model_units", targets)
        else:
            model = _matrix(of_origin, skus, targets, "target_month", "model_units")
        lines.append({"first_month": int(months.searchsorted(targets[0])), "model": _numbers(model)})
    return lines


def _publications(report: MarketReport, skus: pd.Series, targets: pd.DatetimeIndex) -> tuple[list[list[str]], list]:
    """Return the distinct (status, source, reason) and their numbers by SKU and target month."""
    why = report.published[PUBLICATION_COLUMNS].astype(object).fillna("").astype(str)
    distinct = why.drop_duplicates().sort_values(PUBLICATION_COLUMNS)
    number = pd.MultiIndex.from_frame(distinct).get_indexer(pd.MultiIndex.from_frame(why))
    numbered = report.published.assign(publication=number)
    return distinct.to_numpy().tolist(), _numbers(_matrix(numbered, skus, targets, "target_month", "publication"))


def _numbers(values: np.ndarray) -> list:
    """Return nested lists for JSON: null for NaN, whole numbers from 10 up, one decimal below, as the page shows them.

    Rounded once: 40.454 with a decimal, 40.5, would be shown as 41.
    """
    size = np.abs(values)
    rounded = np.where(size >= 10, values.round(0), values.round(1))
    whole = np.isfinite(rounded) & (rounded == np.floor(rounded))
    as_objects = rounded.astype(object)
    as_objects[whole] = rounded[whole].astype(np.int64).astype(object)
    as_objects[~np.isfinite(rounded)] = None
    return as_objects.tolist()
