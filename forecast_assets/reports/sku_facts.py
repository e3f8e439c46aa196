"""Facts of each SKU for its detail on the page: reasons, events of its life, and realised accuracy by lag.

Columnar like `chart_series.py`: one entry per SKU in the order of the page. Months are indexes into the page's months.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.realised_accuracy import published_in_time
from forecast_assets.reports.market_report import MarketReport

SHOWN_LAGS = (1, 2, 3, 6, 12, 18)
LAG_FORECASTS = {"published": "published_units", "baseline": "baseline_units"}
# A price outside of promotions counts as changed if it moves by this share from one month to the next.
PRICE_STEP = 0.05


def sku_facts(report: MarketReport, skus: pd.Series, months: pd.DatetimeIndex) -> dict[str, list]:
    """Return the facts of each SKU.

    Returns:
        `reasons`: by target month, a list of [sentence, units or null] in order;
        `before`: by target month, units before the override, null where none is published;
        `events`: a list of [kind, month, text] with the kinds launch, end, promotion, price and mark;
        `realised`: a list of [lag, forecasts, WAPE, bias, WAPE of Holt-Winters, bias of Holt-Winters].
    """
    targets = months[months > report.origin_month]
    return {
        "reasons": _reasons(report, skus, targets),
        "before": _before_overrides(report, skus, targets),
        "events": _events(report, skus, months),
        "realised": _realised(report, skus),
    }


def _reasons(report: MarketReport, skus: pd.Series, targets: pd.DatetimeIndex) -> list:
    lists: list[list[list]] = [[[] for _ in targets] for _ in skus]
    rows = report.reasons.sort_values(["sku", "target_month", "order"])
    # Places of all rows at once: a Timestamp for each of them takes 1 % of a monthly cycle.
    row, column = pd.Index(skus).get_indexer(rows["sku"]), targets.get_indexer(pd.DatetimeIndex(rows["target_month"]))
    units = rows["units"].astype(float)
    for sku, month, number, text in zip(row.tolist(), column.tolist(), units.tolist(), rows["text"], strict=True):
        if sku >= 0 and month >= 0:
            lists[sku][month].append([text, None if np.isnan(number) else round(number, 1)])
    return lists


def _before_overrides(report: MarketReport, skus: pd.Series, targets: pd.DatetimeIndex) -> list:
    """Return the published number minus what its reasons give the override."""
    overridden = report.published[report.published["source"] == "override"]
    given = report.reasons.loc[report.reasons["cause"] == "override", ["sku", "target_month", "units"]]
    cells = overridden[["sku", "target_month", "forecast_units", "model_units"]].merge(
        given, on=["sku", "target_month"], how="left"
    )
    units = (cells["forecast_units"] - cells["units"].astype(float)).fillna(cells["model_units"])
    number = {
        (sku, month): round(float(value), 1)
        for sku, month, value in zip(cells["sku"], cells["target_month"], units, strict=True)
        if pd.notna(value)
    }
    return [[number.get((sku, month)) for month in targets] for sku in skus]


def _events(report: MarketReport, skus: pd.Series, months: pd.DatetimeIndex) -> list:
    at = {month: position for position, month in enumerate(months)}
    events: dict[str, list[list]] = {sku: [] for sku in skus}
    for kind, rows in (
        ("launch", _life(report, "launch_month")),
        ("end", _life(report, "end_month")),
        ("promotion", _promotions(report)),
        ("price", _price_changes(report)),
        ("mark", _marks(report)),
    ):
        for sku, month, text in rows:
            if sku in events and month in at:
                events[sku].append([kind, at[month], text])
    return list(events.values())


def _life(report: MarketReport, column: str) -> Iterator[tuple[str, pd.Timestamp, str]]:
    if column in report.products:
        known = report.products.drop_duplicates("sku", keep="last").dropna(subset=[column]).sort_values("sku")
        yield from ((sku, month, "") for sku, month in zip(known["sku"], known[column], strict=True))


def _promotions(report: MarketReport) -> Iterator[tuple[str, pd.Timestamp, str]]:
    promoted = report.promotions[report.promotions["is_promoted"] == 1].sort_values(["sku", "promotion_month"])
    yield from ((sku, month, "") for sku, month in zip(promoted["sku"], promoted["promotion_month"], strict=True))


def _price_changes(report: MarketReport) -> Iterator[tuple[str, pd.Timestamp, str]]:
    """Yield months whose shelf price differs from the last one outside of promotions."""
    prices = report.prices.dropna(subset=["price"]).sort_values(["sku", "month"])
    usual = prices[(prices["price"] > 0) & (prices["is_promoted"].fillna(0) == 0)]
    change = usual["price"].astype(float) / usual.groupby("sku")["price"].shift().astype(float) - 1
    steps = usual.assign(change=change)[change.abs() >= PRICE_STEP]
    for sku, month, share in zip(steps["sku"], steps["month"], steps["change"], strict=True):
        yield sku, month, f"{share:+.0%}"


def _marks(report: MarketReport) -> Iterator[tuple[str, pd.Timestamp, str]]:
    rows = report.history_marks.sort_values(["sku", "marked_month"])
    yield from zip(rows["sku"], rows["marked_month"], rows["reason"], strict=True)


def _realised(report: MarketReport, skus: pd.Series) -> list:
    lists: dict[str, list[list]] = {sku: [] for sku in skus}
    if report.performance is None or report.performance.empty:
        return list(lists.values())
    cells = published_in_time(report.performance).dropna(subset=["actual_units", *LAG_FORECASTS.values()])
    cells = cells[cells["lag_months"].isin(SHOWN_LAGS)]
    if cells.empty:
        return list(lists.values())
    for row in accuracy_table(cells, ["sku", "lag_months"], forecasts=LAG_FORECASTS).to_dict("records"):
        if row["sku"] in lists:
            ratios = [row[f"{measure}_{name}"] for name in LAG_FORECASTS for measure in ("wape", "bias")]
            lists[row["sku"]].append([int(row["lag_months"]), int(row["cells"]), *map(_ratio, ratios)])
    return list(lists.values())


def _ratio(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
