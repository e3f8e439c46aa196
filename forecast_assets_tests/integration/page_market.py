"""Tables of a market of any size for tests of the report page in a browser, simulated without a model."""

import numpy as np
import pandas as pd

from forecast_assets.domain.review.forecast_exceptions import forecast_exceptions
from forecast_assets.domain.review.review_tables import ReviewTables
from forecast_assets.reports import MarketReport
from forecast_assets.schemas import TABLES

ORIGIN = pd.Timestamp("2024-12-01")
BEFORE = pd.Timestamp("2024-11-01")
HISTORY, HORIZON = 60, 18
CATEGORIES = ("Beauty", "Hot drinks", "Ice cream", "Pantry", "Soft drinks")
STEPS = ("naive", "baseline", "model", "before_overrides", "published")


def page_market(skus: int, seed: int = 11) -> MarketReport:
    """Return the report of a market: history, two publications, backtest, performance, reasons, events, review."""
    rng = np.random.default_rng(seed)
    codes = np.array([f"{number:06d}" for number in range(1, skus + 1)])
    level = np.exp(rng.normal(6.5, 1.2, skus))
    months = pd.date_range(end=ORIGIN, periods=HISTORY, freq="MS")
    season = 1 + 0.3 * np.sin(np.arange(HISTORY + HORIZON) * np.pi / 6)
    units = (level[:, None] * season[:HISTORY] * rng.lognormal(0, 0.2, (skus, HISTORY))).round()
    sell_in = _long(codes, months, "month", sell_in_units=units, net_sales=units * rng.uniform(1, 9, (skus, 1)))
    now, last = (_publication(rng, codes, level, season, month) for month in (ORIGIN, BEFORE))
    now.loc[now["sku"].isin(codes[2:4]) & (now["horizon_months"] == 2), "source"] = "override"
    now.loc[now["source"] == "override", "forecast_units"] *= 1.5
    now.loc[now["source"] == "override", "reason"] = "promotion: leaflet (by A. Martin)"
    now.loc[now["sku"] == codes[0], "rule"] = "new_with_like_items"
    products = _products(codes)
    sell_in = sell_in.assign(restated_month=pd.Series(pd.NaT, index=sell_in.index, dtype="datetime64[ns]"))
    reasons = _reasons(now)
    given = {"published": pd.concat([now, last]), "sell_in": sell_in, "reasons": reasons.assign(month=ORIGIN)}
    given["products"] = pd.concat([products.assign(month=month) for month in (ORIGIN, BEFORE)])
    names = ("promotions", "forecasts", "champion", "backtest", "performance", "history_marks")
    empty = {name: pd.DataFrame(columns=[*TABLES[name].fixed_columns(), "month"]) for name in names}
    exceptions = forecast_exceptions(ReviewTables(**given, **empty), ORIGIN)
    backtest, performance = (_scored(rng, codes, level, season, origins) for origins in ((18, 12, 6), range(1, 7)))
    return MarketReport(
        market_code="FR", market_name="France", region="Europe", stage="live", origin_month=ORIGIN,
        cycle_id="test-2024-12", git_sha="0123456789abcdef", sell_in=sell_in, published=now, published_before=last,
        backtest=backtest, performance=performance.rename(columns={"horizon_months": "lag_months"}),
        products=products, model_summary={"Recipe in force": "c3eacd8c0125, since May 2024"},
        value_added=_value_added(), levels=_levels(now), history_marks=_marks(codes), exceptions=exceptions,
        reasons=reasons, promotions=_promotions(codes), prices=_prices(codes, months),
    )  # fmt: skip


def _long(codes: np.ndarray, months: pd.DatetimeIndex, name: str, **matrices: np.ndarray) -> pd.DataFrame:
    """Return one row per SKU and month with a column of each matrix."""
    index = pd.MultiIndex.from_product([codes, months], names=["sku", name])
    return pd.DataFrame({column: matrix.ravel() for column, matrix in matrices.items()}, index=index).reset_index()


def _publication(rng, codes, level, season, origin) -> pd.DataFrame:
    months = pd.date_range(origin + pd.DateOffset(months=1), periods=HORIZON, freq="MS")
    units = level[:, None] * season[HISTORY : HISTORY + HORIZON] * rng.lognormal(0, 0.08, (len(codes), 1))
    table = _long(codes, months, "target_month", forecast_units=units, model_units=units, baseline_units=units * 1.1)
    forecast = table["forecast_units"]
    return table.assign(
        month=origin, origin_month=origin, horizon_months=np.tile(np.arange(1, HORIZON + 1), len(codes)),
        forecast_units_p10=forecast * 0.8, forecast_units_p90=forecast * 1.9, naive_units=forecast * 0.9,
        status="published", source="model", reason="better than Holt-Winters", rule="regular",
        category=np.repeat(_category(codes), HORIZON),
    )  # fmt: skip


