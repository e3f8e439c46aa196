"""Stored tables of SKUs with one trait each, on 60 months of 100 units: what the tests of reasons look at."""

import numpy as np
import pandas as pd

from forecast_assets.domain.evaluation.quantiles import DISTRIBUTION
from forecast_assets.domain.publication.published_forecasts import Decision, published_forecasts
from forecast_assets.domain.reasons.published_numbers import ReasonTables
from forecast_assets_tests.domain.portfolio_market import MONTHS, PAST, model_forecasts, products

NO_OVERRIDES = pd.DataFrame(columns=["sku", "target_month", "forecast_units", "author", "reason"]).astype(
    {"target_month": "datetime64[ns]", "forecast_units": float}
)


def overrides(**row) -> pd.DataFrame:
    return pd.DataFrame([row])


def reason_tables(
    panel, units=97.0, rule="regular", source="model", reason="backtest WAPE model 0.2", own=NO_OVERRIDES, **described
) -> ReasonTables:
    """The tables of a market whose model forecasts ``units`` and whose baseline is 90; no model is stored."""
    skus = list(panel.skus)
    forecasts = model_forecasts(skus, units=units, low=units, high=units).assign(
        baseline_units=90.0, naive_units=100.0, rule=rule, inputs_missing="", category="tea"
    )
    if "end_month" in described:
        after = forecasts["target_month"] > described["end_month"]
        forecasts[list(DISTRIBUTION)] = forecasts[list(DISTRIBUTION)].mask(after, 0.0)
    published = published_forecasts(forecasts, Decision(source, reason), own, "published")
    champion = pd.DataFrame({"source": [source], "reason": [reason]})
    return ReasonTables(published, forecasts, champion, pd.DataFrame(), own, known_products(panel, **described), None)


def known_products(panel, known_from: pd.Timestamp = MONTHS[0], end_month=pd.NaT, **described) -> pd.DataFrame:
    """Products of the last 19 months; the end is known from a month on."""
    parts = []
    for month in MONTHS[PAST - 19 : PAST]:
        end = end_month if month >= known_from else pd.NaT
        parts.append(products(panel, **{sku: {"end_month": end} | described.get(sku, {}) for sku in panel.skus}))
        parts[-1]["month"] = month
    return pd.concat(parts, ignore_index=True)


def cell(reasons: pd.DataFrame, horizon: int = 1, sku: str = "tea") -> list[tuple[str, float, str]]:
    """Cause, units and text of a cell's reasons in order."""
    month = MONTHS[PAST - 1 + horizon]
    rows = reasons[(reasons["sku"] == sku) & (reasons["target_month"] == month)].sort_values("order")
    assert rows["order"].tolist() == list(range(1, len(rows) + 1))
    return list(rows[["cause", "units", "text"]].replace({np.nan: None}).itertuples(index=False, name=None))
