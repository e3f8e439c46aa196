"""Old months whose rows changed between deliveries: which months and SKUs, by how much, and at another scale or not."""

import numpy as np
import pandas as pd

from forecast_assets.domain.deliveries.delivery import DeliveryFinding

TOLERANCE = 1e-6
SHOWN_MONTHS, SHOWN_CELLS = 6, 3
# Factors of packs, decimals and thousands points, and how near the median change must be.
FACTORS = np.array([3, 4, 6, 8, 10, 12, 24, 100, 1000], dtype=float)
FACTOR_TOLERANCE, LEAST_RESCALED, LEAST_RESCALED_SHARE = 0.05, 5, 0.25


def restated_history(
    source: str, market: str, delivered: pd.DataFrame, stored: pd.DataFrame, month: pd.Timestamp
) -> DeliveryFinding | None:
    """Find stored months before ``month`` that would be stored otherwise now.

    A month without any row in today's delivery is not judged: deliveries need not hold the whole history. The finding
    is a warning, unless a quarter of the compared cells changed by one factor: then history and month differ in scale.

    Args:
        source: Name of the source.
        market: Code of the market.
        delivered: Today's delivery: ``sku, month, units``.
        stored: Stored rows: ``sku, month, units``; zero or null where nothing was delivered.
        month: The judged month; it and later ones are left out.
    """
    now = delivered[(delivered["month"] < month) & delivered["units"].notna()]
    before = stored[(stored["month"] < month) & stored["month"].isin(now["month"].unique())]
    now = now[now["month"].isin(before["month"].unique())]
    if now.empty:
        return None
    cells = before[["month", "sku", "units"]].merge(
        now[["month", "sku", "units"]], on=["month", "sku"], how="outer", suffixes=("_stored", "_delivered"),
        validate="1:1",
    )  # fmt: skip
    filled = cells[["units_stored", "units_delivered"]].fillna(0.0)
    difference = filled["units_delivered"] - filled["units_stored"]
    is_changed = difference.abs() > TOLERANCE * (1 + filled.abs().max(axis=1))
    if not is_changed.any():
        return None
    changed = cells[is_changed].assign(change_units=difference[is_changed])
    factor = _factor(filled, is_changed)
    largest = changed.reindex(changed["change_units"].abs().sort_values(ascending=False, kind="stable").index)
    step = _next_step(source, market, changed, factor)
    message = f"{_months(changed)} differ from what is stored; {_cells(largest)}. {step}"
    return DeliveryFinding(message, largest.reset_index(drop=True), is_warning=factor is None)


def _months(changed: pd.DataFrame) -> str:
    by_month = changed.groupby("month").agg(skus=("sku", "count"), units=("change_units", "sum"))
    shown = [
        f"{month:%Y-%m} ({skus} SKUs, {units:+,.0f} units)"
        for month, skus, units in by_month.head(SHOWN_MONTHS).itertuples(name=None)
    ]
    more = f" and {len(by_month) - SHOWN_MONTHS} more months" if len(by_month) > SHOWN_MONTHS else ""
    return ", ".join(shown) + more


def _cells(largest: pd.DataFrame) -> str:
    rows = largest.head(SHOWN_CELLS)[["sku", "month", "units_stored", "units_delivered"]].fillna(0.0)
    return "; ".join(
        f"SKU {sku} in {month:%Y-%m}: {stored:,.6g} before, {delivered:,.6g} now"
        for sku, month, stored, delivered in rows.itertuples(index=False, name=None)
    )


def _factor(filled: pd.DataFrame, is_changed: pd.Series) -> float | None:
    """Return the factor between delivery and store if most changed cells, and a quarter of all, have the same one."""
    both = (filled > 0).all(axis=1)
    cells = filled[is_changed & both]
    if len(cells) < LEAST_RESCALED or len(cells) < LEAST_RESCALED_SHARE * both.sum():
        return None
    ratios = np.log(cells["units_delivered"].to_numpy(dtype=float) / cells["units_stored"].to_numpy(dtype=float))
    middle = float(np.median(ratios))
    is_one = np.mean(np.abs(ratios - middle) < FACTOR_TOLERANCE) > 0.5
    is_known = np.abs(abs(middle) - np.log(FACTORS)).min() < FACTOR_TOLERANCE
    return float(np.exp(middle)) if is_one and is_known else None


def _next_step(source: str, market: str, changed: pd.DataFrame, factor: float | None) -> str:
    if factor is not None:
        text = f"x {factor:,.4g}" if factor > 1 else f"1/{1 / factor:,.4g}"
        return (
            f"The history is {text} of what it was: thousands points, decimals or another unit of measure? Deliver the "
            "history and the month in one unit"
        )
    first, last = changed["month"].min(), changed["month"].max()
    return (
        f"Stored months keep their rows until they are rebuilt: forecast-assets backfill --country {market} "
        f"--from {first:%Y-%m} --to {last:%Y-%m} --assets {source}+"
    )