def _category(codes: np.ndarray) -> np.ndarray:
    return np.array([CATEGORIES[number % len(CATEGORIES)] for number in range(len(codes))], dtype=object)


def _products(codes: np.ndarray) -> pd.DataFrame:
    """Return products of which the first is a launch and the second ends."""
    table = pd.DataFrame({"sku": codes, "category": _category(codes), "brand": "Halmi", "pack": "0.5 l"})
    table = table.assign(launch_month=pd.NaT, end_month=pd.NaT, reference_sku=None)
    table.loc[0, "launch_month"], table.loc[1, "end_month"] = pd.Timestamp("2024-10-01"), pd.Timestamp("2025-02-01")
    return table


def _reasons(now: pd.DataFrame) -> pd.DataFrame:
    cells = now[["sku", "target_month"]]
    model = cells.assign(order=2, cause="model", units=np.nan, text="Model: this number; last year had another.")
    level = cells.assign(order=3, cause="level", units=12.0, text="Level: +12 units, 112 a month instead of 100.")
    own = now[now["source"] == "override"]
    text = "Override by A. Martin: reason: promotion."
    override = own[["sku", "target_month"]].assign(
        order=1, cause="override", units=own["forecast_units"] - own["model_units"], text=text
    )
    return pd.concat([override, model, level], ignore_index=True)


def _scored(rng, codes, level, season, months_before) -> pd.DataFrame:
    """Return forecasts of earlier origins, months before the origin, up to the origin month."""
    parts = []
    for before in months_before:
        origin = ORIGIN - pd.DateOffset(months=before)
        targets = pd.date_range(origin + pd.DateOffset(months=1), ORIGIN, freq="MS")
        actual = level[:, None] * season[HISTORY - before : HISTORY] * rng.lognormal(0, 0.2, (len(codes), before))
        model = actual * rng.lognormal(0, 0.25, actual.shape)
        part = _long(
            codes, targets, "target_month", actual_units=actual, model_units=model, baseline_units=model * 0.95
        )
        lags = np.tile(np.arange(1, before + 1), len(codes))
        parts.append(
            part.assign(origin_month=origin, horizon_months=lags, category=np.repeat(_category(codes), before))
        )
    table = pd.concat(parts, ignore_index=True)
    return table.assign(
        published_units=table["model_units"], naive_units=table["actual_units"] * 1.3, status="published",
        forecast_units_p10=table["model_units"] * 0.8, forecast_units_p90=table["model_units"] * 1.2, abc_class="A",
        xyz_class="X",
    )  # fmt: skip


def _levels(now: pd.DataFrame) -> pd.DataFrame:
    columns = ["forecast_units_p10", "forecast_units_p90"]
    market = now.groupby("target_month", as_index=False)[columns].sum().assign(level="market", category="ALL")
    categories = now.groupby(["category", "target_month"], as_index=False)[columns].sum().assign(level="category")
    table = pd.concat([market, categories], ignore_index=True)
    cumulated = table.groupby(["level", "category"])[columns].cumsum()
    return table.assign(
        cumulative_units_p10=cumulated["forecast_units_p10"] * 1.1,
        cumulative_units_p90=cumulated["forecast_units_p90"] * 0.9,
    )


def _value_added() -> pd.DataFrame:
    sums = {"cells": 30, "actual_units": 900.0, "absolute_actual_units": 900.0, "helped_cells": 9, "hurt_cells": 21}
    none = dict.fromkeys(("valued_cells", "absolute_error_value", "error_value", "error_saved_value"), 0)
    errors = (300.0, 260.0, 200.0, 200.0, 210.0)
    return pd.DataFrame([
        {"level": level, "entity": "ALL", "step": step, "absolute_error_units": error, "error_units": error,
         "error_saved_units": before - error, **sums, **none}
        for level in ("market", "overridden")
        for step, error, before in zip(STEPS, errors, (errors[0], *errors), strict=False)
    ])  # fmt: skip


def _marks(codes: np.ndarray) -> pd.DataFrame:
    mark = {"sku": codes[0], "marked_month": pd.Timestamp("2024-11-01"), "reason": "latest_high"}
    return pd.DataFrame([mark | {"units": 900.0, "cleaned_units": 400.0}])


def _promotions(codes: np.ndarray) -> pd.DataFrame:
    rows = [(sku, pd.Timestamp(month), 1.0) for sku in codes[:5] for month in ("2024-05-01", "2025-03-01")]
    return pd.DataFrame(rows, columns=["sku", "promotion_month", "is_promoted"])


def _prices(codes: np.ndarray, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Return prices that rise by a tenth in June 2024."""
    price = np.where(months < pd.Timestamp("2024-06-01"), 2.0, 2.2)
    table = _long(codes, months, "month", price=np.tile(price, (len(codes), 1)))
    return table.assign(is_promoted=0.0)
